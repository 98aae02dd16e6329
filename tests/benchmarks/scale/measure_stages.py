"""Measures what the cost model of docs/guide/scale.md is made of: seconds a stage, photo by photo, by the real command
`veraretouch auto --json --timings` in one process on one core; writes docs/benchmarks/scale-stages.json.

    python tests/benchmarks/scale/measure_stages.py docs/samples tests/data/photos [FOLDER ...]

The photos are small: each is brought to the sizes measured by its mirror images side by side, which keeps its detail a
pixel, and so the bytes and the time of its coding, as enlarging would not. The command's clock counts processor seconds
in place of the wall's, so that other work on the machine is left out.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[3]
OUT = ROOT / "docs" / "benchmarks" / "scale-stages.json"
# Width, height, and of how many photos one is measured.
SIZES = {"2 megapixels": (1600, 1250, 1), "12 megapixels": (4000, 3000, 2)}
QUALITY = 92
WARM_UP = 2  # photos of each run that are left out: with the first of them libraries start


_BY_PROCESSOR_TIME = (
    "import time; time.perf_counter = time.process_time; from veraretouch.core.cli.shell import main; main()"
)


def mirrored(photo: np.ndarray[Any, Any], width: int, height: int) -> np.ndarray[Any, Any]:
    """A photo (h, w, 3) continued by its mirror images to (height, width, 3)."""
    for axis, length in ((0, height), (1, width)):
        both = np.concatenate([photo, np.flip(photo, axis)], axis)
        copies = -(-length // both.shape[axis])
        photo = np.take(np.concatenate([both] * copies, axis), range(length), axis)
    return photo


def measured(photos: list[Path], width: int, height: int) -> Iterator[dict[str, Any]]:
    """What the command says of each photo at a size."""
    with tempfile.TemporaryDirectory() as folder:
        begin = Path(folder) / "photos"
        begin.mkdir()
        for number, path in enumerate(photos):
            with Image.open(path) as image:
                pixels = mirrored(np.asarray(image.convert("RGB")), width, height)
            Image.fromarray(pixels).save(begin / f"{number:04}.jpg", quality=QUALITY, subsampling="4:2:0")
        command = [sys.executable, "-c", _BY_PROCESSOR_TIME, "auto", str(begin), "--out", f"{folder}/out"]
        core = min(os.sched_getaffinity(0))
        done = subprocess.run(
            [*command, "--json", "--timings", "--jobs", "1"],
            stdout=subprocess.PIPE,
            check=True,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )
        for row in map(json.loads, done.stdout.splitlines()):
            sizes = {
                name: Path(row[of]).stat().st_size for name, of in (("bytes_in", "input"), ("bytes_out", "output"))
            }
            yield {"seconds": row["timings"], **sizes}


def main(folders: list[str]) -> None:
    """Measure the photos of the folders at each size."""
    photos = sorted(path for folder in folders for path in Path(folder).glob("*.jpg"))
    found: dict[str, Any] = {}
    for size, (width, height, each) in SIZES.items():
        rows = list(measured(photos[::each], width, height))
        kept = rows[WARM_UP:]
        stages = sorted({stage for row in kept for stage in row["seconds"]})
        found[size] = {
            "photos": [
                [*(row["seconds"].get(stage, 0) for stage in stages), row["bytes_in"], row["bytes_out"]] for row in kept
            ],
            "columns": [*stages, "bytes_in", "bytes_out"],
        }
        print(size, len(kept), np.mean([sum(row[:-2]) for row in found[size]["photos"]]), file=sys.stderr)
    about = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.machine()}, one core of {os.cpu_count()}, Python {platform.python_version()}",
        "planner": "tiny",
    }
    # A photo on a line.
    text = json.dumps(about | {"sizes": found}, indent=1)
    OUT.write_text(_joined(text) + "\n")


def _joined(text: str) -> str:
    """JSON of indent 1 with lists of plain values on one line."""
    import re

    return re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda found: "[" + re.sub(r"\s+", " ", found[1]) + "]", text)


if __name__ == "__main__":
    main(sys.argv[1:])
