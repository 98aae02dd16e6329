"""vera-0.5b at its full size with random weights: what loading,
each stage and each mode cost; docs/benchmarks/vera.md is the report.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from full_vera import published_files
from PIL import Image
from scenes import samples
from speed_report import Figures

from veraretouch.zoo.testing import LoopbackHub

RECORDS = Path(__file__).parents[3] / "docs" / "benchmarks"
REPOSITORY, COMMIT = "Gyh68/VeraRetouch", "0cccf3ef2ff16fd1f8b7867ab5cb3e725142696e"

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def figures() -> Iterator[Figures]:
    made = Figures(
        "vera-0.5b",
        "networks/test_vera.py",
        "Sizes are the published ones, weights are random (the published ones are not at hand), and answers are forced"
        " to a fixed text.",
    )
    yield made
    made.write(RECORDS / "vera.json", RECORDS / "vera.md")


def test_the_published_size_loads_by_name_and_retouches_in_all_modes(figures: Figures, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    Image.fromarray(next(iter(samples().values()))).save(photo)
    with LoopbackHub().running() as hub:
        commit = hub.publish(REPOSITORY, published_files())
        hub.repositories[REPOSITORY].branches[COMMIT] = commit
        environment = os.environ | {
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(tmp_path / "hf"),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
            "XDG_DATA_HOME": str(tmp_path / "data"),
            "PYTHONPATH": os.pathsep.join(
                map(str, (Path(__file__).parents[2] / "helpers" / "planners", Path(__file__).parent))
            ),
        }
        # The first process fetches and converts; the second finds the bundle.
        told = []
        for what in ("load", "retouch"):
            script = [sys.executable, str(Path(__file__).with_name("vera_run.py")), str(photo), what]
            done = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr[-2000:]
            told.append(json.loads(done.stdout.splitlines()[-1]))
    first, second = told
    figures.times(
        "Loading", {"fetched, verified, converted, loaded": first["load"], "again, from this machine": second["load"]}
    )
    figures.times("One photo, two cores, float32", second["stages"])
    figures.times("A whole retouch", second["modes"])
    figures.table("Peak memory", {"first load, GB": first["peak"], "later loads and retouches, GB": second["peak"]})
    assert second["tokens"] > 200
