"""Before and after, side by side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...photo import ColorSpace, Photo

_LONG_SIDE = 1600  # pixels of each half: it is for looking at
_GAP = 0.01  # of the width of a half


def side_by_side(before: Photo, after: Photo, *, color_space: ColorSpace = "keep") -> Photo:
    """One picture of both, the photo on the left; in the colour space of the retouched one, without metadata."""
    side = min(_LONG_SIDE, max(after.width, after.height))
    left, right = before.resized(side), after.resized(side)
    left = left.with_working(left.working(), color_space=color_space)
    height = min(left.height, right.height)
    white = np.iinfo(right.pixels.dtype).max if right.pixels.dtype.kind == "u" else 1
    gap = np.full((height, max(2, round(_GAP * left.width)), 3), white, dtype=right.pixels.dtype)
    pixels = np.hstack((left.pixels[:height], gap, right.pixels[:height]))
    return replace(right, pixels=np.ascontiguousarray(pixels), alpha=None, exif=None, xmp=None)
