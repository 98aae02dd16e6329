"""A small `tiny` whose head was filled by chance, and a few photos."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from veraretouch.core.photo import Photo, open_photo
from veraretouch.planners.tiny.planner import Tiny

PHOTOS = Path(__file__).parents[2] / "data" / "photos"


@pytest.fixture(scope="session")
def tiny() -> Tiny:
    """The planner that is installed, with its trained weights."""
    return Tiny()


@pytest.fixture
def photos() -> list[Photo]:
    """Photos of skin, sky, foliage, night."""
    names = ("kodak-08", "kodak-22", "skimage-rocket", "pop-os-ng-32703")
    return [open_photo(PHOTOS / f"{name}.jpg") for name in names]


@pytest.fixture
def spoilt(photos: list[Photo]) -> list[Photo]:
    """The same, three stops too dark or one too bright, and cast."""
    from veraretouch.core.photo import as_photo
    from veraretouch.planners.training.spoilings import spoil

    faults = torch.tensor([[-2.0, 0, 0, 0, 0], [1.0, 0, 0, 0, 0], [0, 0.8, -0.6, 0, 0], [0, 0, 0, -0.9, -1.0]])
    made = []
    for photo, row in zip(photos, faults, strict=True):
        pixels = spoil(photo.tensor()[None], row[None])[0].permute(1, 2, 0).numpy()
        made.append(as_photo(pixels))
    return made
