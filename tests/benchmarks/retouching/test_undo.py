"""The undo test in full: the report of record is docs/benchmarks/undo.md with undo.json beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from peers import PEERS
from undo import BARS, contestant, load_distribution, load_photos
from undo_report import Record

RECORDS = Path(__file__).parents[3] / "docs" / "benchmarks"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def record() -> Record:
    """One run on the photos of the repository, written down whatever it says."""
    made = Record.of(load_distribution(), load_photos(), {"rules": contestant("rules"), **PEERS})
    made.write(RECORDS / "undo.json", RECORDS / "undo.md")
    print(made.markdown())
    return made


@pytest.mark.parametrize("bar", BARS)
def test_the_planner_holds_the_bar(record: Record, bar: str) -> None:
    planner = record.planner
    assert planner.passed[bar], f"{bar}: {planner.figures[bar]:.3f}; worst case {planner.worst(1)[0].case}"


@pytest.mark.parametrize("peer", PEERS)
def test_the_peer_fails(record: Record, peer: str) -> None:
    (verdict,) = [verdict for verdict in record.peers if verdict.name == peer]
    assert not all(verdict.passed.values()), f"{peer} holds every bar: {verdict.figures}"


def test_half_of_the_cases_are_ours(record: Record) -> None:
    cases = [outcome.case for outcome in record.planner.outcomes] + record.faint
    ours = sum(case.engine == "veraretouch" for case in cases)
    assert len(record.photos) >= 15
    assert 0.48 <= ours / len(cases) <= 0.52
