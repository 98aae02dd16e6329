"""CIE Lab against colour-science, and its slopes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from lazily import colour

from veraretouch.core.color.cielab import TO_XYZ, cielab
from veraretouch.core.color.planes import planes_of

# One worker imports colour-science.
pytestmark = pytest.mark.xdist_group("colour")


def lab_of(light: torch.Tensor) -> torch.Tensor:
    """Lab (3, N) of linear light (3, N)."""
    return torch.cat(cielab(planes_of(light.reshape(1, 3, 1, -1))), dim=1).reshape(3, -1)


def test_the_matrix_is_that_of_the_standards_primaries():
    expected = colour.normalised_primary_matrix(
        colour.RGB_COLOURSPACES["sRGB"].primaries, colour.RGB_COLOURSPACES["sRGB"].whitepoint
    )
    assert np.abs(np.array(TO_XYZ) - expected).max() < 1e-4


def test_lab_agrees_with_colour_science_under_the_matrixs_own_white(cube):
    matrix = np.array(TO_XYZ)
    white = matrix.sum(axis=1)
    expected = colour.XYZ_to_Lab(cube.T.numpy() @ matrix.T, illuminant=colour.XYZ_to_xy(white))
    assert np.abs(lab_of(cube).T.numpy() - expected).max() < 2e-4


def test_black_white_and_greys_lie_where_they_should():
    greys = torch.tensor([[0.0, 0.001, 0.18, 1.0]] * 3, dtype=torch.float64)
    L, a, b = lab_of(greys)
    assert L.tolist() == pytest.approx([0, 0.9033, 49.4961, 100], abs=1e-4)
    assert float(a.abs().max()) < 1e-9
    assert float(b.abs().max()) < 1e-9


def test_the_two_branches_meet_with_one_slope_at_the_knee():
    knee = (6 / 29) ** 3
    around = torch.tensor([[knee - 1e-7, knee + 1e-7]] * 3, dtype=torch.float64)
    low, high = lab_of(around)[0]
    assert float(high - low) == pytest.approx(116 * (29 / 6) ** 2 / 3 * 2e-7, rel=1e-3)


def test_slopes_are_finite_on_black_below_it_and_on_white():
    light = torch.tensor([[-0.5, 0.0, 1e-9, 1.0]] * 3, requires_grad=True)
    lab_of(light).sum().backward()
    assert bool(light.grad.isfinite().all())
