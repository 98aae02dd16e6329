"""Which capsule of a brush stroke is strongest where: within boxes of pixels, without gradients."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""Points (n, 6) of strokes, a row each: x, y and radius in pixels of a grid, hardness, flow, joined."""


class Box(NamedTuple):
    """Pixels from `top` and `left` to before `bottom` and `right`."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def rows(self) -> slice:
        return slice(self.top, self.bottom)

    @property
    def columns(self) -> slice:
        return slice(self.left, self.right)

    @property
    def area(self) -> int:
        """How many pixels it holds."""
        return (self.bottom - self.top) * (self.right - self.left)


class Painted(NamedTuple):
    """What a stroke paints: `paint` in [0, 1] in a `box`, and at each pixel the `winner`, the index of the point where
    the strongest capsule begins, -1 where none reaches.
    """

    box: Box
    paint: NDArray[np.float64]
    winner: NDArray[np.int64]


def strokes_of(joined: NDArray[np.float64]) -> Iterator[tuple[int, int]]:
    """First point, and the one after the last, of each stroke: a point that is not joined to the one before begins
    one.
    """
    starts = [0, *(int(i) for i in np.flatnonzero(joined[1:] < 0.5) + 1), len(joined)]
    yield from pairwise(starts)


def boxes_of(points: Points, size: tuple[int, int]) -> Iterator[Box]:
    """What is looked at for strokes: the box of each capsule, and that of each stroke."""
    for first, last in strokes_of(points[:, 5]):
        boxes = [box for box in _capsules(points[first:last], size) if box is not None]
        yield from boxes
        if boxes:
            yield _around(boxes)


def strongest(points: Points, size: tuple[int, int], softest: float) -> Painted | None:
    """What one stroke's points (k, 6) paint on a grid; None where that is nothing.

    Args:
        softest: the width of the hardest edge, in pixels.
    """
    capsules = _capsules(points, size)
    known = [box for box in capsules if box is not None]
    if not known:
        return None
    if len(known) == len(capsules) == 1:
        paint = _paint(points[0], points[-1], known[0], softest)
        return Painted(known[0], paint, np.where(paint > 0, 0, -1))
    whole = _around(known)
    shape = whole.bottom - whole.top, whole.right - whole.left
    best, winner = np.zeros(shape), np.full(shape, -1, dtype=np.int64)
    for index, box in enumerate(capsules):
        if box is None:
            continue
        paint = _paint(points[index], points[min(index + 1, len(points) - 1)], box, softest)
        place = slice(box.top - whole.top, box.bottom - whole.top), slice(box.left - whole.left, box.right - whole.left)
        stronger = paint > best[place]
        np.copyto(best[place], paint, where=stronger)
        winner[place][stronger] = index
    return Painted(whole, best, winner)


def _around(boxes: list[Box]) -> Box:
    tops, bottoms, lefts, rights = zip(*boxes, strict=True)
    return Box(min(tops), max(bottoms), min(lefts), max(rights))


def _capsules(points: Points, size: tuple[int, int]) -> list[Box | None]:
    """The box of each capsule of a stroke, by the point where it begins; None for what paints nothing there."""
    ends = points[1:] if len(points) > 1 else points
    starts = points[: len(ends)]
    reach = np.maximum(starts[:, 2], ends[:, 2])
    found: list[Box | None] = []
    strong = (reach > 0) & (np.maximum(starts[:, 4], ends[:, 4]) > 0)
    low = np.minimum(starts[:, :2], ends[:, :2]) - reach[:, None]
    high = np.maximum(starts[:, :2], ends[:, :2]) + reach[:, None]
    lefts, tops = np.clip(np.floor(low), 0, [size[1], size[0]]).astype(int).T
    rights, bottoms = np.clip(np.ceil(high) + 1, 0, [size[1], size[0]]).astype(int).T
    for index in range(len(ends)):
        box = Box(int(tops[index]), int(bottoms[index]), int(lefts[index]), int(rights[index]))
        found.append(box if strong[index] and box.top < box.bottom and box.left < box.right else None)
    return found


def _paint(start: Points, end: Points, box: Box, softest: float) -> NDArray[np.float64]:
    """How strongly one capsule paints in its box."""
    dx, dy, wider, harder, stronger, _ = end - start
    across = np.arange(box.left, box.right) - start[0]
    down = np.arange(box.top, box.bottom)[:, None] - start[1]
    along = np.clip((across * dx + down * dy) / (dx * dx + dy * dy + 1e-6), 0, 1)
    distance = np.sqrt((across - along * dx) ** 2 + (down - along * dy) ** 2)
    reach = np.maximum(start[2] + along * wider, 1e-3)
    inner = np.clip(np.minimum(start[3] + along * harder, 1 - softest / reach), 0, 0.999)
    t = np.clip((distance / reach - inner) / (1 - inner), 0, 1)
    return np.asarray((start[4] + along * stronger) * (1 - t * t * (3 - 2 * t)))
