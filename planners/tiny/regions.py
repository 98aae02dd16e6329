"""What `tiny` measures of the things in a photo: how much there is of each, how light and how coloured it is.

A measure of a thing that covers little of the photo is drawn towards 0, so that a few wrong pixels say little.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from ...core.color.oklab import chroma, oklab
from ..scene.network import CLASSES

THINGS: Final = ("sky", "foliage", "water", "ground", "building", "person", "skin")
PLACES: Final = 32  # a side
_FEW: Final = 8.0  # places of the grid at which a measure counts half

REGIONS: Final = len(CLASSES) + 4 * len(THINGS)


def regions(rgb: Tensor, shares: Tensor) -> Tensor:
    """The numbers (B, REGIONS) of squares (B, 3, S, S), encoded, in [0, 1], and their shares (B, 9, s, s);
    PLACES divides S and s.

    First the square root of each class's share of the photo; then, of each of THINGS, how much lighter than the photo
    it is in OkLab's L, and its mean a, b and chroma.
    """
    lab = oklab(_averaged(rgb))
    colours = torch.cat([lab.L, lab.a, lab.b, chroma(lab)], dim=1).flatten(2)
    areas = _averaged(shares).flatten(2)
    things = areas[:, [CLASSES.index(name) for name in THINGS]]
    covered = things.sum(dim=2, keepdim=True)
    means = things @ colours.transpose(1, 2) / (covered + _FEW)
    lightness = means[:, :, :1] - lab.L.flatten(2).mean(dim=2, keepdim=True) * covered / (covered + _FEW)
    return torch.cat([areas.mean(dim=2).sqrt(), lightness.flatten(1), means[:, :, 1:].flatten(1)], dim=1)


def _averaged(square: Tensor) -> Tensor:
    return functional.avg_pool2d(square, square.shape[-1] // PLACES)
