"""The small grey picture as a mask: stretched over the photo, no larger than it, drawn to edges if asked."""

from __future__ import annotations

import pytest
import torch
from masks import at, grey, mask_of

from veraretouch.ops.areas.bitmap import Bitmap


def test_each_corner_of_the_picture_covers_that_corner_of_the_photo() -> None:
    picture = torch.tensor([[0.0, 0.3], [0.6, 1.0]])
    mask = mask_of(Bitmap, grey(80, 120), picture=picture)
    for place, value in (((0.1, 0.1), 0.0), ((0.9, 0.1), 0.3), ((0.1, 0.9), 0.6), ((0.9, 0.9), 1.0)):
        assert at(mask, *place) == pytest.approx(value, abs=1e-5)
    assert at(mask, 0.5, 0.5) == pytest.approx(picture.mean(), abs=0.02)


def test_a_picture_of_the_photos_size_is_the_mask() -> None:
    picture = torch.rand(30, 40, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(mask_of(Bitmap, grey(30, 40), picture=picture)[0, 0], picture, atol=1e-5)


def test_a_preview_smaller_than_the_picture_shows_its_averages() -> None:
    picture = torch.rand(1024, 1024, generator=torch.Generator().manual_seed(0))
    mask = mask_of(Bitmap, grey(16, 16), picture=picture)
    assert (mask - 0.5).abs().max() < 0.05


def test_refining_draws_it_to_an_edge_of_the_photo() -> None:
    rgb = grey(100, 100, 0.1)
    rgb[..., 55:] = 0.8
    picture = (torch.arange(16) > 8).float()[None]
    sharp = mask_of(Bitmap, rgb, picture=picture, refine=1.0)[0, 0, 50]
    plain = mask_of(Bitmap, rgb, picture=picture)[0, 0, 50]
    assert sharp[55] - sharp[54] > 3 * (plain[55] - plain[54])
    half = mask_of(Bitmap, rgb, picture=picture, refine=0.5)[0, 0, 50]
    assert torch.allclose(half, (sharp + plain) / 2, atol=1e-4)
