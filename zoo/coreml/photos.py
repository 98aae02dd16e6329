"""Photos that come with veraretouch, as what packages are judged on."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor

Array = np.ndarray[Any, Any]
PHOTOS: Final = ("flower.jpg", "lake.jpg", "night.jpg", "portrait.jpg")


@cache
def _photo(name: str, side: int) -> Array:
    with files("veraretouch.core.testing").joinpath("photos", name).open("rb") as file:
        return np.asarray(
            Image.open(file, formats=["JPEG"]).convert("RGB").resize((side, side), Image.Resampling.LANCZOS)
        )


def mosaic(side: int, *, first: int = 0) -> Array:
    """Four photos in a square (1, 3, side, side), uint8; `first` turns them round."""
    tiles = [_photo(PHOTOS[(first + place) % 4], side // 2) for place in range(4)]
    rows = np.concatenate([np.concatenate(tiles[:2], axis=1), np.concatenate(tiles[2:], axis=1)])
    return np.ascontiguousarray(rows.transpose(2, 0, 1)[None])


def sample(side: int = 64) -> Tensor:
    """Some colours of photos, (1, 3, side, side) in [0, 1]: what latents are judged on."""
    return torch.from_numpy(mosaic(side)).float() / 255
