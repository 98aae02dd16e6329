"""A pair of pictures as a grid of a few thousand places, each the mean of what is calm in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import torch
from torch import Tensor

from ..pairs import Array, ColorPairs, Picture, flatness, luma_of

# A place counts half where its pixels spread so far, in encoded values: the mean of an edit is then another thing
# than the edit of a mean.
SPREAD: Final = 0.08
_LEAST: Final = 0.03


@dataclass(frozen=True)
class Places:
    """A grid of places: colours before and after, (H, W, 3) sRGB-encoded, and how much each counts, (H, W)."""

    before: Picture
    after: Picture
    weight: Array

    @cached_property
    def pairs(self) -> ColorPairs:
        """The places as pairs, row by row."""
        weight = self.weight.ravel()
        return ColorPairs(
            self.before.reshape(-1, 3).astype(np.float64),
            self.after.reshape(-1, 3).astype(np.float64),
            weight / weight.sum(),
        )

    @cached_property
    def photo(self) -> Tensor:
        """The before as a small photo (1, 3, H, W)."""
        return torch.from_numpy(np.ascontiguousarray(self.before)).permute(2, 0, 1).unsqueeze(0).float()


def places_of(before: Picture, after: Picture, side: int) -> Places:
    """The places of two aligned pictures (H, W, 3), at most `side` on the long side."""
    height, width = before.shape[:2]
    scale = min(1.0, side / max(height, width))
    rows, columns = (max(1, round(length * scale)) for length in (height, width))
    tops, lefts = np.arange(rows) * height // rows, np.arange(columns) * width // columns

    def total(plane: Picture) -> Array:
        down = np.add.reduceat(plane.astype(np.float64), tops, axis=0)
        summed: Array = np.add.reduceat(down, lefts, axis=1)
        return summed

    calm = flatness(before) * flatness(after) + np.float32(1e-4)
    count, strength, luma = total(np.ones_like(calm)), total(calm), luma_of(before)
    mean = total(calm * luma) / strength
    spread = np.sqrt(np.maximum(total(calm * luma * luma) / strength - mean**2, 0.0))
    weight = np.sqrt(strength / count) / (1 + (spread / SPREAD) ** 2) + _LEAST
    one, two = (
        (total(calm[..., None] * picture) / strength[..., None]).astype(np.float32) for picture in (before, after)
    )
    return Places(one, two, weight)
