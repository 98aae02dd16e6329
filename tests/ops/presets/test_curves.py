"""Point curves of Camera Raw: SciPy's natural cubic at our knots, and points that come back as they were."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from veraretouch.ops.presets.curves import knots_of, points_of

FILM = [(0, 0), (64, 50), (128, 140), (192, 210), (255, 255)]


def test_knots_lie_on_the_natural_cubic_through_the_points():
    x, y = np.array(FILM).T / 255
    knots, apart = knots_of(FILM)
    assert np.abs(knots - CubicSpline(x, y, bc_type="natural")(np.linspace(0, 1, 17))).max() < 1e-12
    assert 0 < apart < 1.5


def test_before_the_first_and_after_the_last_point_the_curve_is_level_and_it_is_clipped():
    knots, _ = knots_of([(64, 20), (191, 240)])
    assert knots[:4].tolist() == pytest.approx([20 / 255] * 4)
    assert knots[-4:].tolist() == pytest.approx([240 / 255] * 4)
    steep, _ = knots_of([(0, 0), (20, 250), (40, 255), (255, 255)])
    assert steep.max() <= 1
    assert steep.min() >= 0


def test_points_at_every_knot_come_back_as_they_were():
    knots = np.linspace(0, 1, 17) ** 1.4
    points = points_of(knots)
    assert [x for x, _ in points] == [0, 16, 32, 48, 64, 80, 96, 112, 128, 143, 159, 175, 191, 207, 223, 239, 255]
    again, apart = knots_of([(float(x), float(y)) for x, y in points])
    assert points_of(again) == points
    assert apart == 0
    assert np.abs(again - knots).max() <= 0.5 / 255 + 1e-9


def test_a_straight_line_is_two_points():
    assert points_of(np.linspace(0, 1, 17)) == [(0, 0), (255, 255)]
    assert len(points_of(np.linspace(0, 1, 17) ** 1.01)) == 17
