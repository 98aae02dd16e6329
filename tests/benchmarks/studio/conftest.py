"""One report for what is measured of the studio: docs/benchmarks/studio.md."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from speed_report import Figures

RECORDS = Path(__file__).parents[3] / "docs" / "benchmarks"
ABOUT = (
    "Seconds are of the clock, from a request to the last byte of its answer, over loopback, by a client in another"
    " process; in the browser, as its pages tell them: Debian's Chromium, WebGL by SwiftShader, 1440 x 900 pixels."
)


@pytest.fixture(scope="module")
def figures(request: pytest.FixtureRequest) -> Iterator[Figures]:
    """The report as it is, for one module to write its own figures over those of its last run."""
    made = Figures("The studio", "studio", ABOUT)
    made.recall(RECORDS / "studio.json")
    name = request.module.__name__.rpartition("test_")[2]
    made.grid("How busy the machine was", {name: {"load when it began": os.getloadavg()[0]}})
    yield made
    made.write(RECORDS / "studio.json", RECORDS / "studio.md")
