"""Gaussian blur: SciPy's for each width, with a slope in the width."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from veraretouch.core.filters.gaussian import gaussian_blur


@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.5])
def test_each_row_is_blurred_by_its_own_width(sigma: float) -> None:
    values = np.random.default_rng(0).random((20, 30))
    widths = torch.tensor([sigma, 1.3], dtype=torch.float64).reshape(2, 1, 1, 1)
    both = gaussian_blur(torch.from_numpy(values).expand(2, 1, 20, 30), widths, 9)
    for row, width in enumerate((sigma, 1.3)):
        sums, held = (
            gaussian_filter(each, width, mode="constant", radius=9) for each in (values, np.ones_like(values))
        )
        wanted = sums / held
        assert np.abs(both[row, 0].numpy() - wanted).max() < 1e-12


def test_the_width_and_each_pixel_have_slopes() -> None:
    values = torch.rand(1, 1, 3, 4, dtype=torch.float64, requires_grad=True)
    sigma = torch.tensor(0.8, dtype=torch.float64).reshape(1, 1, 1, 1).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, s: gaussian_blur(x, s, 3), (values, sigma))
