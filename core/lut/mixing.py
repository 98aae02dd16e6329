"""Two pictures mixed by a mask, and the rectangles of a picture that masks cover."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

import numpy as np
import torch

from ..photo.color.encoding import Floats

Box = tuple[slice, slice]
"""Rows and columns of a rectangle."""


def mixed(low: Floats, high: Floats, mask: Floats) -> Floats:
    """`low` (H, W, 3) where a mask (H, W) is 0, `high` where it is 1, in the memory of `low`."""
    # Spread over the channels, a mask lets torch work on rows at a time and not on three numbers at a time.
    spread = np.repeat(mask, 3, axis=1).reshape(low.shape)
    torch.from_numpy(low).lerp_(torch.from_numpy(high), torch.from_numpy(spread))
    return low


def covered(mask: Floats) -> Box | None:
    """The rows and columns of a mask (H, W) beyond which it is 0; None where it is 0 everywhere."""
    spans = []
    for axis in (1, 0):
        (found,) = np.nonzero(mask.any(axis=axis))
        if not len(found):
            return None
        spans.append(slice(int(found[0]), int(found[-1]) + 1))
    return spans[0], spans[1]


def cells(boxes: Sequence[Box], height: int, width: int) -> Iterator[tuple[Box, tuple[int, ...]]]:
    """Rectangles that make up a picture, each with the indices of the boxes that cover it wholly; no box covers it in
    part.
    """
    for rows in _cut(height, [box[0] for box in boxes]):
        here = [index for index, box in enumerate(boxes) if _within(rows, box[0])]
        for columns in _cut(width, [boxes[index][1] for index in here]):
            yield (rows, columns), tuple(index for index in here if _within(columns, boxes[index][1]))


def _cut(length: int, spans: Collection[slice]) -> Iterator[slice]:
    """From 0 to a length, in slices that end where a span begins or ends."""
    ends = {0, length, *(span.start for span in spans), *(span.stop for span in spans)}
    yield from (slice(first, last) for first, last in pairwise(sorted(ends)))


def _within(part: slice, span: slice) -> bool:
    return bool(span.start <= part.start and part.stop <= span.stop)
