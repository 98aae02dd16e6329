"""Exposure, contrast, tone regions and the curves: what a photographer expects of tones."""

from __future__ import annotations

from itertools import product

import pytest
import torch

from veraretouch.core.color.srgb import srgb_to_linear
from veraretouch.ops.exposure import expose

EVS = (-5.0, -2.0, -1.0, -0.3, 0.3, 1.0, 2.0, 5.0)


def rises(tones: torch.Tensor, slack: float = 1e-9) -> bool:
    return bool((tones.diff(dim=-1) >= -slack).all())


@pytest.mark.parametrize("ev", EVS)
def test_exposure_is_monotone_in_light(apply, ramp, ev):
    assert float(apply("exposure", ramp, ev=ev)[0].diff().min()) > 0


def test_more_exposure_never_darkens_any_pixel(apply, cube):
    steps = torch.stack([apply("exposure", cube, ev=ev) for ev in torch.linspace(-5, 5, 21)])
    assert float(steps.diff(dim=0).min()) > -1e-9


@pytest.mark.parametrize("ev", EVS)
def test_the_opposite_exposure_undoes_an_exposure(apply, cube, ev):
    assert torch.allclose(apply("exposure", apply("exposure", cube, ev=ev), ev=-ev), cube, atol=2e-5)


@pytest.mark.parametrize("ev", EVS)
def test_white_and_black_stay_under_exposure(apply, ev):
    ends = torch.tensor([[0.0, 1.0]] * 3, dtype=torch.float64)
    assert torch.allclose(apply("exposure", ends, ev=ev), ends, atol=1e-9)


@pytest.mark.parametrize("ev", [0.0, -0.0, 1e-9, -1e-9, 0.7, -0.7, 5.0, -5.0])
def test_the_slope_of_exposure_is_right_at_0_and_elsewhere(ev):
    light = torch.tensor([-0.1, 0.0, 1e-6, 0.1, 0.3, 0.7, 1.0, 1.5], dtype=torch.float64, requires_grad=True)
    stops = torch.full((1,), ev, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(expose, (light, stops))


def test_exposure_has_a_slope_at_0_and_finite_ones_far_outside():
    stops = torch.zeros(1, requires_grad=True)
    expose(torch.tensor([0.2]), stops).sum().backward()
    assert float(stops.grad) == pytest.approx(0.2 * 0.693147, rel=1e-5)
    light, ends = (
        torch.tensor([-4.0, 0.25, 4.0, 100.0], requires_grad=True),
        torch.tensor([[-5.0], [5.0]]).requires_grad_(),
    )
    expose(light, ends).sum().backward()
    assert bool(light.grad.isfinite().all())
    assert bool(ends.grad.isfinite().all())


def test_one_stop_doubles_the_light_of_darks(apply):
    darks = torch.linspace(0.01, 0.35, 30, dtype=torch.float64).expand(3, -1)
    assert torch.allclose(srgb_to_linear(apply("exposure", darks, ev=1.0)), 2 * srgb_to_linear(darks), rtol=1e-9)


@pytest.mark.parametrize("amount", [-1.0, -0.4, 0.4, 1.0])
def test_contrast_is_monotone_and_undone_by_its_opposite(apply, ramp, cube, amount):
    assert float(apply("contrast", ramp, amount=amount)[0].diff().min()) > 0
    there = apply("contrast", cube, amount=amount)
    assert torch.allclose(apply("contrast", there, amount=-amount), cube, atol=1e-5)


def test_contrast_spreads_midtones_and_crushes_neither_end(apply, ramp):
    spread = apply("contrast", ramp, amount=1.0)[0]
    slopes = spread.diff() / ramp[0].diff()
    assert 1.9 < float(slopes.max()) < 2.01
    assert float(slopes.min()) > 0.45
    assert float(spread[0]) == pytest.approx(0, abs=1e-9)
    assert float(spread[-1]) == pytest.approx(1, abs=1e-9)


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


def test_the_parametric_curve_is_monotone_for_any_amounts_and_splits_even_crossing_ones(apply, ramp):
    generator = torch.Generator().manual_seed(7)
    names = ("shadows", "darks", "lights", "highlights")
    splits = {"shadow_split": (0.1, 0.7), "midtone_split": (0.2, 0.8), "highlight_split": (0.3, 0.9)}
    draws = torch.rand(60, 7, generator=generator, dtype=torch.float64)
    crossing = 0
    for draw in draws.tolist():
        settings = {
            name: -1.0 if share < 0.2 else 1.0 if share > 0.8 else 2 * share - 1
            for name, share in zip(names, draw, strict=False)
        }
        settings |= {
            name: low + (high - low) * share
            for (name, (low, high)), share in zip(splits.items(), draw[4:], strict=True)
        }
        crossing += (
            settings["shadow_split"] > settings["midtone_split"]
            or settings["midtone_split"] > settings["highlight_split"]
        )
        done = apply("parametric_curve", ramp, **settings)[0]
        assert rises(done), settings
        assert float(done.min()) > -1e-9
        assert float(done.max()) < 1 + 1e-9
    assert crossing > 10


@pytest.mark.parametrize(
    ("slot", "centre"), [("shadows", 0.125), ("darks", 0.375), ("lights", 0.625), ("highlights", 0.875)]
)
def test_a_region_of_the_parametric_curve_moves_its_centre_by_a_tenth(apply, slot, centre):
    tone = torch.full((3, 1), centre, dtype=torch.float64)
    for amount in (-1.0, 1.0):
        moved = float(apply("parametric_curve", tone, **{slot: amount})[0, 0]) - centre
        assert 0.09 < moved * amount < 0.13


def knots(seed: int) -> torch.Tensor:
    steps = torch.rand(17, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) ** 3
    rising = steps.cumsum(0)
    return (rising - rising[0]) / (rising[-1] - rising[0])


@pytest.mark.parametrize("seed", range(4))
def test_a_tone_curve_goes_through_its_knots_and_monotone_knots_give_monotone_curves(apply, ramp, seed):
    curve = knots(seed)
    for slot in ("luma", "red"):
        done = apply("tone_curve", ramp, **{slot: curve})[0]
        assert torch.allclose(done[:: 1024 // 16], curve, atol=1e-9)
        assert rises(done)


def test_a_curve_of_one_channel_leaves_the_others(apply, cube):
    done = apply("tone_curve", cube, green=knots(3))
    assert torch.equal(done[0], cube[0])
    assert torch.equal(done[2], cube[2])
    assert float((done[1] - cube[1]).abs().max()) > 0.05


def test_the_luma_curve_keeps_hsv_hue(apply, wheels):
    def middle(rgb: torch.Tensor) -> torch.Tensor:
        low, mid, high = rgb.sort(dim=0).values
        return (mid - low) / (high - low)

    done = apply("tone_curve", wheels, luma=torch.linspace(0, 1, 17) ** 1.6)
    assert torch.allclose(middle(done), middle(wheels), atol=1e-3)
    assert torch.equal(done.argsort(dim=0)[:, ::7], wheels.argsort(dim=0)[:, ::7])
