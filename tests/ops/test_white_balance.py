"""White balance against colour-science."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from lazily import colour

from veraretouch.core.color.planes import planes_of
from veraretouch.core.color.srgb import luminance, srgb_to_linear
from veraretouch.ops.white_balance import adaptation, planckian_xy, white

# One worker imports colour-science.
pytestmark = pytest.mark.xdist_group("colour")


def test_the_locus_is_that_of_colour_science_over_its_whole_range():
    kelvin = np.linspace(1700, 25000, 500)
    ours = planckian_xy(torch.from_numpy(1e6 / kelvin)).numpy()
    assert np.abs(ours - colour.temperature.CCT_to_xy_Kang2002(kelvin)).max() < 1e-9


@pytest.mark.parametrize(
    ("kelvin", "x", "y"),
    [
        (2000, 0.5267, 0.4133),
        (2856, 0.4475, 0.4075),
        (4000, 0.3805, 0.3768),
        (6504, 0.3135, 0.3236),
        (1e4, 0.2806, 0.2883),
    ],
)
def test_the_locus_passes_through_known_black_bodies(kelvin, x, y):
    """Wyszecki and Stiles, Color Science (1982), table 1(3.11); the approximation is good to 0.001."""
    assert planckian_xy(torch.tensor([1e6 / kelvin], dtype=torch.float64))[0].tolist() == pytest.approx(
        [x, y], abs=1e-3
    )


@pytest.mark.parametrize(("temperature", "tint"), [(0.3, 0.0), (-0.5, 0.2), (1.0, -1.0), (-1.0, 1.0), (0.0, 0.6)])
def test_white_balance_is_von_kries_adaptation_in_bradford_space(temperature, tint):
    t, m = torch.tensor([temperature]).double(), torch.tensor([tint]).double()
    ours = adaptation(t, m)[0].numpy()
    reference = white(torch.zeros(1).double(), torch.zeros(1).double())[0].numpy()
    von_kries = colour.adaptation.matrix_chromatic_adaptation_VonKries(
        reference, white(t, m)[0].numpy(), transform="Bradford"
    )
    to_xyz = colour.RGB_COLOURSPACES["sRGB"].matrix_RGB_to_XYZ
    expected = np.linalg.inv(to_xyz) @ von_kries @ to_xyz
    # Ours keeps the luminance of white besides.
    expected /= (to_xyz[1] / to_xyz[1].sum()) @ expected.sum(axis=1)
    assert np.abs(ours - expected).max() < 2e-4


@pytest.mark.parametrize("temperature", [-1.0, -0.3, 0.3, 1.0])
@pytest.mark.parametrize("tint", [-1.0, 0.0, 1.0])
def test_white_balance_keeps_the_luminance_of_white_and_of_greys(apply, ramp, temperature, tint):
    balanced = apply("white_balance", ramp, temperature=temperature, tint=tint)
    before, after = (luminance(planes_of(srgb_to_linear(x).reshape(1, 3, 1, -1))).flatten() for x in (ramp, balanced))
    assert float((before - after).abs().max()) < 1e-6


def test_white_balance_goes_where_its_sliders_say(apply):
    grey = torch.full((3, 1), 0.5, dtype=torch.float64)
    warm, magenta = apply("white_balance", grey, temperature=0.3)[:, 0], apply("white_balance", grey, tint=0.3)[:, 0]
    assert warm[0] > warm[1] > warm[2]
    assert min(magenta[0], magenta[2]) > magenta[1]
