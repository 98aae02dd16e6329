"""Monotone cubics: through their values, never past them, straight beyond the ends;
SciPy's PCHIP is the same curve within.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.interpolate import PchipInterpolator

from veraretouch.core.color.curves import follow, slopes

ZIGZAG = torch.tensor([0.1, 0.4, 0.4, 0.9, 0.2, 0.3], dtype=torch.float64)
RISING = torch.tensor([0.0, 0.05, 0.3, 0.35, 0.9, 1.0], dtype=torch.float64)


def at(x: list[float] | torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    places = torch.as_tensor(x, dtype=torch.float64).reshape(1, 1, 1, -1)
    return follow(places, values[None]).flatten()


def test_a_curve_goes_through_its_values():
    assert torch.allclose(at(torch.linspace(0, 1, 6, dtype=torch.float64), ZIGZAG), ZIGZAG, atol=1e-12)


def test_inner_slopes_are_scipys_and_extremes_are_level():
    ours = slopes(ZIGZAG)
    theirs = PchipInterpolator(np.arange(6), ZIGZAG.numpy()).derivative()(np.arange(6))
    assert np.abs(ours.numpy() - theirs)[1:-1].max() < 1e-12
    assert ours[1:5].tolist() == [0, 0, 0, 0]
    assert ours[[0, -1]].tolist() == pytest.approx([0.3, 0.1])
    assert float(slopes(RISING)[1]) == pytest.approx(2 * 0.05 * 0.25 / 0.3)


def test_between_inner_values_the_curve_is_scipys():
    places = np.linspace(0.2, 0.8, 301)
    theirs = PchipInterpolator(np.linspace(0, 1, 6), RISING.numpy())(places)
    assert np.abs(at(torch.from_numpy(places), RISING).numpy() - theirs).max() < 1e-12


def test_outside_straight_lines_go_on_with_the_slope_of_the_ends():
    low, high = at([-0.5, 1.5], RISING).tolist()
    assert low == pytest.approx(0 - 0.5 * 5 * 0.05)
    assert high == pytest.approx(1 + 0.5 * 5 * 0.1)


def test_each_row_and_each_channel_has_its_own_curve():
    x = torch.rand(2, 3, 4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    curves = torch.rand(2, 3, 7, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    done = follow(x, curves)
    for row in range(2):
        for channel in range(3):
            one = x[row, channel][None, None]
            assert torch.equal(done[row, channel], follow(one, curves[row, channel][None])[0, 0])
    shared = follow(x, curves[:, 0])
    assert torch.equal(shared[1, 2], follow(x[1, 2][None, None], curves[1, 0][None])[0, 0])


def test_slopes_of_the_curve_are_those_of_finite_differences():
    x = torch.tensor([[[[-0.2, 0.13, 0.5, 0.77, 1.2]]]], dtype=torch.float64, requires_grad=True)
    values = RISING[None].clone().requires_grad_()
    assert torch.autograd.gradcheck(follow, (x, values))
