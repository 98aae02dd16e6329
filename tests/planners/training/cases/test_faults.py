"""Faults are drawn by family, within their cuts, never none at all."""

from __future__ import annotations

import numpy as np
import pytest

from veraretouch.planners.training.cases.faults import PhotoFaults, draw_faults, weighted

FAMILIES = {
    "exposure": {"absent": 0.8, "faults": ["ev"], "deviation": 1.0, "cut": 1.5},
    "cast": {"absent": 0.8, "faults": ["red", "blue"], "deviation": 0.5, "cut": 0.6},
}


def test_draws_depend_on_the_generator_alone_and_never_leave_a_photo_alone():
    def drawn(seed):
        rng = np.random.default_rng(seed)
        return [draw_faults(rng, FAMILIES) for _ in range(200)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert all(faults != PhotoFaults() for faults in drawn(1))
    assert {bool(faults.ev) for faults in drawn(1)} == {True, False}
    assert max(abs(faults.ev) for faults in drawn(1)) <= 1.5
    assert all(bool(faults.red) == bool(faults.blue) for faults in drawn(1))


def test_names_are_drawn_by_their_weight():
    rng = np.random.default_rng(0)
    drawn = [weighted(rng, {"often": 3.0, "never": 0.0, "seldom": 1.0}) for _ in range(400)]
    assert set(drawn) == {"often", "seldom"}
    assert drawn.count("often") == pytest.approx(300, abs=40)


def test_gains_are_stops_against_green_and_scale_with_the_faults():
    faults = PhotoFaults(ev=1.0, red=1.0, blue=-1.0)
    assert faults.gains == (4, 2, 1)
    assert faults.scaled(0.0) == PhotoFaults()
    assert faults.scaled(0.5).ev == 0.5
