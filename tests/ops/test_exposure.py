"""Exposure: light scaled, ends held, undone by its opposite."""

from __future__ import annotations

import pytest
import torch

from veraretouch.core.color.srgb import srgb_to_linear
from veraretouch.ops.exposure import expose

EVS = (-5.0, -2.0, -1.0, -0.3, 0.3, 1.0, 2.0, 5.0)


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
