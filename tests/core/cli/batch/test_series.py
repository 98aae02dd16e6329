"""A series goes by its photo of median lightness, the darker of two in the middle."""

import itertools

import numpy as np
import pytest

from veraretouch import Photo
from veraretouch.core.cli.batch.series import lightness, median_photo


@pytest.fixture
def shades(tmp_path):
    """Four photos, darkest first."""
    paths = []
    for name, level in zip("abcd", (20, 80, 140, 230), strict=True):
        Photo(np.full((6, 8, 3), level, dtype=np.uint8)).save(tmp_path / f"{name}.png")
        paths.append(tmp_path / f"{name}.png")
    return paths


def test_the_median_is_the_middle_in_whatever_order_they_come(shades):
    for three in itertools.permutations(shades[:3]):
        assert median_photo(three, jobs=1, max_pixels=None) == shades[1]
    assert median_photo(shades[1:], jobs=1, max_pixels=None) == shades[2]


def test_of_two_in_the_middle_the_darker_one_is_taken(shades):
    assert median_photo(shades[::-1], jobs=1, max_pixels=None) == shades[1]
    assert median_photo(shades[2:], jobs=1, max_pixels=None) == shades[2]


def test_of_equal_ones_the_first_given_is_taken(shades):
    twin = shades[0].with_name("z.png")
    twin.write_bytes(shades[0].read_bytes())
    assert median_photo([twin, shades[0]], jobs=1, max_pixels=None) == twin


def test_what_cannot_be_read_or_is_too_large_does_not_count(shades, tmp_path):
    (tmp_path / "bad.png").write_text("text")
    assert median_photo([tmp_path / "bad.png", shades[3]], jobs=1, max_pixels=None) == shades[3]
    assert median_photo(shades, jobs=1, max_pixels=10) is None


def test_lightness_is_cie_lightness_in_percent():
    for level, expected in ((0, 0.0), (255, 100.0), (119, 50.0)):
        flat = Photo(np.full((4, 4, 3), level, dtype=np.uint8))
        assert lightness(flat) == pytest.approx(expected, abs=0.3)
