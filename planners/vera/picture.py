"""What the tower is shown: the photo at 512 pixels on its short side, centred on a black square of 1024."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ...core.photo import Photo
from ...core.photo.color.encoding import to_depth, to_working
from .tower import SIDE

SHORT = 512


def picture_of(photo: Photo) -> Tensor:
    """A photo as (3, 1024, 1024) in [0, 1], upright and in sRGB."""
    image = Image.fromarray(np.ascontiguousarray(to_depth(photo.pixels, np.uint8)))
    width, height = image.size
    scale = SHORT / min(width, height)
    size = (SHORT, int(height * scale)) if width <= height else (int(width * scale), SHORT)
    image = image.resize(size, Image.Resampling.LANCZOS)
    if photo.profile is not None:
        image = Image.fromarray(to_depth(to_working(np.asarray(image), photo.profile).clip(0, 1), np.uint8))
    side = max(size)
    square = Image.new("RGB", (side, side))
    square.paste(image, ((side - size[0]) // 2, (side - size[1]) // 2))
    shown = square.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return torch.from_numpy(np.array(shown)).permute(2, 0, 1).float() / 255
