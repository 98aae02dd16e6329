"""The range of luma: full between its ends, gone a feather beyond."""

from __future__ import annotations

import pytest
import torch
from masks import grey, mask_of

from veraretouch.ops.areas.luminance import Luminance


def ramp() -> torch.Tensor:
    """A photo (1, 3, 1, 101) of all greys from black to white."""
    return torch.linspace(0, 1, 101).expand(1, 3, 1, -1)


def test_it_covers_the_range_and_fades_out_beyond_it() -> None:
    mask = mask_of(Luminance, ramp(), low=0.4, high=0.6, feather=0.2)[0, 0, 0]
    assert mask[40:61].min() > 0.999
    assert mask[:20].max() == 0
    assert mask[81:].max() == 0
    assert mask[30] == pytest.approx(0.5, abs=0.03)
    assert mask[70] == pytest.approx(0.5, abs=0.03)


def test_ends_at_black_and_white_cover_black_and_white_and_what_lies_beyond() -> None:
    assert mask_of(Luminance, ramp(), low=0.0, high=1.0, feather=0.0).min() == 1
    assert mask_of(Luminance, grey(1, 1, 1.8), low=0.9, high=1.0, feather=0.0).item() == 1
    assert mask_of(Luminance, grey(1, 1, -0.2), low=0.0, high=0.1, feather=0.0).item() == 1


def test_without_feather_it_is_nearly_a_threshold() -> None:
    mask = mask_of(Luminance, ramp(), low=0.505, high=1.0, feather=0.0)[0, 0, 0]
    assert mask[:49].max() == 0
    assert mask[51:].min() == 1


def test_green_counts_more_than_blue() -> None:
    green, blue = (torch.eye(3)[channel].reshape(1, 3, 1, 1) for channel in (1, 2))
    assert mask_of(Luminance, green, low=0.7, feather=0.0).item() == pytest.approx(1)
    assert mask_of(Luminance, blue, low=0.7, feather=0.0).item() == 0
    assert mask_of(Luminance, blue, low=0.0, high=0.08, feather=0.0).item() == pytest.approx(1)
