"""Highlights, shadows, whites and blacks: each moves its own tones."""

from __future__ import annotations

from itertools import product

import pytest
from colours import rises

CORNERS = list(product((-1.0, 0.0, 1.0), repeat=4))


@pytest.mark.parametrize("corner", CORNERS, ids=str)
def test_tone_regions_are_monotone_for_every_corner_and_crush_no_channel(apply, ramp, cube, corner):
    settings = dict(zip(("highlights", "shadows", "whites", "blacks"), corner, strict=True))
    assert rises(apply("tone_regions", ramp, **settings)[0])
    done = apply("tone_regions", cube, **settings)
    assert float(done.min()) > -2e-6
    assert float(done.max()) < 1 + 2e-6


@pytest.mark.parametrize(
    ("slot", "region"), [("shadows", 0.3), ("highlights", 0.65), ("blacks", 0.15), ("whites", 0.85)]
)
def test_a_tone_region_moves_its_own_tones_most_and_as_it_says(apply, ramp, slot, region):
    up, down = (apply("tone_regions", ramp, **{slot: amount})[0] - ramp[0] for amount in (1.0, -1.0))
    assert float(up.min()) > -1e-9
    assert float(down.max()) < 1e-9
    for moved in (up, -down):
        centre = float((moved * ramp[0]).sum() / moved.sum())
        assert abs(centre - region) < 0.15
        assert 0.015 < float(moved.max()) < 0.2


def test_opening_shadows_keeps_hue(apply, wheels, turn):
    assert float(turn(wheels, apply("tone_regions", wheels * 0.4, shadows=1.0)).max()) < 6


def test_blacks_and_whites_move_the_ends_by_six_hundredths_and_are_held_at_them(apply, ramp):
    ends = {
        (slot, amount): apply("tone_regions", ramp, **{slot: amount})[0, [0, -1]].tolist()
        for slot in ("blacks", "whites")
        for amount in (1.0, -1.0)
    }
    assert ends == {
        ("blacks", 1.0): pytest.approx([0.06, 1], abs=1e-4),
        ("blacks", -1.0): pytest.approx([0, 1], abs=1e-4),
        ("whites", 1.0): pytest.approx([0, 1], abs=1e-4),
        ("whites", -1.0): pytest.approx([0, 0.94], abs=1e-4),
    }
