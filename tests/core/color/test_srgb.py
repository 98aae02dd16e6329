"""sRGB's transfer function and luminance against colour-science."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from lazily import colour

from veraretouch.core.color.planes import planes_of
from veraretouch.core.color.srgb import linear_to_srgb, luminance, srgb_to_linear

# One worker imports colour-science.
pytestmark = pytest.mark.xdist_group("colour")


def test_the_srgb_transfer_and_its_inverse_are_those_of_the_standard():
    encoded = np.linspace(0, 1.2, 2401)
    decoded = colour.models.eotf_sRGB(encoded)
    assert np.abs(srgb_to_linear(torch.from_numpy(encoded)).numpy() - decoded).max() < 1e-12
    assert np.abs(linear_to_srgb(torch.from_numpy(decoded)).numpy() - encoded).max() < 1e-8


def test_the_srgb_transfer_is_odd_below_black():
    below = torch.linspace(-0.7, 0, 200, dtype=torch.float64)
    assert torch.equal(srgb_to_linear(below), -srgb_to_linear(-below))
    assert torch.equal(linear_to_srgb(below), -linear_to_srgb(-below))


def test_luminance_is_that_of_colour_science(cube):
    expected = colour.RGB_luminance(
        srgb_to_linear(cube).T.numpy(),
        colour.RGB_COLOURSPACES["sRGB"].primaries,
        colour.RGB_COLOURSPACES["sRGB"].whitepoint,
    )
    assert (
        np.abs(luminance(planes_of(srgb_to_linear(cube).reshape(1, 3, 1, -1))).flatten().numpy() - expected).max()
        < 1e-4
    )


def test_both_directions_have_finite_slopes_everywhere_and_the_straight_lines_slope_at_black():
    for function, slope in ((srgb_to_linear, 1 / 12.92), (linear_to_srgb, 12.92)):
        x = torch.tensor([-1.0, -1e-6, 0.0, 1e-6, 0.0031, 0.04, 1.0, 50.0], dtype=torch.float64, requires_grad=True)
        function(x).sum().backward()
        assert bool(x.grad.isfinite().all())
        assert x.grad[2:4].tolist() == pytest.approx([slope, slope], rel=1e-6)


def test_luminance_weighs_by_rec_709():
    planes = tuple(torch.full((1, 1, 1, 1), value, dtype=torch.float64) for value in (1.0, 10.0, 100.0))
    assert float(luminance(planes)) == pytest.approx(0.2126 + 7.152 + 7.22)
