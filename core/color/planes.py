"""The channels of a photo as planes, and what is done to all three.

Work on planes fuses in the compiler, where stacked channels leave a dozen loops, and stays in the cache without it; a
product of 3x3 matrices by BLAS was no faster.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Planes = tuple[Tensor, Tensor, Tensor]
"""The channels of a photo, each (B, 1, H, W)."""

Rows = tuple[tuple[float, ...], ...]
"""A fixed 3x3 matrix."""


def planes_of(rgb: Tensor) -> Planes:
    """The planes of (B, 3, H, W), on the same memory."""
    # Not by `chunk`: the compiler lays its gradient out pixel by pixel.
    red, green, blue = (plane.unsqueeze(1) for plane in rgb.unbind(1))
    return red, green, blue


def join(planes: Planes) -> Tensor:
    """Planes as one tensor (B, 3, H, W); unlike `torch.cat`, the compiler lays them out one after another."""
    return torch.stack([plane[:, 0] for plane in planes], dim=1)


def each(function: Callable[..., Tensor], *photos: Planes) -> Planes:
    """A function of one or more photos, for each channel: it takes and gives planes (B, 1, H, W)."""
    red, green, blue = (function(*planes) for planes in zip(*photos, strict=True))
    return red, green, blue


def mix(planes: Planes, matrix: Rows | Tensor) -> Planes:
    """Multiply each pixel's three planes by a fixed 3x3 or by one matrix a row of the batch, (B, 3, 3)."""
    if not isinstance(matrix, Tensor):
        first, second, third = (weighted(planes, row) for row in matrix)
        return first, second, third
    x, y, z = planes
    cells = matrix.to(x.dtype)[..., None, None, None].unbind(1)
    (a, b, c), (d, e, f), (g, h, i) = (row.unbind(1) for row in cells)
    return (
        torch.addcmul(torch.addcmul(a * x, b, y), c, z),
        torch.addcmul(torch.addcmul(d * x, e, y), f, z),
        torch.addcmul(torch.addcmul(g * x, h, y), i, z),
    )


def weighted(planes: Planes, weights: tuple[float, ...]) -> Tensor:
    """The sum (B, 1, H, W) of the planes, each times its weight: three `weights`, any finite numbers."""
    x, y, z = planes
    a, b, c = weights
    return torch.add(torch.add(a * x, y, alpha=b), z, alpha=c)


def largest(planes: Planes) -> Tensor:
    """The largest channel (B, 1, H, W)."""
    return torch.maximum(torch.maximum(planes[0], planes[1]), planes[2])


def smallest(planes: Planes) -> Tensor:
    """The smallest channel (B, 1, H, W)."""
    return torch.minimum(torch.minimum(planes[0], planes[1]), planes[2])
