"""What the benchmarks of docs/benchmarks/speed.md share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from scenes import Picture, mosaic
from speed_report import Figures

RECORDS = Path(__file__).parents[3] / "docs" / "benchmarks"


@pytest.fixture(scope="session")
def figures() -> Iterator[Figures]:
    """What was measured, now or in an earlier run; written down at the end, whatever it says."""
    made = Figures(
        "Speed",
        "speed/test_speed.py and test_startup.py",
        "Times are medians of interleaved runs; ratios hold, seconds are this machine's. Pictures are made from the"
        " samples in docs/samples.",
    )
    made.recall(RECORDS / "speed.json")
    yield made
    made.write(RECORDS / "speed.json", RECORDS / "speed.md")


@pytest.fixture(scope="session")
def photo() -> Picture:
    """A photo of 12 megapixels."""
    return mosaic()
