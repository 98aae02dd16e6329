"""How much memory there is, and how much a photo takes: so that many at a time do not fill it."""

from __future__ import annotations

from pathlib import Path

from ...errors import VeraRetouchError

# Pixels as read, float32 working copies before, during and after an op, pixels to write, the encoder's own.
_BYTES_PER_PIXEL = 64
_SHARE = 0.6


def budget() -> int:
    """Bytes that photos in work may take together: a share of what the machine and its control group have free."""
    free = available()
    return int(_SHARE * free) if free is not None else 2**62


def available() -> int | None:
    """Bytes that the machine and its control group have free; None where neither says."""
    free = [limit for limit in (_machine(), _control_group()) if limit is not None]
    return min(free) if free else None


def weight(path: Path) -> int:
    """Bytes that working on a photo takes, by its header; 0 where that cannot be read, which the work will tell."""
    from ...photo import read_header

    try:
        header = read_header(path)
    except VeraRetouchError:
        return 0
    return header.width * header.height * _BYTES_PER_PIXEL


def _machine() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    kilobytes = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), None)
    return int(kilobytes) * 1024 if kilobytes else None


def _control_group() -> int | None:
    """What a container's limit leaves (control groups, version 2)."""
    group = Path("/sys/fs/cgroup")
    try:
        limit, used = (group / "memory.max").read_text().strip(), (group / "memory.current").read_text()
    except OSError:
        return None
    return None if limit == "max" else max(0, int(limit) - int(used))
