"""Tone curves: through their knots, monotone, hue kept by `luma`."""

from __future__ import annotations

import pytest
import torch
from colours import rises


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
