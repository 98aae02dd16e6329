"""What the tower is shown: the photo at 512 pixels on its short side, centred on a black square of 1024.

A square as large as the photo is long would take (512 x ratio)^2 pixels: 66 GB for a photo of 300 to 1. Beyond a ratio of 8 only the
rows that the photo reaches are made, and beyond 64 the photo is made smaller first; the pixels are those of the whole square.
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
    shown = _squared(image) if max(image.size) <= _WHOLE else _squared_by_rows(image)
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


def _squared_by_rows(image: Image.Image) -> Image.Image:
    """The same for a long picture: of the square only the rows that the filter draws from the picture."""
    if image.height > image.width:
        return _squared_by_rows(image.transpose(Image.Transpose.TRANSPOSE)).transpose(Image.Transpose.TRANSPOSE)
    side, top = image.width, (image.width - image.height) // 2
    scale = side / SIDE
    reach = _SUPPORT * scale
    first = max(0, floor((top - reach) / scale) - 1)
    last = min(SIDE, ceil((top + image.height + reach) / scale) + 1)
    above, below = max(0, floor(first * scale - reach)), min(side, ceil(last * scale + reach))
    rows = Image.new("RGB", (side, below - above))
    rows.paste(image, (0, top - above))
    box = (0, first * scale - above, side, last * scale - above)
    shown = Image.new("RGB", (SIDE, SIDE))
    shown.paste(rows.resize((SIDE, last - first), Image.Resampling.BICUBIC, box=box), (0, first))
    return shown
