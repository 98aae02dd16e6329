"""What the tower is shown: the photo at 512 pixels on its short side, centred on a black square of 1024.

A square as large as the photo is long would take (512 x ratio)^2 pixels: 66 GB for a photo of 300 to 1. Beyond a ratio
of 8 only the part that the photo reaches is made, and beyond 64 the photo is made smaller first; the pixels are those
of the whole square.
"""

from __future__ import annotations

from math import ceil, floor
from typing import Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ...core.photo import Photo
from ...core.photo.color.encoding import to_depth, to_working
from .tower import SIDE

SHORT: Final = 512
# Squares up to so many times the short side are made whole, as published.
_WHOLE: Final = 8
# No photo is made longer than so many times its short side.
_LONGEST: Final = 64
_SUPPORT: Final = 2  # of a bicubic filter, in pixels of the smaller picture


def picture_of(photo: Photo, side: int = SIDE) -> Tensor:
    """A photo as (3, side, side) in [0, 1], upright and in sRGB; another side than 1024 scales all lengths."""
    short = short_edge(side)
    image = Image.fromarray(np.ascontiguousarray(to_depth(photo.pixels, np.uint8)))
    image = image.resize(_size(*image.size, short), Image.Resampling.LANCZOS)
    if photo.profile is not None:
        image = Image.fromarray(to_depth(to_working(np.asarray(image), photo.profile).clip(0, 1), np.uint8))
    shown = _squared(image, side) if max(image.size) <= _WHOLE * short else _squared_in_part(image, side)
    return torch.from_numpy(np.array(shown)).permute(2, 0, 1).float() / 255


def short_edge(side: int) -> int:
    """Pixels of the photo's short edge, before it is centred, for a picture of so many pixels a side."""
    return max(1, SHORT * side // SIDE)


def _size(width: int, height: int, short: int) -> tuple[int, int]:
    """Width and height with `short` pixels on the short side, the other truncated; less where that is too long."""
    scale = short / min(width, height)
    if max(width, height) * scale > _LONGEST * short:
        scale = _LONGEST * short / max(width, height)
        return max(1, int(width * scale)), max(1, int(height * scale))
    return (short, int(height * scale)) if width <= height else (int(width * scale), short)


def _squared(image: Image.Image, shown: int) -> Image.Image:
    """The picture centred on a black square, at so many pixels a side."""
    side = max(image.size)
    square = Image.new("RGB", (side, side))
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return square.resize((shown, shown), Image.Resampling.BICUBIC)


def _squared_in_part(image: Image.Image, shown: int) -> Image.Image:
    """The same for a long picture: of the square only the rows, or columns, that the filter draws from the picture."""
    wide = image.width > image.height
    side, thick = max(image.size), min(image.size)
    start, scale = (side - thick) // 2, side / shown
    reach = _SUPPORT * scale
    first = max(0, floor((start - reach) / scale) - 1)
    last = min(shown, ceil((start + thick + reach) / scale) + 1)
    before, after = max(0, floor(first * scale - reach)), min(side, ceil(last * scale + reach))

    def across(long: int, short: int) -> tuple[int, int]:
        return (long, short) if wide else (short, long)

    part = Image.new("RGB", across(side, after - before))
    part.paste(image, across(0, start - before))
    begin, end = first * scale - before, last * scale - before
    # Across, then down, each rounded to bytes: the order in which Pillow resizes a square.
    if wide:
        part = part.resize((shown, part.height), Image.Resampling.BICUBIC)
        part = part.resize((shown, last - first), Image.Resampling.BICUBIC, box=(0, begin, shown, end))
    else:
        part = part.resize((last - first, side), Image.Resampling.BICUBIC, box=(begin, 0, end, side))
        part = part.resize((last - first, shown), Image.Resampling.BICUBIC)
    square = Image.new("RGB", (shown, shown))
    square.paste(part, across(0, first))
    return square
