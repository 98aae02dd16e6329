"""The black-and-white mixer."""

from __future__ import annotations

import pytest
import torch
from colours import band

from veraretouch import Latents, Schema
from veraretouch.core.errors import OutOfBounds
from veraretouch.ops.grey_mixer import GreyMixer


def test_monochrome_gives_equal_channels_whatever_the_bands(apply, cube):
    for bands in (0.0, -1.0, [1.0, -1.0, 1.0, -1.0, 0.5, -0.5, 1.0, 0.0]):
        done = apply("grey_mixer", cube, monochrome=1.0, bands=bands)
        assert float((done.amax(dim=0) - done.amin(dim=0)).max()) < 1e-9
        assert float(done.min()) > -1e-6
        assert float(done.max()) < 1 + 1e-6


def test_a_band_of_the_grey_mixer_lightens_its_colour_alone(apply):
    red, green = (torch.tensor([rgb], dtype=torch.float64).T for rgb in ((0.7, 0.2, 0.2), (0.2, 0.6, 0.2)))
    plain = [apply("grey_mixer", rgb, monochrome=1.0) for rgb in (red, green)]
    lit = [apply("grey_mixer", rgb, monochrome=1.0, bands=band(0, 1.0)) for rgb in (red, green)]
    assert float((lit[0] - plain[0]).min()) > 0.1
    assert torch.allclose(lit[1], plain[1], atol=1e-9)


@pytest.mark.parametrize("share", [-0.01, 1.01])
def test_a_photo_is_no_more_than_black_and_white_and_no_less_than_in_colour(share):
    with pytest.raises(OutOfBounds, match="monochrome"):
        Latents(Schema.of([GreyMixer]), {"grey_mixer": {"monochrome": torch.tensor([share])}}).check()
