"""Means of windows: SciPy's, of what lies within the picture, with a slope in every pixel."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import maximum_filter, uniform_filter1d

from veraretouch.core.filters.windows import window_max, window_mean


def plain(values: np.ndarray, radius: int) -> np.ndarray:
    for axis in (0, 1):
        sums, counts = (
            uniform_filter1d(each, 2 * radius + 1, axis=axis, mode="constant")
            for each in (values, np.ones_like(values))
        )
        values = sums / counts
    return values


@pytest.mark.parametrize("radius", [0, 1, 2, 3, 7, 8, 20])
def test_a_mean_is_that_of_the_window_within_the_picture(radius: int) -> None:
    values = np.random.default_rng(radius).random((30, 41))
    found = window_mean(torch.from_numpy(values)[None, None], radius)[0, 0]
    assert np.abs(found.numpy() - plain(values, radius)).max() < 1e-12


def test_of_a_radius_between_two_the_outermost_neighbours_count_in_part() -> None:
    line = torch.rand(1, 1, 1, 30, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    weights = torch.tensor([0.5, 1, 1, 1, 1, 1, 0.5], dtype=torch.float64) / 6
    assert torch.allclose(window_mean(line, 2.5)[0, 0, 0, 10], (line[0, 0, 0, 7:14] * weights).sum())


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 3)])
def test_a_window_larger_than_the_picture_is_the_picture(size: tuple[int, int]) -> None:
    values = torch.rand(2, 3, *size, dtype=torch.float64)
    found = window_mean(values, 50.5)
    assert torch.allclose(found, values.mean(dim=(2, 3), keepdim=True).expand_as(values))


def test_means_of_large_windows_keep_their_digits() -> None:
    values = 0.7 + 1e-3 * torch.rand(1, 1, 8, 6000, generator=torch.Generator().manual_seed(0))
    exact = window_mean(values.double(), 300)
    assert float((window_mean(values, 300) - exact).abs().max()) < 1e-6


def test_each_pixel_has_a_slope() -> None:
    values = torch.rand(1, 1, 4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: window_mean(x, 1.3), values)


@pytest.mark.parametrize("radius", [0, 1, 2, 3, 5, 30])
def test_the_largest_of_a_window_is_scipys(radius: int) -> None:
    values = np.random.default_rng(radius).random((17, 12))
    found = window_max(torch.from_numpy(values)[None, None], radius)[0, 0].numpy()
    assert np.array_equal(found, maximum_filter(values, 2 * radius + 1, mode="nearest"))
