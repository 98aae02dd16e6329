"""The linear gradient: full on one side, gone on the other, perpendicular in pixels."""

from __future__ import annotations

import math

import pytest
import torch
from masks import at, grey, mask_of, slack_of

from veraretouch.ops.areas.linear import Linear


def test_it_is_full_at_and_beyond_one_point_and_gone_at_and_beyond_the_other() -> None:
    mask = mask_of(Linear, grey(100, 150), full_x=0.5, full_y=0.3, zero_x=0.5, zero_y=0.7)
    assert mask[0, 0, :30].min() > 0.999
    assert mask[0, 0, 70:].max() < 0.001
    assert at(mask, 0.5, 0.5) == pytest.approx(0.5, abs=0.02)
    assert (mask[0, 0].diff(dim=0) <= 1e-6).all()


def test_its_lines_are_perpendicular_in_pixels_whatever_the_photos_shape() -> None:
    # In a photo of 200 x 100 pixels this direction runs at 45 degrees.
    mask = mask_of(Linear, grey(100, 200), full_x=0.25, full_y=0.0, zero_x=0.75, zero_y=1.0)[0, 0]
    # Each pixel as its neighbour down and to the left.
    assert torch.allclose(mask[:-1, 1:], mask[1:, :-1], atol=1e-5)


def test_the_other_way_round_it_is_what_is_left() -> None:
    there = mask_of(Linear, grey(40, 60), full_x=0.1, full_y=0.2, zero_x=0.8, zero_y=0.6)
    back = mask_of(Linear, grey(40, 60), full_x=0.8, full_y=0.6, zero_x=0.1, zero_y=0.2)
    assert torch.allclose(there + back, torch.ones(1), atol=1e-5)


def test_points_close_to_each_other_make_a_hard_edge_and_the_same_point_a_half() -> None:
    hard = mask_of(Linear, grey(100, 100), full_x=0.5, full_y=0.499, zero_x=0.5, zero_y=0.501)
    assert hard[0, 0, :49].min() > 0.99
    assert hard[0, 0, 51:].max() < 0.01
    same = mask_of(Linear, grey(100, 100), full_x=0.4, full_y=0.5, zero_x=0.4, zero_y=0.5)
    assert same.unique().tolist() == [0.5]


def test_points_far_outside_the_photo_leave_it_wholly_covered_or_not_at_all() -> None:
    assert mask_of(Linear, grey(9, 9), full_x=0.5, full_y=1.5, zero_x=0.5, zero_y=2.0).min() == pytest.approx(1)
    assert mask_of(Linear, grey(9, 9), full_x=0.5, full_y=-1.0, zero_x=0.5, zero_y=-0.5).max() == pytest.approx(0)
    assert math.isfinite(mask_of(Linear, grey(1, 1)).item())


@pytest.mark.parametrize(
    ("full", "zero"),
    [((0.5, 0.0), (0.5, 0.4)), ((0.9, 0.5), (0.3, 0.5)), ((0.1, 0.1), (0.3, 0.2)), ((0.2, 0.9), (0.4, 0.3))],
    ids=["from the top", "from the right", "from a corner", "across"],
)
def test_its_bounds_lie_close_around_it(full: tuple[float, float], zero: tuple[float, float]) -> None:
    slack = slack_of(Linear, 200, 300, full_x=full[0], full_y=full[1], zero_x=zero[0], zero_y=zero[1])
    assert -0.006 < min(slack) <= max(slack) < 0.011


def test_bounds_of_points_that_meet_are_the_photo() -> None:
    assert max(slack_of(Linear, 20, 30, full_x=0.4, full_y=0.5, zero_x=0.4, zero_y=0.5)) == 0
