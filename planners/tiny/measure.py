"""What `tiny` sees of a photo, and what it measures of it: see `statistics` and `regions`."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from ...core.photo import Photo
from ..scene.scene import shares_of
from .regions import regions
from .statistics import grid, statistics

SIDE: Final = 256
"""Pixels a side of the square that a photo becomes."""
_SHARP: Final = 2 * SIDE


def seen(photo: Photo) -> Tensor:
    """The whole photo as averages over a square: (1, 3, SIDE, SIDE) encoded sRGB in [0, 1]."""
    return square(photo.resized(_SHARP).tensor().unsqueeze(0)).clamp(0, 1)


def square(rgb: Tensor) -> Tensor:
    """Pictures (B, 3, H, W) as averages over a square, (B, 3, SIDE, SIDE)."""
    return functional.interpolate(rgb, size=(SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True)


def features(rgb: Tensor) -> tuple[Tensor, Tensor]:
    """The measurements (B, FEATURES) of squares (B, 3, SIDE, SIDE), and the shares (B, 9, 96, 96) of their scenes."""
    shares = shares_of(rgb)
    places = grid(rgb)
    return torch.cat([statistics(places), regions(places, shares)], dim=1), shares
