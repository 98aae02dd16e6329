"""Interpolation in a lattice in torch, tetrahedral and trilinear, for any device and with gradients.

Each cell is split into six tetrahedra by the order of the fractions (Kasson, Plouffe and Nin 1993;
OpenColorIO's INTERP_TETRAHEDRAL).
"""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor


def tetrahedral(rgb: Tensor, lattice: Tensor) -> Tensor:
    """Colours of lattices (B, n, n, n, 3), axes blue, green, red, at rgb (B, 3, H, W) in [0, 1]."""
    table, inside, index, stride = _cells(rgb, lattice)
    fraction, order = torch.sort(inside, dim=2, descending=True)
    done = torch.zeros_like(inside)
    previous = torch.ones_like(fraction[..., 0])
    # From the cell's corner along the largest fraction's axis, then the second's, then the third's: four vertices.
    for axis in range(4):
        following = fraction[..., axis] if axis < 3 else torch.zeros_like(previous)
        vertex = table.gather(1, index.unsqueeze(2).expand(-1, -1, 3))
        done = done + (previous - following).unsqueeze(2) * vertex
        if axis < 3:
            index = index + stride[order[..., axis]]
            previous = following
    return done.transpose(1, 2).reshape(rgb.shape)


def trilinear(rgb: Tensor, lattice: Tensor) -> Tensor:
    """Colours of lattices (B, n, n, n, 3) at rgb (B, 3, H, W) in [0, 1] by the eight corners of each cell,
    as many published models do it.
    """
    table, inside, index, stride = _cells(rgb, lattice)
    done = torch.zeros_like(inside)
    for corner in product((0, 1), repeat=3):
        weight, place = torch.ones_like(inside[..., 0]), index
        for axis, far in enumerate(corner):
            weight = weight * (inside[..., axis] if far else 1 - inside[..., axis])
            place = place + far * stride[axis]
        done = done + weight.unsqueeze(2) * table.gather(1, place.unsqueeze(2).expand(-1, -1, 3))
    return done.transpose(1, 2).reshape(rgb.shape)


def _cells(rgb: Tensor, lattice: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The vertices in one line (B, n^3, 3), each pixel's place within its cell (B, pixels, 3),
    the cell's first vertex, and steps.
    """
    batch, n = lattice.shape[0], lattice.shape[1]
    place = rgb.flatten(2).transpose(1, 2) * (n - 1)
    corner = place.detach().floor().clamp(0, n - 2)
    stride = torch.tensor([1, n, n * n], device=rgb.device)
    index = (corner.long() * stride).sum(dim=2)
    return lattice.reshape(batch, n**3, 3).to(rgb.dtype), place - corner, index, stride
