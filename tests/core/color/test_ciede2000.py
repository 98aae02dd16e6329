"""CIEDE2000 agrees with published pairs and with scikit-image."""

import numpy as np
import pytest
import torch
from skimage import color

from veraretouch.core.color.ciede2000 import _difference, ciede2000

# Sharma, Wu and Dalal (2005), table 1: pairs that each catch a common mistake (hue across 360 degrees,
# a grey beside a colour, the blue turn).
PAIRS = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0009), 7.1792),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0011), 7.2195),
    ((50.0, -0.001, 2.49), (50.0, 0.0009, -2.49), 4.8045),
    ((50.0, 2.5, 0.0), (50.0, 0.0, -2.5), 4.3065),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
    ((90.8027, -2.0831, 1.441), (91.1528, -1.6435, 0.0447), 1.4441),
    ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("one", "two", "expected"), PAIRS)
def test_published_pairs(one, two, expected) -> None:
    found = _difference(torch.tensor(one, dtype=torch.float64), torch.tensor(two, dtype=torch.float64))
    assert float(found) == pytest.approx(expected, abs=6e-5)


def test_pictures_agree_with_scikit_image() -> None:
    rng = np.random.default_rng(0)
    a = rng.random((2000, 3))
    b = np.clip(a + rng.normal(0, 0.1, a.shape) * (rng.random((2000, 1)) < 0.7), 0, 1)
    expected = color.deltaE_ciede2000(color.rgb2lab(a), color.rgb2lab(b))
    # Their white is D65 to four digits, ours the sum of the matrix.
    np.testing.assert_allclose(ciede2000(torch.tensor(a), torch.tensor(b)).numpy(), expected, rtol=1e-3, atol=5e-3)


def test_the_same_colour_differs_by_nothing_and_order_does_not_matter() -> None:
    a, b = torch.rand(100, 3), torch.rand(100, 3)
    assert float(ciede2000(a, a).max()) == 0
    torch.testing.assert_close(ciede2000(a, b), ciede2000(b, a))
