"""Files whose SHA-256 was found right, and the stamps that spare hashing them again.

A stamp holds what the file system says of a file that was hashed: while that is unchanged, so is the file. Whoever can
write the file can forge its times; `verify="always"` hashes in spite of any stamp. Stamps lie in a folder that only
their owner can read.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from contextlib import suppress
from dataclasses import asdict, dataclass
from io import BufferedReader
from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path

from ...core.atomic_write import new_file
from ...core.errors import TamperedBundle, UnreachableBundle
from .manifest import FileFacts

Verify = Literal["stamp", "always"]
_CHUNK = 2**22


@dataclass(frozen=True)
class Stamp:
    """The state of a file when it had this SHA-256."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int
    sha256: str

    @classmethod
    def of(cls, file: BufferedReader, sha256: str) -> Stamp:
        """The state of an open file."""
        found = os.fstat(file.fileno())
        return cls(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev, sha256)


def open_verified(path: Path, facts: FileFacts, *, verify: Verify = "stamp") -> BufferedReader:
    """Open a file whose content is what the manifest says; the open file is the one that was judged.

    Raises:
        TamperedBundle: missing, no plain file, of another size or SHA-256.
        UnreachableBundle: it cannot be read.
    """
    try:
        file = open(path, "rb", opener=_at_once)  # noqa: SIM115
    except (FileNotFoundError, NotADirectoryError):
        raise TamperedBundle(f"{path} is missing", cure="Fetch the bundle again: veraretouch zoo pull.") from None
    except IsADirectoryError:
        raise _not_plain(path) from None
    except OSError as error:
        raise UnreachableBundle(f"{path} cannot be read: {error.strerror}", cure="Check its permissions.") from None
    try:
        _judge(file, path, facts, verify)
    except BaseException:
        file.close()
        raise
    return file


def _at_once(path: str, flags: int) -> int:
    """Open without waiting, as the end of a pipe would have to be waited for."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _not_plain(path: Path) -> TamperedBundle:
    return TamperedBundle(f"{path} is no plain file", cure="Fetch the bundle again: veraretouch zoo pull.")


def _judge(file: BufferedReader, path: Path, facts: FileFacts, verify: Verify) -> None:
    state = os.fstat(file.fileno())
    if not stat.S_ISREG(state.st_mode):
        raise _not_plain(path)
    size = state.st_size
    if size != facts.size:
        raise TamperedBundle(
            f"{path} has {size} bytes; its manifest says {facts.size}",
            cure="Fetch the bundle again: veraretouch zoo pull.",
        )
    stamp = Stamp.of(file, facts.sha256)
    if verify == "stamp" and _read(path) == stamp:
        return
    found = sha256_of(file)
    if found != facts.sha256:
        with suppress(OSError):
            _place(path).unlink()
        raise TamperedBundle(
            f"{path} has SHA-256 {found[:12]}...; its manifest says {facts.sha256[:12]}...",
            cure="It was changed or damaged: fetch the bundle again with veraretouch zoo pull.",
        )
    if Stamp.of(file, facts.sha256) == stamp:  # else it was touched meanwhile: no stamp, but the bytes read were right
        _write(path, stamp)


def sha256_of(file: BufferedReader) -> str:
    """The SHA-256 of an open file, from its beginning."""
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    return digest


def forget(path: Path) -> None:
    """Drop a file's stamp."""
    with suppress(OSError):
        _place(path).unlink()


def _folder() -> Path:
    return user_cache_path("veraretouch") / "stamps"


def _place(path: Path) -> Path:
    return _folder() / f"{hashlib.sha256(os.fsencode(path.resolve())).hexdigest()}.json"


def _read(path: Path) -> Stamp | None:
    try:
        return Stamp(**json.loads(_place(path).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None  # no stamp, or one that nobody can read: hash


def _write(path: Path, stamp: Stamp) -> None:
    # A disk that is full or read-only costs time at the next load, nothing else.
    with suppress(OSError):
        _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        with new_file(_place(path)) as file:
            file.write(json.dumps(asdict(stamp)).encode())
