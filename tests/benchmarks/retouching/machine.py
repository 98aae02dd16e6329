"""The machine a benchmark ran on, in words."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from veraretouch.planners.imagemagick import imagemagick

DISTRIBUTIONS = ("veraretouch", "torch", "numpy", "pillow", "scikit-image", "opencolorio")


def describe() -> dict[str, str]:
    """Processor, cores, system and the versions that figures depend on."""
    command = imagemagick()
    magick = "not installed"
    if command:
        magick = subprocess.run([command, "-version"], capture_output=True, text=True, check=True).stdout.split()[2]
    return {
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "threads": os.environ.get("OMP_NUM_THREADS", "all cores"),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: version(name) for name in DISTRIBUTIONS},
        "imagemagick": magick,
    }


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text().splitlines() if listing.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"
