"""What the tower is shown of thin photos: the same pixels as of the whole square, without its memory."""

import numpy as np
import pytest
import torch
from peak import peak_memory
from PIL import Image

from veraretouch import Photo
from veraretouch.planners.vera.picture import picture_of


def noise(height, width):
    return Photo(np.random.default_rng(height * width).integers(0, 256, (height, width, 3), np.uint8))


def by_the_whole_square(photo):
    """The published preparation, whatever it costs."""
    image = Image.fromarray(photo.pixels)
    width, height = image.size
    scale = 512 / min(width, height)
    size = (512, int(height * scale)) if width <= height else (int(width * scale), 512)
    image = image.resize(size, Image.Resampling.LANCZOS)
    square = Image.new("RGB", (max(size), max(size)))
    square.paste(image, ((max(size) - size[0]) // 2, (max(size) - size[1]) // 2))
    shown = np.array(square.resize((1024, 1024), Image.Resampling.BICUBIC))
    return torch.from_numpy(shown).permute(2, 0, 1).float() / 255


@pytest.mark.parametrize(("height", "width"), [(40, 60), (100, 100), (333, 47), (50, 400)])
def test_ordinary_photos_are_prepared_as_published(height, width):
    photo = noise(height, width)
    assert torch.equal(picture_of(photo), by_the_whole_square(photo))


@pytest.mark.parametrize(("height", "width"), [(7, 64), (200, 13), (3, 61), (90, 7)])
def test_thin_photos_are_prepared_to_the_same_pixels(height, width):
    photo = noise(height, width)
    assert torch.equal(picture_of(photo), by_the_whole_square(photo))


def test_the_thinnest_photos_keep_their_place_and_their_colour():
    shown = picture_of(Photo(np.full((1, 300, 3), (255, 128, 0), np.uint8)))
    rows = shown.sum(dim=(0, 2)).nonzero().flatten()
    assert 505 <= int(rows.min()) <= int(rows.max()) <= 518
    light = shown.sum(dim=(1, 2)) / 1024**2
    # 1/300 of the square, to the rounding of 109 lines to 109.2.
    assert float(light[0]) == pytest.approx(1 / 300, rel=0.05)
    assert float(light[1] / light[0]) == pytest.approx(128 / 255, rel=0.05)
    assert float(light[2]) == 0


def test_a_photo_of_300_to_1_takes_no_more_memory_than_others():
    script = (
        "import sys, numpy as np; from veraretouch import Photo; "
        "from veraretouch.planners.vera.picture import picture_of; "
        "sizes = iter(map(int, sys.argv[1:])); "
        "[picture_of(Photo(np.full((height, width, 3), 90, np.uint8))) for height, width in zip(sizes, sizes)]"
    )
    ordinary = (500, 4000)
    assert peak_memory(script, *ordinary, 1, 300, 30_000, 1) < peak_memory(script, *ordinary) + 150 * 2**20
