"""A small undo test on every run of the tests; tests/benchmarks/retouching/test_undo.py is the full one,
with its peers.

Forty cases on ten photos, ImageMagick left out so that every machine draws the same ones. The share of cases undone is
a proportion of forty: its standard error is 0.08, so the bar is one error lower, 0.52 instead of 0.60. The other bars
are those of the full test.
"""

from __future__ import annotations

import json

from undo import DISTRIBUTION, contestant, load_photos, measure, without_engine

SHARE = 0.52


def test_the_rules_hold_the_bars() -> None:
    """The rules on every third photo, four cases each."""
    photos = dict(list(load_photos().items())[::3])
    distribution = without_engine(json.loads(DISTRIBUTION.read_text()), "imagemagick") | {"cases_per_photo": 4}
    (verdict,), faint = measure(distribution, photos, {"rules": contestant("rules")})
    assert len(verdict.outcomes) + len(faint) == 40
    held = verdict.passed | {"share": verdict.figures["share"] >= SHARE}
    assert all(held.values()), f"{verdict.figures}; worst case {verdict.worst(1)[0].case}"
