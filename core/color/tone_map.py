"""A tone curve on a photo that keeps hue. Source: DNG SDK, RGBTone."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from .planes import each, join, largest, planes_of, smallest


def tone_map(rgb: Tensor, curve: Callable[[Tensor], Tensor]) -> Tensor:
    """Apply a tone curve to the largest and smallest channel and keep the middle one's relative place between them.

    Hue survives this where a curve on each channel would turn it, and it costs two channels, not three. Source: DNG
    SDK, RGBTone. A kink where two channels are equal is inherent: there the middle changes its neighbour.

    Args:
        rgb: (B, 3, H, W).
        curve: maps (B, 1, H, W) elementwise.
    """
    planes = planes_of(rgb)
    low, high = smallest(planes), largest(planes)
    shift, stretch = curve(low) - low, curve(high) - high
    # How much more the largest channel moves than the smallest, for each step between them.
    slope = (stretch - shift) / (high - low + 1e-6)
    factor, offset = 1 + slope, torch.addcmul(shift, slope, low, value=-1)
    return join(each(lambda plane: torch.addcmul(offset, factor, plane), planes))
