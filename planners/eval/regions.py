"""Errors by region: what of a picture is sky, skin, foliage and so on, and how far each lies from the wanted one.

The regions are those that the scene network sees in the target, lifted to its size along its edges. A pixel belongs to
a region where that has the larger half of it; pixels of no region count in none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from ...core.color.ciede2000 import ciede2000
from ...core.photo import as_photo
from ..scene.network import CLASSES
from ..scene.scene import scene_of
from .data import Picture

REGIONS: Final = tuple(name for name in CLASSES if name != "other")
LEAST: Final = 0.005
"""A region that fills less of a picture is not judged: it may be a mistake."""

Masks = Mapping[str, NDArray[np.bool_]]


def regions_of(picture: Picture) -> Masks:
    """The pixels (H, W) of each region that a picture (H, W, 3) uint8 shows enough of."""
    rgb = torch.from_numpy(picture.astype(np.float32).transpose(2, 0, 1)[None] / 255)
    lifted = scene_of(as_photo(picture)).lifted(rgb, REGIONS).numpy()
    masks = {name: share > 0.5 for name, share in zip(REGIONS, lifted, strict=True)}
    return {name: mask for name, mask in masks.items() if mask.mean() >= LEAST}


def differences(done: Picture, wanted: Picture, masks: Masks) -> dict[str, float]:
    """The mean CIEDE2000 of each region's pixels of pictures (H, W, 3) uint8."""
    pairs = {
        name: [torch.from_numpy(picture[mask] / 255) for picture in (done, wanted)] for name, mask in masks.items()
    }
    return {name: float(ciede2000(*pair).mean()) for name, pair in pairs.items()}
