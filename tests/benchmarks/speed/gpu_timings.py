"""Times on a CUDA device: the renderer, its gradients, answers of `vera` and training steps. Medians, with the machine
they are of.

    python tests/benchmarks/speed/gpu_timings.py [--seconds 330] [--out timings.json]

It runs from a bare checkout: without an installed `veraretouch` it makes a folder with a link to the checkout and the
entry points of pyproject.toml. Each part runs by itself; one that fails, or lacks a package, says so, and the rest go
on. What does not fit into the time is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any

from gpu_parts import PARTS, REHEARSAL, SCALE

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("torch", "triton", "transformers", "timm", "kornia", "accelerate", "opencolorio", "numpy")


def make_importable() -> None:
    """Make `veraretouch` and its plugins importable, whatever is installed, and the benchmarks' own modules."""
    for folder in ("speed", "networks"):
        sys.path.insert(0, str(ROOT / "tests" / "benchmarks" / folder))
    try:
        distribution("veraretouch")
        return
    except PackageNotFoundError:
        pass
    place = Path(tempfile.mkdtemp(prefix="veraretouch-"))
    (place / "veraretouch").symlink_to(ROOT, target_is_directory=True)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    about = place / f"veraretouch-{project['version']}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: veraretouch\nVersion: {project['version']}\n")
    groups = project["entry-points"].items()
    lines = [line for group, points in groups for line in (f"[{group}]", *(f"{k} = {v}" for k, v in points.items()))]
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n")
    sys.path.insert(0, str(place))


def machine() -> dict[str, str]:
    """What the times are of."""
    import torch

    found = {"python": platform.python_version(), "system": platform.platform(), "cores": str(os.cpu_count())}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    if torch.cuda.is_available():
        facts = torch.cuda.get_device_properties(0)
        memory = f"{facts.total_memory / 2**30:.0f} GiB, {facts.multi_processor_count} multiprocessors"
        found |= {"gpu": f"{facts.name}, {memory}", "cuda": str(torch.version.cuda)}
    return found


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Interrupt what takes longer."""

    def stop(number: int, frame: Any) -> None:
        raise TimeoutError(f"took longer than {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def run_part(name: str, left: float) -> dict[str, Any]:
    """The figures of a part, or why there are none."""
    import torch

    seconds, measure = PARTS[name]
    began = time.perf_counter()
    try:
        with at_most(min(seconds, left)):
            found: dict[str, Any] = dict(measure())
    except ModuleNotFoundError as error:
        found = {"not measured": f"the package {error.name} is missing"}
    except BaseException as error:  # a part that fails costs no other part
        if isinstance(error, KeyboardInterrupt):
            raise
        found = {"not measured": f"{type(error).__name__}: {str(error)[:400]}"}
    if SCALE[0].device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    return found | {"seconds in all": time.perf_counter() - began}


def main() -> int:
    """Measure each part, print each as it is done, and write all of them where asked."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--seconds", type=float, default=330, help="Time for the whole run.")
    asked.add_argument("--out", type=Path, help="A JSON file for the figures.")
    asked.add_argument("--only", nargs="*", choices=list(PARTS), help="Only these parts.")
    asked.add_argument("--rehearse", action="store_true", help="On the CPU and small: whether each part runs.")
    given = asked.parse_args()
    if given.rehearse:
        SCALE[0] = REHEARSAL
    until = time.perf_counter() + given.seconds
    make_importable()
    import torch

    report: dict[str, Any] = {"machine": machine(), "parts": {}}
    print(json.dumps(report["machine"], indent=1), flush=True)
    if not given.rehearse and not torch.cuda.is_available():
        print("There is no CUDA device here: nothing is measured.")
        return 1
    for name in given.only or PARTS:
        left = until - time.perf_counter()
        report["parts"][name] = run_part(name, left) if left > 5 else {"not measured": "no time was left"}
        print(f"{name}:", flush=True)
        for what, value in report["parts"][name].items():
            print(f"    {what}: {value if isinstance(value, str) else f'{value:.6g}'}", flush=True)
        if given.out is not None:  # after each part, so that an end from outside loses none
            given.out.write_text(json.dumps(report, indent=1) + "\n")
    return int(given.rehearse and any("not measured" in found for found in report["parts"].values()))


if __name__ == "__main__":
    sys.exit(main())
