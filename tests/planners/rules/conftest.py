"""Real photos, and a way to spoil them with our own ops."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import veraretouch as vr

PHOTOS = Path(__file__).parents[2] / "data" / "photos"

Picture = NDArray[np.uint8]
Edit = Callable[[Picture, dict[str, object]], Picture]


@pytest.fixture(scope="session")
def pictures() -> dict[str, Picture]:
    """The sample photos by name: (H, W, 3) in sRGB."""
    return {path.stem: np.asarray(Image.open(path).convert("RGB")) for path in sorted(PHOTOS.glob("*.jpg"))}


@pytest.fixture(scope="session")
def edited() -> Edit:
    """The picture after exact values: ``edited(picture, {"exposure.ev": -1})``."""
    retoucher = vr.zoo.load("rules")
    return lambda rgb, params: np.asarray(retoucher(rgb, params=params).image)
