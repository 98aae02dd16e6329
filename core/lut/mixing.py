"""Two pictures mixed by a mask, and the rectangles of a picture that masks cover."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch

from ..photo.color.encoding import Floats

Box = tuple[slice, slice]
"""Rows and columns of a rectangle."""


def mixed(low: Floats, high: Floats, mask: Floats) -> Floats:
    """`low` (H, W, 3) where a mask (H, W) is 0, `high` where it is 1, in the memory of `low`. A mask that is broadcast
    along rows or columns takes less time.
    """
    told = _told(mask)
    # Spread over the channels, a mask lets torch work on rows at a time and not on three numbers at a time.
    spread = told[..., None] if told.shape[1] == 1 else np.repeat(told, 3, axis=1).reshape(*told.shape, 3)
    torch.from_numpy(low).lerp_(torch.from_numpy(high), torch.from_numpy(spread))
    return low


def _told(mask: Floats) -> Floats:
    """A mask (H, W), of what is broadcast along rows or columns one alone."""
    rows, columns = (slice(0, 1) if stride == 0 else slice(None) for stride in mask.strides)
    return mask[rows, columns].copy()


class Patch(NamedTuple):
    """What a mask covers of a picture: the mask within a rectangle; beyond it is 0."""

    mask: Floats
    box: Box

    @classmethod
    def of(cls, mask: Floats, top: int, left: int) -> Patch | None:
        """What a mask (H, W) covers whose first pixel lies at a corner; None where that is nothing."""
        box = covered(mask)
        return None if box is None else cls(mask[box], (_later(box[0], top), _later(box[1], left)))

    def within(self, cell: Box) -> Floats:
        """The mask over a part of the rectangle."""
        rows, columns = (_later(part, -whole.start) for part, whole in zip(cell, self.box, strict=True))
        return self.mask[rows, columns]


def covered(mask: Floats) -> Box | None:
    """The rows and columns of a mask (H, W) beyond which it is 0; None where it is 0 everywhere."""
    spans = []
    for axis in (1, 0):
        (found,) = np.nonzero(np.broadcast_to(_told(mask).any(axis=axis), mask.shape[1 - axis]))
        if not len(found):
            return None
        spans.append(slice(int(found[0]), int(found[-1]) + 1))
    return spans[0], spans[1]


def cells(boxes: Mapping[int, Box], height: int, width: int) -> Iterator[tuple[Box, tuple[int, ...]]]:
    """Rectangles that make up a picture, each with the keys of the boxes that cover it wholly; no box covers it in
    part.
    """
    for rows in _cut(height, [box[0] for box in boxes.values()]):
        here = {key: box[1] for key, box in boxes.items() if _within(rows, box[0])}
        for columns in _cut(width, here.values()):
            yield (rows, columns), tuple(key for key, across in here.items() if _within(columns, across))


def span(first: float, last: float, pixels: int) -> slice:
    """The pixels between two shares of a side, and one at either end for rounding."""
    return slice(max(0, math.floor(first * pixels) - 1), min(pixels, math.ceil(last * pixels) + 1))


def _cut(length: int, spans: Collection[slice]) -> Iterator[slice]:
    """From 0 to a length, in slices that end where a span begins or ends."""
    ends = {0, length, *(span.start for span in spans), *(span.stop for span in spans)}
    yield from (slice(first, last) for first, last in pairwise(sorted(ends)))


def _within(part: slice, span: slice) -> bool:
    return bool(span.start <= part.start and part.stop <= span.stop)


def _later(part: slice, by: int) -> slice:
    return slice(part.start + by, part.stop + by)
