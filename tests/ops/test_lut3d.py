"""`lut3d` against OpenColorIO."""

from __future__ import annotations

import numpy as np
import PyOpenColorIO as ocio
import pytest
import torch
from colours import by_ocio


@pytest.fixture
def pixels() -> torch.Tensor:
    """Random colours (3, 4000) in [-0.1, 1.2] in float64, then the cube's corners."""
    generator = torch.Generator().manual_seed(1)
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * 3).T
    return torch.cat([1.3 * torch.rand(3, 4000, generator=generator, dtype=torch.float64) - 0.1, corners], dim=1)


def random_lattice(n: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(n)
    return torch.rand(n, n, n, 3, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("n", [2, 5, 17])
@pytest.mark.parametrize(("trilinear", "kind"), [(0.0, ocio.INTERP_TETRAHEDRAL), (1.0, ocio.INTERP_LINEAR)])
def test_lut3d_interpolates_as_opencolorio_does(apply, pixels, n, trilinear, kind):
    lattice, inside = random_lattice(n), pixels.clamp(0, 1)
    transform = ocio.Lut3DTransform(n)
    transform.setInterpolation(kind)
    # OpenColorIO's array runs blue fastest: (red, green, blue, 3).
    transform.setData(lattice.permute(2, 1, 0, 3).contiguous().numpy().astype(np.float32).ravel())
    done = apply("lut3d", inside, points=n, lattice=lattice, trilinear=trilinear)
    assert float((done - by_ocio(transform, inside)).abs().max()) < 1e-4


def test_lut3d_gives_its_own_vertices_exactly(apply):
    lattice = random_lattice(5)
    steps = torch.linspace(0, 1, 5, dtype=torch.float64)
    blue, green, red = torch.meshgrid(steps, steps, steps, indexing="ij")
    vertices = torch.stack([red, green, blue]).reshape(3, -1)
    done = apply("lut3d", vertices, points=5, lattice=lattice)
    assert torch.allclose(done, lattice.reshape(-1, 3).T, atol=1e-12)


def test_lut3d_blends_by_its_strength_and_keeps_distances_outside_the_table(apply, pixels):
    lattice, inside = random_lattice(4), pixels.clamp(0, 1)
    full = apply("lut3d", inside, points=4, lattice=lattice)
    half = apply("lut3d", inside, points=4, lattice=lattice, strength=0.5)
    assert torch.allclose(half, (full + inside) / 2, atol=1e-12)
    beyond = apply("lut3d", pixels, points=4, lattice=lattice)
    assert torch.allclose(beyond, full + pixels - inside, atol=1e-12)
