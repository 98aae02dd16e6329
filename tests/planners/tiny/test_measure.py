"""What the network is given: the same of a photo at any size, within bounds, a row by itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from veraretouch.core.photo import Photo, as_photo
from veraretouch.planners.tiny.measure import SIDE, features, seen
from veraretouch.planners.tiny.network import FEATURES
from veraretouch.planners.tiny.statistics import SIZE


def test_a_photo_is_seen_as_a_square_within_bounds(photos: list[Photo]) -> None:
    for photo in photos:
        found = seen(photo)
        assert found.shape == (1, 3, SIDE, SIDE)
        assert 0 <= float(found.min()) <= float(found.max()) <= 1


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (900, 3)])
def test_any_size_is_measured(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).random((*size, 3), dtype=np.float32)
    measured, shares = features(seen(as_photo(pixels)))
    assert measured.shape == (1, FEATURES)
    assert measured.isfinite().all()
    assert shares.shape == (1, 9, 96, 96)


def test_a_photo_of_half_the_size_measures_alike(photos: list[Photo]) -> None:
    picture = Image.fromarray(photos[0].array() if photos[0].array().dtype == np.uint8 else None)
    half = picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.BOX)
    large, small = (features(seen(as_photo(np.asarray(each))))[0] for each in (picture, half))
    assert float((large - small)[:, :SIZE].abs().mean()) < 0.02


def test_a_row_does_not_depend_on_the_others(photos: list[Photo]) -> None:
    rows = torch.cat([seen(photo) for photo in photos[:3]])
    assert torch.allclose(features(rows)[0][1:2], features(rows[1:2])[0], atol=1e-4)
