"""A lens's correction: what a profile says is followed as far as asked, and the photo fills its frame."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from veraretouch.core.errors import InvalidRequest
from veraretouch.core.photo.color import encoding
from veraretouch.core.photo.geometry.lens import LensCorrection, LensMap, brightened

SIZE = (600, 400)


def barrel(strength, red=0.0):
    """A lens whose distortion grows with the square of the distance from the middle; red is drawn otherwise."""

    def positions(points):
        away = points - np.array(SIZE) / 2
        square = (away**2).sum(axis=1, keepdims=True) / 300**2
        return np.stack([points + away * ((strength + more) * square) for more in (red, 0.0, 0.0)])

    return positions


def points():
    x, y = torch.meshgrid(torch.linspace(0.5, 599.5, 40), torch.linspace(0.5, 399.5, 30), indexing="xy")
    return torch.stack((x, y), -1).double()


def seen(found):
    return found.numpy().reshape(3, -1, 2)


def test_between_its_nodes_a_map_follows_the_profile_to_a_thousandth_of_a_pixel():
    lens = LensMap(barrel(-0.08, red=0.01), SIZE, LensCorrection())
    away = (points().reshape(-1, 2) - 300 * torch.tensor([1, 2 / 3])).numpy()
    wanted = barrel(-0.08, red=0.01)(np.array(SIZE) / 2 + away / lens.zoom)
    assert np.abs(seen(lens(points())) - wanted).max() < 1e-3


@pytest.mark.parametrize("strength", [-0.1, 0.1])
def test_the_photo_fills_its_frame_and_is_no_larger_than_that_asks(strength):
    found = seen(LensMap(barrel(strength), SIZE, LensCorrection())(points()))[1]
    low, high = found.min(axis=0), found.max(axis=0)
    assert (low > -0.01).all()
    assert (high < np.array(SIZE) + 0.01).all()
    assert min(*low, *(np.array(SIZE) - high)) < 1


def test_half_the_distortion_moves_half_as_far_and_none_moves_nothing():
    def moved(percent):
        lens = LensMap(barrel(-0.08), SIZE, LensCorrection(distortion=percent))
        lens.zoom = 1.0
        return seen(lens(points()))[1] - points().numpy().reshape(-1, 2)

    assert np.abs(moved(50) - moved(100) / 2).max() < 1e-6
    assert np.abs(moved(0)).max() < 1e-9


def test_colours_are_brought_together_without_distortion_too():
    lens = LensMap(barrel(-0.08, red=0.01), SIZE, LensCorrection(distortion=0))
    red, green, blue = seen(lens(points()))
    assert np.abs(red - green).max() > 1
    assert (green == blue).all()
    alone = LensMap(barrel(-0.08, red=0.01), SIZE, LensCorrection(chromatic_aberration=0))
    assert np.ptp(seen(alone(points())), axis=0).max() < 1e-9


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_light_is_multiplied_and_a_darkened_field_is_flat_again(dtype):
    y, x = np.mgrid[0:80, 0:120]
    light = (1 - 0.5 * ((x - 59.5) ** 2 + (y - 39.5) ** 2) / 72**2).astype(np.float32)
    field = encoding.quantise(encoding.encode(0.4 * light)[..., None].repeat(3, 2), dtype)
    flat = encoding.to_depth(brightened(field, None, 1 / light, 1.0), np.float32)
    assert np.abs(flat - encoding.encode(np.float32(0.4))).max() < 1.5 / 255
    left = encoding.to_depth(brightened(field, None, 1 / light, 0.0), np.float32)
    assert np.abs(left - encoding.to_depth(field, np.float32)).max() < 1e-6


def test_strips_equal_the_whole(monkeypatch):
    pixels = np.random.default_rng(0).integers(0, 255, (60, 50, 3), np.uint8)
    gains = np.linspace(1, 3, 6 * 5, dtype=np.float32).reshape(6, 5)
    whole = brightened(pixels, None, gains, 1.0)
    monkeypatch.setattr(encoding, "_STRIP", 50 * 7)
    assert (brightened(pixels, None, gains, 1.0) == whole).all()


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"profile": ""}, r"frame.lens.profile is .*Give \"auto\" or the name of a lens"),
        ({"distortion": 201}, r"frame.lens.distortion is 201\. Give a number from 0 to 200"),
        ({"vignetting": -1}, r"frame.lens.vignetting is -1\. Give a number from 0 to 200"),
        ({"chromatic_aberration": True}, r"frame.lens.chromatic_aberration is True\. Give a number from 0 to 100"),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_range(given, problem):
    with pytest.raises(InvalidRequest, match=problem):
        LensCorrection(**given)


def test_a_document_holds_the_profile_and_what_is_not_whole():
    assert LensCorrection().document() == {"profile": "auto"}
    assert LensCorrection("A 50mm", vignetting=0).document() == {"profile": "A 50mm", "vignetting": 0.0}
