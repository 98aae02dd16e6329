"""Tetrahedral interpolation in torch, for any device and with gradients.

Each cell is split into six tetrahedra by the order of the fractions (Kasson, Plouffe and Nin 1993; OpenColorIO's INTERP_TETRAHEDRAL).
"""

from __future__ import annotations

import torch
from torch import Tensor


def tetrahedral(rgb: Tensor, lattice: Tensor) -> Tensor:
    """Colours of lattices (B, n, n, n, 3), axes blue, green, red, at rgb (B, 3, H, W) in [0, 1]."""
    batch, n = lattice.shape[0], lattice.shape[1]
    table = lattice.reshape(batch, n**3, 3).to(rgb.dtype)
    place = rgb.flatten(2).transpose(1, 2) * (n - 1)  # (B, pixels, 3)
    corner = place.detach().floor().clamp(0, n - 2)
    fraction, order = torch.sort(place - corner, dim=2, descending=True)
    stride = torch.tensor([1, n, n * n], device=rgb.device)
    index = (corner.long() * stride).sum(dim=2)
    done = torch.zeros_like(place)
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
