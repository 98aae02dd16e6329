"""What two pictures say about a map of colours: pairs of colours before and after, fewer and cleaner than pixels.

Pixels of one colour (32 steps a channel) become one pair, their average: this takes out what JPEG and noise did. Pixels
at edges hardly count, where half-resolution chroma and shifts of a pixel speak; those that went another way than most
of their colour do not count at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...core.color.srgb import LUMINANCE

Array = NDArray[np.float64]
Picture = NDArray[np.float32]
Mask = NDArray[np.bool_]

STEPS: Final = 32
MOST: Final = 2000
# How much a colour counts for the pixels that have it: between each pixel alike (1) and each colour alike (0).
SHARE: Final = 0.6
# A pixel counts half where its neighbours lie so far off, in encoded values.
EDGE: Final = 0.02
_FEWEST: Final = 3.0


@dataclass(frozen=True)
class ColorPairs:
    """Colours before and after, each (N, 3) sRGB-encoded, and how much each pair counts, (N,) with a sum of 1."""

    before: Array
    after: Array
    weight: Array

    def __len__(self) -> int:
        return len(self.weight)

    def some(self, most: int) -> ColorPairs:
        """At most so many of them, spread evenly over what they count."""
        if len(self) <= most:
            return self
        return self.take(_spread(self.weight, most))

    def take(self, places: NDArray[np.intp]) -> ColorPairs:
        """Those at these places."""
        weight = self.weight[places]
        return ColorPairs(self.before[places], self.after[places], weight / weight.sum())


def pairs_of(before: Picture, after: Picture, *, leave_out: Mask | None = None, exact: bool = False) -> ColorPairs:
    """The pairs of two aligned pictures (H, W, 3) float32, sRGB-encoded.

    Args:
        leave_out: (H, W), pixels that do not count: what was retouched by hand.
        exact: the after was made from the before pixel by pixel; then edges count like all else.
    """
    flat_before, flat_after = (picture.reshape(-1, 3).astype(np.float64) for picture in (before, after))
    calm = np.ones(len(flat_before)) if exact else (flatness(before) * flatness(after)).ravel().astype(np.float64)
    if leave_out is not None:
        calm = np.where(leave_out.ravel(), 0.0, calm)
    colour = np.clip(flat_before * STEPS, 0, STEPS - 1).astype(np.int64) @ np.array([STEPS * STEPS, STEPS, 1])
    count = np.bincount(colour, minlength=STEPS**3)
    used = np.flatnonzero(count)
    count, place = count[used], np.cumsum(count > 0)[colour] - 1
    middle = _averages(place, flat_after, calm, len(count))
    apart = np.abs(flat_after - middle[place]).sum(axis=1)
    usual = np.sqrt(_averages(place, apart[:, None] ** 2, calm, len(count))[:, 0])
    calm = np.where(apart <= 2.0 * usual[place] + 0.01, calm, 0.0)
    strength = np.bincount(place, calm, len(count))
    enough = strength >= min(_FEWEST, 0.5 * float(strength.mean()))
    weight = np.where(enough, strength, 0.0) ** SHARE * (count / np.maximum(strength, 1e-9)) ** (SHARE / 2)
    weight = np.where(enough, weight, 0.0)
    if not weight.sum() > 0:  # nothing is calm, as in noise: every pixel counts alike
        calm, weight = np.ones_like(calm), count.astype(np.float64)
    pairs = ColorPairs(
        _averages(place, flat_before, calm, len(count)),
        _averages(place, flat_after, calm, len(count)),
        weight / weight.sum(),
    )
    return pairs.take(np.flatnonzero(weight > 0)).some(MOST)


def flatness(picture: Picture) -> Picture:
    """How much each pixel (H, W) counts: 1 in a plain patch, less the more its neighbours differ."""
    luma = luma_of(picture)
    padded = np.pad(luma, 1, mode="edge")
    apart = np.zeros_like(luma)
    height, width = luma.shape
    for down, right in ((0, 1), (2, 1), (1, 0), (1, 2)):
        np.maximum(apart, np.abs(padded[down : down + height, right : right + width] - luma), out=apart)
    flat = 1 / (1 + (apart / np.float32(EDGE)) ** 2)
    return flat.astype(np.float32)


def luma_of(picture: Picture) -> Picture:
    """Rec. 709 luma (H, W) of encoded pixels (H, W, 3)."""
    luma: Picture = picture @ np.array(LUMINANCE, dtype=np.float32)
    return luma


def _averages(place: NDArray[np.int64], values: Array, weight: Array, count: int) -> Array:
    total = np.maximum(np.bincount(place, weight, count), 1e-12)
    return np.stack([np.bincount(place, weight * column, count) / total for column in values.T], axis=1)


def _spread(weight: Array, most: int) -> NDArray[np.intp]:
    """The heaviest half of `most`, and of the others every so many, so that rare colours have a say."""
    order = np.argsort(-weight, kind="stable")
    heavy, others = order[: most // 2], np.sort(order[most // 2 :])
    chosen = others[np.linspace(0, len(others) - 1, most - len(heavy)).astype(np.int64)]
    return np.sort(np.concatenate([heavy, np.unique(chosen)]))
