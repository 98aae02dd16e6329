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
# Squares up to this side are made whole, as published.
_WHOLE: Final = 8 * SHORT
# No photo is made longer than this.
_LONGEST: Final = 64 * SHORT
_SUPPORT: Final = 2  # of a bicubic filter, in pixels of the smaller picture


def picture_of(photo: Photo) -> Tensor:
    """A photo as (3, 1024, 1024) in [0, 1], upright and in sRGB."""
    image = Image.fromarray(np.ascontiguousarray(to_depth(photo.pixels, np.uint8)))
    image = image.resize(_size(*image.size), Image.Resampling.LANCZOS)
    if photo.profile is not None:
        image = Image.fromarray(to_depth(to_working(np.asarray(image), photo.profile).clip(0, 1), np.uint8))
    shown = _squared(image) if max(image.size) <= _WHOLE else _squared_in_part(image)
    return torch.from_numpy(np.array(shown)).permute(2, 0, 1).float() / 255


def _size(width: int, height: int) -> tuple[int, int]:
    """Width and height with 512 pixels on the short side, the other truncated; less where that would be too long."""
    scale = SHORT / min(width, height)
    if max(width, height) * scale > _LONGEST:
        scale = _LONGEST / max(width, height)
        return max(1, int(width * scale)), max(1, int(height * scale))
    return (SHORT, int(height * scale)) if width <= height else (int(width * scale), SHORT)


def _squared(image: Image.Image) -> Image.Image:
    """The picture centred on a black square, at 1024 pixels."""
    side = max(image.size)
    square = Image.new("RGB", (side, side))
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return square.resize((SIDE, SIDE), Image.Resampling.BICUBIC)


def _squared_in_part(image: Image.Image) -> Image.Image:
    """The same for a long picture: of the square only the rows, or columns, that the filter draws from the picture."""
    wide = image.width > image.height
    side, thick = max(image.size), min(image.size)
    start, scale = (side - thick) // 2, side / SIDE
    reach = _SUPPORT * scale
    first = max(0, floor((start - reach) / scale) - 1)
    last = min(SIDE, ceil((start + thick + reach) / scale) + 1)
    before, after = max(0, floor(first * scale - reach)), min(side, ceil(last * scale + reach))

    def across(long: int, short: int) -> tuple[int, int]:
        return (long, short) if wide else (short, long)

    part = Image.new("RGB", across(side, after - before))
    part.paste(image, across(0, start - before))
    begin, end = first * scale - before, last * scale - before
    # Across, then down, each rounded to bytes: the order in which Pillow resizes a square.
    if wide:
        part = part.resize((SIDE, part.height), Image.Resampling.BICUBIC)
        part = part.resize((SIDE, last - first), Image.Resampling.BICUBIC, box=(0, begin, SIDE, end))
    else:
        part = part.resize((last - first, side), Image.Resampling.BICUBIC, box=(begin, 0, end, side))
        part = part.resize((last - first, SIDE), Image.Resampling.BICUBIC)
    shown = Image.new("RGB", (SIDE, SIDE))
    shown.paste(part, across(0, first))
    return shown
