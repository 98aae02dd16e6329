"""The gamut's wall: how full a colour is, how gains slow before the wall, how what left is set on it."""

from __future__ import annotations

import pytest
import torch

from veraretouch.core.color.gamut import MIDDLE, chroma_share, hold_in_gamut, within_headroom
from veraretouch.core.color.oklab import cube, light_at, lightness, roots_of, with_chroma
from veraretouch.core.color.planes import Planes, join, planes_of, smallest
from veraretouch.core.color.srgb import srgb_to_linear


def planes(rgb: torch.Tensor) -> Planes:
    """Linear light of encoded colours (3, N)."""
    return planes_of(srgb_to_linear(rgb.double()).reshape(1, 3, 1, -1))


def number(value: float) -> torch.Tensor:
    return torch.tensor([value], dtype=torch.float64)


@pytest.mark.parametrize(("growth", "full"), [(0.2, 0.3), (1.0, 0.5), (3.0, 0.9), (0.05, 0.99)])
def test_a_gain_is_a_hyperbolic_tangent_that_ends_at_the_wall(growth, full):
    room = 1 - full
    wanted = 1 + room / full * torch.tanh(number(growth * full / room))
    assert torch.allclose(within_headroom(number(growth), number(full)), wanted, rtol=1e-9)
    assert float(within_headroom(number(100.0), number(full))) == pytest.approx(1 / full, rel=1e-9)


def test_shrinking_and_a_full_colour_are_left_alone():
    assert float(within_headroom(number(-0.4), number(0.9))) == pytest.approx(0.6)
    assert float(within_headroom(number(2.0), number(1.0))) == pytest.approx(1)
    assert float(within_headroom(number(2.0), number(1.7))) == pytest.approx(1)
    assert float(within_headroom(number(0.5), number(0.0))) == pytest.approx(1.5, abs=1e-4)


def test_growth_has_slope_one_at_rest():
    growth = number(0.0).requires_grad_()
    within_headroom(growth, number(0.6)).backward()
    # `clamp` passes half a slope to either side of 0: together one.
    assert float(growth.grad) == pytest.approx(2, abs=1e-9) or float(growth.grad) == pytest.approx(1, abs=1e-9)


def test_greys_are_the_emptiest_and_primaries_full():
    grey, red, blue = (
        chroma_share(light, roots_of(light), lightness(roots_of(light)))
        for light in (planes(torch.tensor([rgb]).T) for rgb in ((0.5, 0.5, 0.5), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)))
    )
    # The secant's first guess is four times the chroma, and its step at most twice that:
    # no colour is emptier than a seventh.
    assert float(grey) == pytest.approx(1 / 7, abs=1e-3)
    assert float(red) == pytest.approx(1, abs=1e-3)
    assert float(blue) == pytest.approx(1, abs=1e-3)


def test_the_share_says_where_the_wall_is():
    """Chroma divided by its share is the chroma at which the lowest channel reaches 0."""
    colours = 0.25 + 0.5 * torch.rand(3, 400, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    light = planes(colours)
    roots = roots_of(light)
    L = lightness(roots)
    share = chroma_share(light, roots, L)
    at_wall = light_at(with_chroma(roots, L, 1 / share))
    left = (smallest(at_wall) / cube(L)).abs()[share > 0.4]
    assert len(left) > 200
    # Deep blues turn away from the wall, and are stopped before it.
    assert float(left.mean()) < 0.03
    assert float(left.quantile(0.9)) < 0.08


def test_what_is_inside_stays_bit_for_bit_near_and_what_left_is_set_on_the_wall():
    before = planes(torch.tensor([[0.6, 0.9], [0.5, 0.3], [0.4, 0.2]]))
    L = lightness(roots_of(before))
    assert torch.allclose(join(hold_in_gamut(before, before, L)), join(before), atol=1e-12)
    after = planes_of(torch.tensor([[[[1.4, 0.5]], [[0.3, -0.2]], [[0.2, 0.4]]]], dtype=torch.float64))
    held = join(hold_in_gamut(after, before, L))
    assert float(held.max()) == pytest.approx(1, abs=1e-9)
    assert float(held[..., 1].min()) == pytest.approx(0, abs=1e-9)


def test_it_is_drawn_straight_towards_a_grey_of_middle_lightness_or_its_own_where_that_is_darker():
    before = planes(torch.tensor([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1]]))
    L = lightness(roots_of(before))
    after = planes_of(torch.tensor([[[[1.5, 0.3]], [[0.5, -0.1]], [[0.2, 0.0]]]], dtype=torch.float64))
    held = hold_in_gamut(after, before, L)
    anchors = cube(L.clamp(max=MIDDLE))
    shares = torch.cat([(h - anchors) / (a - anchors) for h, a in zip(held, after, strict=True)])
    assert torch.allclose(shares, shares[:1].expand_as(shares), atol=1e-9)
    assert MIDDLE == 0.6
    assert bool((shares < 1).all())


def test_what_was_outside_before_may_stay_as_far_out():
    before = planes_of(torch.tensor([[[[1.3]], [[0.4]], [[0.3]]]], dtype=torch.float64))
    L = lightness(roots_of(before))
    assert torch.allclose(join(hold_in_gamut(before, before, L)), join(before), atol=1e-12)
    further = planes_of(join(before) * torch.tensor([1.3, 1.0, 1.0]).reshape(1, 3, 1, 1))
    assert float(join(hold_in_gamut(further, before, L)).max()) == pytest.approx(1.3, abs=1e-6)
