"""The statistics: finite for every picture, taken on a photo's own pixels, and telling of what they should."""

from __future__ import annotations

import pytest
import torch

from veraretouch.planners.tiny.statistics import GRID, SIZE, grid, statistics


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_a_flat_picture_has_finite_statistics(value: float) -> None:
    found = statistics(torch.full((2, 3, 16, 16), value))
    assert found.shape == (2, SIZE)
    assert found.isfinite().all()


def test_the_grid_is_of_averages() -> None:
    rgb = torch.rand(2, 3, 2 * GRID, 2 * GRID, generator=torch.Generator().manual_seed(0))
    found = grid(rgb)
    assert found.shape == (2, 3, GRID, GRID)
    assert torch.allclose(found[:, :, 3, 5], rgb[:, :, 6:8, 10:12].mean(dim=(2, 3)))


def test_a_row_does_not_depend_on_the_others() -> None:
    rgb = torch.rand(4, 3, GRID, GRID, generator=torch.Generator().manual_seed(2))
    assert torch.allclose(statistics(rgb)[2:3], statistics(rgb[2:3]), atol=1e-5)


def test_percentiles_are_those_of_the_pixels() -> None:
    rgb = (torch.rand(1, 3, GRID, GRID, generator=torch.Generator().manual_seed(3)) * 255).round() / 255
    median = statistics(rgb)[0, [5, 16, 27]]
    assert torch.allclose(median, rgb[0].flatten(1).median(dim=1).values, atol=1.5 / 255)


def test_twice_the_light_is_one_stop_in_the_mean() -> None:
    from veraretouch.core.color.srgb import linear_to_srgb, srgb_to_linear

    rgb = 0.4 * torch.rand(1, 3, GRID, GRID, generator=torch.Generator().manual_seed(4)) + 0.1
    brighter = linear_to_srgb(srgb_to_linear(rgb) * 2)
    stops = statistics(brighter)[0, 44:47] - statistics(rgb)[0, 44:47]
    assert torch.allclose(stops, torch.ones(3), atol=0.05)
