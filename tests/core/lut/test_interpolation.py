"""Interpolation in lattices: by hand in one cell, by torch's own `grid_sample`, and with the slopes that finite
differences have.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from veraretouch.core.lut.interpolation import tetrahedral, trilinear

BOTH = pytest.mark.parametrize("interpolate", [tetrahedral, trilinear])


def lattice(n: int, *, batch: int = 1, seed: int = 0) -> Tensor:
    return torch.rand(batch, n, n, n, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def colours(*, batch: int = 1, count: int = 60, seed: int = 1) -> Tensor:
    return torch.rand(batch, 3, 1, count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(
    ("rgb", "way"),
    [
        ((0.7, 0.5, 0.2), "rgb"),
        ((0.7, 0.2, 0.5), "rbg"),
        ((0.5, 0.7, 0.2), "grb"),
        ((0.2, 0.7, 0.5), "gbr"),
        ((0.5, 0.2, 0.7), "brg"),
        ((0.2, 0.5, 0.7), "bgr"),
    ],
)
def test_each_of_the_six_tetrahedra_weighs_its_four_vertices(rgb, way):
    """From black the largest channel goes first, then the next: the weights are the differences of the sorted
    channels.
    """
    table = lattice(2)
    place = {"r": 0, "g": 0, "b": 0}
    high, middle, low = sorted(rgb, reverse=True)
    wanted = (1 - high) * table[0, 0, 0, 0]
    for channel, weight in zip(way, (high - middle, middle - low, low), strict=True):
        place[channel] = 1
        wanted = wanted + weight * table[0, place["b"], place["g"], place["r"]]
    found = tetrahedral(torch.tensor(rgb, dtype=torch.float64).reshape(1, 3, 1, 1), table)
    assert torch.allclose(found.flatten(), wanted, atol=1e-12)


@pytest.mark.parametrize("n", [2, 3, 8])
def test_trilinear_is_what_grid_sample_gives(n):
    table, rgb = lattice(n, batch=2), colours(batch=2)
    volume = table.permute(0, 4, 1, 2, 3)  # (B, 3, blue, green, red): grid_sample's x is red
    grid = (2 * rgb - 1).permute(0, 2, 3, 1).unsqueeze(1)
    wanted = torch.nn.functional.grid_sample(volume, grid, mode="bilinear", align_corners=True)[:, :, 0]
    assert torch.allclose(trilinear(rgb, table), wanted, atol=1e-12)


@BOTH
def test_vertices_are_given_back_white_included(interpolate):
    table = lattice(4)
    steps = torch.linspace(0, 1, 4, dtype=torch.float64)
    blue, green, red = torch.meshgrid(steps, steps, steps, indexing="ij")
    rgb = torch.stack([red, green, blue]).reshape(1, 3, 8, 8)
    assert torch.allclose(interpolate(rgb, table).flatten(2)[0].T, table.reshape(-1, 3), atol=1e-12)


@BOTH
def test_a_map_that_is_linear_is_exact_between_the_points(interpolate):
    steps = torch.linspace(0, 1, 5, dtype=torch.float64)
    blue, green, red = torch.meshgrid(steps, steps, steps, indexing="ij")
    table = torch.stack([red + 2 * green, green - blue, 0.3 * blue + 0.1], dim=-1)[None]
    rgb = colours()
    red, green, blue = rgb.unbind(1)
    wanted = torch.stack([red + 2 * green, green - blue, 0.3 * blue + 0.1], dim=1)
    assert torch.allclose(interpolate(rgb, table), wanted, atol=1e-12)


@BOTH
def test_each_row_of_a_batch_has_its_own_lattice(interpolate):
    table, rgb = lattice(3, batch=3), colours(batch=3)
    done = interpolate(rgb, table)
    for row in range(3):
        assert torch.equal(done[row], interpolate(rgb[row][None], table[row][None])[0])


@BOTH
def test_slopes_are_those_of_finite_differences_for_colours_and_lattice(interpolate):
    rgb = torch.tensor([0.15, 0.4, 0.85, 0.6, 0.3, 0.2], dtype=torch.float64).reshape(1, 3, 1, 2).requires_grad_()
    table = lattice(3).requires_grad_()
    assert torch.autograd.gradcheck(interpolate, (rgb, table))


@BOTH
def test_the_photos_shape_and_precision_are_kept(interpolate):
    rgb = torch.rand(2, 3, 4, 5)
    done = interpolate(rgb, lattice(3, batch=2))
    assert (done.shape, done.dtype) == (rgb.shape, torch.float32)
