"""Before and after, side by side: the photo on the left, as large as it is looked at."""

import numpy as np
import pytest

from veraretouch import Photo
from veraretouch.core.cli.batch.compare import side_by_side


def flat(level, height=30, width=40, dtype=np.uint8):
    return Photo(np.full((height, width, 3), level, dtype=dtype))


@pytest.mark.parametrize(("dtype", "white"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1)])
def test_both_stand_beside_each_other_with_a_white_gap(dtype, white):
    both = side_by_side(flat(0, dtype=dtype), flat(1, dtype=dtype))
    assert both.pixels.shape == (30, 82, 3)
    assert (both.pixels[:, :40] == 0).all()
    assert (both.pixels[:, 40:42] == white).all()
    assert (both.pixels[:, 42:] == 1).all()


def test_they_are_at_most_1600_pixels_wide_each_and_equally_high():
    both = side_by_side(flat(10, 20, 3200), flat(20, 10, 1600))
    assert both.pixels.shape == (10, 1600 + 16 + 1600, 3)
    assert both.exif is None
    assert both.xmp is None
    assert both.alpha is None
