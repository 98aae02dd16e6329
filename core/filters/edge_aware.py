"""The base layer of a plane: what is left when detail is smoothed away and edges stay.

A guided filter whose guide is the plane itself (He, Sun and Tang (2013), "Guided image filtering", IEEE TPAMI 35(6),
eq. 5 and 6). Where windows overlap, flat ones count most, as the sectors of Papari, Petkov and Campisi (2007),
"Artistic edge and corner enhancing smoothing", eq. 7 with q = 4: beside an edge those that lie on the pixel's own side,
so that the edge leaves no halo. A reduced plane would be faster, but blurs edges within its cells.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .windows import window_mean


def base_layer(plane: Tensor, radius: float, *, edge: float, flat: float) -> Tensor:
    """The base (B, 1, H, W) of a plane (B, 1, H, W).

    Args:
        radius: of the windows, in pixels.
        edge: differences far above this one stay, those far below are smoothed away.
        flat: the difference up to which a window counts as flat, above 0.
    """
    mean = window_mean(plane, radius)
    variance = (window_mean(plane * plane, radius) - mean * mean).clamp(min=0)
    slope = variance / (variance + edge**2)
    weight = (flat**2 / (variance + flat**2)).square()
    weights = window_mean(weight, radius)
    slopes = window_mean(weight * slope, radius)
    offsets = window_mean(weight * (1 - slope) * mean, radius)
    return torch.addcmul(offsets, slopes, plane) / weights


def base_reach(radius: float) -> int:
    """How many pixels around each one a base layer of this radius looks at."""
    return 2 * math.ceil(radius)
