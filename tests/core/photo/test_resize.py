"""Downscaling at every depth: sizes, Pillow's own Lanczos, no bleeding of hidden colour, no overshoot."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from veraretouch.core.photo.resize import fitted, resize

DEPTHS = {"uint8": 255, "uint16": 65535, "float32": 1}


def picture(dtype: str, height: int = 90, width: int = 150) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    values = np.stack([x / width, y / height, 0.5 + 0.5 * np.sin(x / 9) * np.cos(y / 7)], axis=-1)
    scale = DEPTHS[dtype]
    return (np.rint(values * scale) if scale > 1 else values).astype(dtype)


@pytest.mark.parametrize(
    ("shape", "side", "size"),
    [((90, 150), 50, (30, 50)), ((150, 90), 50, (50, 30)), ((1, 400), 50, (1, 50)), ((7, 7), 7, (7, 7))],
)
def test_the_longer_side_is_as_asked_for_and_none_vanishes(shape, side, size):
    done, alpha = fitted(picture("uint8", *shape), None, side)
    assert done.shape[:2] == size
    assert alpha is None


@pytest.mark.parametrize("dtype", DEPTHS)
def test_a_small_reduction_is_pillows_lanczos_at_every_depth(dtype):
    given, scale = picture(dtype), DEPTHS[dtype]
    done, _ = resize(given, None, (75, 45))
    for channel in range(3):
        plane = Image.fromarray(given[..., channel].astype(np.float32))
        wanted = np.clip(np.array(plane.resize((75, 45), Image.Resampling.LANCZOS)), 0, scale)
        assert np.abs(done[..., channel] - wanted).max() <= (1 if scale > 1 else 1e-5) + (1 if dtype == "uint8" else 0)
    assert done.dtype == given.dtype


@pytest.mark.parametrize("dtype", DEPTHS)
def test_a_large_reduction_by_boxes_first_is_nearly_that_of_the_whole(dtype):
    given, scale = picture(dtype, 900, 1500), DEPTHS[dtype]
    done, _ = resize(given, None, (75, 45))
    wanted = np.stack(
        [
            np.array(Image.fromarray(given[..., c].astype(np.float32)).resize((75, 45), Image.Resampling.LANCZOS))
            for c in range(3)
        ],
        axis=-1,
    )
    assert np.abs(done - wanted).max() / scale < 0.02


def test_strips_side_by_side_are_the_same_picture():
    given = picture("uint8", 1504, 1600)
    done, _ = resize(given, None, (100, 94))
    crop, _ = resize(given[:800], None, (100, 50))
    assert np.abs(done[:45].astype(int) - crop[:45]).max() <= 2


def test_the_colour_under_transparent_pixels_does_not_bleed():
    pixels = np.zeros((40, 40, 3), np.uint8)
    pixels[:, :20], pixels[:, 20:] = (0, 200, 0), (255, 0, 0)
    alpha = np.zeros((40, 40), np.uint8)
    alpha[:, :20] = 255
    done, small = resize(pixels, alpha, (10, 10))
    seen = small > 20
    assert seen.any()
    assert done[seen][:, 0].max() <= 2
    assert done[seen][:, 1].min() >= 197
    plain, _ = resize(pixels, None, (10, 10))
    assert plain[seen][:, 0].max() > 2


def test_alpha_keeps_its_own_depth_and_hidden_pixels_their_colour():
    pixels, alpha = np.full((20, 20, 3), 0.25, np.float32), np.zeros((20, 20), np.uint16)
    done, small = resize(pixels, alpha, (5, 5))
    assert small.dtype == np.uint16
    assert float(np.abs(done - 0.25).max()) < 1e-6


def test_lanczos_does_not_overshoot_the_range_of_integers_or_of_the_floats_that_came():
    edge = np.zeros((40, 40, 3), np.float32)
    edge[:, 20:] = 0.5
    done, _ = resize(edge, None, (21, 21))
    assert done.min() == 0
    assert done.max() == 0.5
    done, _ = resize((edge * 2 * 65535).astype(np.uint16), None, (21, 21))
    assert (done.min(), done.max()) == (0, 65535)
