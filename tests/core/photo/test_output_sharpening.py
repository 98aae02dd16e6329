"""Output sharpening: at the written size, for a screen or a print, as strong as its name says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from veraretouch import open_photo
from veraretouch.core.errors import UnwritablePhoto
from veraretouch.core.photo import Photo, SaveOptions
from veraretouch.core.photo.color import encoding
from veraretouch.core.photo.output_sharpening import OutputSharpening, sharpened_for

BARN = Path(__file__).parents[3] / "docs" / "samples" / "barn.jpg"
EVERY = get_args(OutputSharpening)


def contrast(pixels):
    """How far neighbours differ, on average, in code values."""
    return float(np.abs(np.diff(pixels.astype(float), axis=1)).mean())


def test_each_amount_sharpens_more_and_paper_more_than_a_screen():
    photo = open_photo(BARN).resized(300).pixels
    found = {name: contrast(sharpened_for(photo, name)) for name in EVERY}
    for medium in ("screen", "matte", "glossy"):
        assert contrast(photo) < found[f"{medium}-low"] < found[medium] < found[f"{medium}-high"]
    assert found["screen"] < found["glossy"] < found["matte"]


def test_what_reduction_takes_from_fine_detail_a_screen_gets_back():
    sharp = np.random.default_rng(0).integers(60, 196, (64, 64, 1), np.uint8).repeat(3, axis=2)
    soft = Photo(sharp.repeat(4, axis=0).repeat(4, axis=1)).resized(64).pixels
    before, after = (np.abs(each.astype(float) - sharp).mean() for each in (soft, sharpened_for(soft, "screen")))
    assert contrast(soft) < contrast(sharp)
    assert after < before


@pytest.mark.parametrize("name", EVERY)
def test_an_edge_overshoots_by_less_than_an_eighth_and_flat_places_stay(name):
    step = np.full((20, 60, 3), 70, np.uint8)
    step[:, 30] = 125
    step[:, 31:] = 180
    done = sharpened_for(step, name)
    assert (done[:, :20] == 70).all()
    assert (done[:, 40:] == 180).all()
    assert int(done.max()) - 180 <= 110 / 8
    assert 70 - int(done.min()) <= 110 / 8


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_each_depth_is_sharpened_alike_and_keeps_its_hues(dtype):
    plain = open_photo(BARN).resized(200).pixels
    exact = sharpened_for(encoding.to_depth(plain, np.float32), "matte").clip(0, 1)
    made = encoding.to_depth(sharpened_for(encoding.to_depth(plain, dtype), "matte"), np.float32).clip(0, 1)
    assert np.abs(made - exact).max() < 0.5 / 255 + 1e-6
    shift = made - encoding.to_depth(plain, np.float32)
    inside = ((made > 0) & (made < 1)).all(axis=2)
    assert np.ptp(shift, axis=2)[inside].max() < 1.01 / 255


def test_strips_equal_the_whole(monkeypatch):
    photo = open_photo(BARN).resized(160).pixels
    whole = sharpened_for(photo, "glossy-high")
    monkeypatch.setattr(encoding, "_STRIP", 160 * 7)
    assert (sharpened_for(photo, "glossy-high") == whole).all()


def test_values_beyond_white_and_black_survive_in_floats():
    pixels = np.full((8, 8, 3), 1.5, np.float32)
    pixels[:, :4] = -0.2
    made = sharpened_for(pixels, "screen")
    assert made.dtype == np.float32
    assert made.max() > 1.4
    assert made.min() < -0.1


def test_a_saved_picture_is_sharpened_and_alpha_is_not(tmp_path):
    photo = open_photo(BARN).resized(120)
    photo = replace(photo, alpha=photo.pixels[..., 1].copy())
    made = open_photo(photo.save(tmp_path / "a.png", options=SaveOptions(output_sharpening="screen")))
    assert (made.pixels == sharpened_for(photo.pixels, "screen")).all()
    assert (made.alpha == photo.alpha).all()
    assert (open_photo(photo.save(tmp_path / "b.png")).pixels == photo.pixels).all()


def test_a_black_and_white_photo_stays_one(tmp_path):
    grey = Photo(open_photo(BARN).resized(80).pixels[..., :1].repeat(3, axis=2), grey=True, one_channel=True)
    assert open_photo(grey.save(tmp_path / "a.png", options=SaveOptions(output_sharpening="matte"))).one_channel


def test_an_unknown_setting_is_refused_with_the_nearest_one():
    with pytest.raises(UnwritablePhoto, match=r"output_sharpening is 'glossi'; it must be one of .*glossy"):
        sharpened_for(np.zeros((2, 2, 3), np.uint8), "glossi")
