"""Profiles by lensfun's database: which lens a photo's EXIF means, and what lensfun itself says of it."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational
from scipy.ndimage import map_coordinates

from veraretouch.core.errors import MissingExtra
from veraretouch.core.photo import as_photo
from veraretouch.core.photo.color import encoding
from veraretouch.core.photo.geometry import lens_profiles
from veraretouch.core.photo.geometry.framing import Framing
from veraretouch.core.photo.geometry.lens import LensCorrection
from veraretouch.core.photo.geometry.lens_profiles import LensWarning, Shot, profile_of, shot_of

lensfunpy = pytest.importorskip("lensfunpy", reason="pip install 'veraretouch[lens]'")

WIDE = Shot("Canon", "Canon EOS 5D Mark III", "", "EF24-105mm f/4L IS USM", 24.0, 4.0, 10.0)
SIZE = (300, 200)


def exif_of(shot, order=">"):
    exif = Image.Exif()
    exif.endian = order
    exif[0x010F], exif[0x0110] = shot.make, shot.model
    inner = exif.get_ifd(0x8769)
    if shot.lens:
        inner[0xA434] = shot.lens
    for tag, value in ((0x920A, shot.focal), (0x829D, shot.aperture), (0x9206, shot.distance)):
        inner[tag] = IFDRational(round(value * 10), 10)
    return exif.tobytes()


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_shot_is_read_from_exif_in_both_byte_orders(order):
    assert shot_of(exif_of(WIDE, order).removeprefix(b"Exif\0\0")) == WIDE


def test_what_exif_lacks_is_empty_and_said_so():
    assert shot_of(None) == shot_of(b"nothing") == Shot()
    assert str(Shot()) == "no camera with no lens"
    assert str(WIDE) == "Canon Canon EOS 5D Mark III with EF24-105mm f/4L IS USM at 24 mm"


def test_positions_are_lensfuns_own():
    profile = profile_of(WIDE)
    assert profile.name == "Canon EF 24-105mm f/4L IS USM"
    y, x = np.mgrid[0 : SIZE[1] : 23, 0 : SIZE[0] : 23]
    found = profile.positions(np.stack((x, y), -1).reshape(-1, 2) + 0.5, SIZE).reshape(3, *x.shape, 2)
    database = lensfunpy.Database()
    camera = database.find_cameras(WIDE.make, WIDE.model)[0]
    lens = database.find_lenses(camera, None, WIDE.lens)[0]
    modifier = lensfunpy.Modifier(lens, camera.crop_factor, *SIZE)
    modifier.initialize(24.0, 4.0, 10.0, scale=1.0)
    theirs = modifier.apply_subpixel_geometry_distortion()[::23, ::23].transpose(2, 0, 1, 3) + 0.5
    # Rows at once are found by quicker arithmetic than single points.
    assert np.abs(found - theirs).max() < 0.06
    assert np.abs(found - found[1]).max() > 0.1
    assert np.abs(found[1] - np.stack((x, y), -1) - 0.5).max() > 3


def test_gains_are_those_that_lensfun_gives_a_white_photo():
    profile = profile_of(WIDE)
    gains = profile.gains((6000, 4000))
    assert gains.shape == (256, 384)
    assert gains[128, 192] == pytest.approx(1, abs=1e-3)
    assert gains[0, 0] > 3
    assert np.abs(gains - gains[::-1, ::-1]).max() < 0.02 * gains.max()


@pytest.mark.parametrize(
    "shot",
    [
        Shot(),
        Shot("Canon", "Canon EOS 5D Mark III", "", "", 24.0, 4.0),
        Shot("Canon", "Canon EOS 5D Mark III", "", "Strange 12mm f/2", 12.0, 2.0),
        Shot("Nobody", "Camera One", "", "EF24-105mm f/4L IS USM", 24.0, 4.0),
        Shot("Canon", "Canon EOS 5D Mark III", "", "EF24-105mm f/4L IS USM", 0.0, 4.0),
        Shot("Canon", "Canon EOS 5D Mark III", "", "EF24-105mm f/4L IS USM", 400.0, 4.0),
    ],
    ids=["nothing", "no lens", "unknown lens", "unknown camera", "no focal length", "another focal length"],
)
def test_what_the_database_does_not_know_gives_no_profile(shot):
    assert profile_of(shot) is None


def test_a_camera_whose_lens_cannot_be_changed_needs_no_name_of_it():
    assert "X100" in profile_of(Shot("FUJIFILM", "X100F", focal=23.0, aperture=2.0)).name


def test_a_lens_may_be_named():
    found = profile_of(Shot("Canon", "Canon EOS 5D Mark III", focal=50.0, aperture=2.8), "Canon EF 50mm f/1.8 STM")
    assert found.name == "Canon EF 50mm f/1.8 STM"
    assert found.distortion
    assert not found.chromatic_aberration


def taken_by(shot, ideal):
    """What lensfun says that a lens makes of a picture (H, W, 3), by its map the other way round."""
    height, width = ideal.shape[:2]
    profile = profile_of(shot)
    modifier = lensfunpy.Modifier(profile._lens, profile._crop, width, height)
    modifier.initialize(shot.focal, shot.aperture, shot.distance, scale=1.0, pixel_format=np.float32, reverse=True)
    x, y = modifier.apply_subpixel_geometry_distortion().transpose(3, 2, 0, 1)
    drawn = [map_coordinates(ideal[..., c], (y[c], x[c]), order=3, mode="nearest") for c in range(3)]
    drawn = np.ascontiguousarray(np.stack(drawn, -1), np.float32)
    return replace(as_photo(drawn.clip(0, 1)), exif=exif_of(shot).removeprefix(b"Exif\0\0"))


def line_places(pixels, near):
    """Where a bright upright line stands in each row of each colour, (3, H)."""
    part = pixels[:, near - 12 : near + 13].astype(float)
    return ((part * np.arange(near - 12, near + 13)[None, :, None]).sum(1) / part.sum(1)).T


def test_a_straight_line_that_the_lens_bent_is_straight_again_and_of_one_colour():
    ideal = np.zeros((400, 600, 3), np.float32)
    ideal[:] = 0.8 * np.exp(-0.5 * ((np.arange(600) - 40) / 1.5) ** 2)[None, :, None]
    photo = taken_by(WIDE, ideal)
    rows = slice(20, -20)
    bent = line_places(photo.pixels, 44)[:, rows]
    made = photo.framed(Framing(lens=LensCorrection(vignetting=0)))
    straight = line_places(made.pixels, 40)[:, rows]
    assert np.ptp(bent[1]) > 2
    assert np.ptp(straight[1]) < 0.15
    assert np.abs(bent[0] - bent[2]).mean() > 0.2
    assert np.abs(straight[0] - straight[2]).max() < 0.1


def test_a_field_that_the_lens_darkened_is_flat_again():
    profile, size = profile_of(WIDE), (300, 200)
    modifier = lensfunpy.Modifier(profile._lens, profile._crop, *size)
    modifier.initialize(WIDE.focal, WIDE.aperture, WIDE.distance, scale=1.0, pixel_format=np.float32, reverse=True)
    light = np.full((200, 300, 3), 0.5, np.float32)
    assert modifier.apply_color_modification(light)
    photo = replace(as_photo(encoding.encode(light)), exif=exif_of(WIDE).removeprefix(b"Exif\0\0"))
    made = photo.framed(Framing(lens=LensCorrection(distortion=0, chromatic_aberration=0)))
    assert np.ptp(photo.pixels) > 0.2
    assert np.ptp(made.pixels) < 0.01
    half = photo.framed(Framing(lens=LensCorrection(distortion=0, vignetting=50, chromatic_aberration=0)))
    assert 0.4 < np.ptp(half.pixels) / np.ptp(photo.pixels) < 0.7


def test_a_lens_that_is_not_known_is_named_and_the_photo_goes_on():
    pixels = np.random.default_rng(0).random((40, 60, 3)).astype(np.float32)
    photo = replace(as_photo(pixels), exif=exif_of(replace(WIDE, lens="Strange 12mm")).removeprefix(b"Exif\0\0"))
    with pytest.warns(LensWarning, match=r"no profile for Canon Canon EOS 5D Mark III with Strange 12mm at 24 mm"):
        made = photo.framed(Framing(crop=(0.5, 0, 1, 1), lens=LensCorrection()))
    assert (made.pixels == pixels[:, 30:]).all()
    with pytest.warns(LensWarning, match="no profile for no camera with no lens, asked for as 'Canon EF 50mm'"):
        as_photo(pixels).framed(Framing(lens=LensCorrection("Canon EF 50mm")))


def test_what_a_profile_does_not_hold_is_said():
    shot = Shot("Canon", "Canon EOS 5D Mark III", "", "EF50mm f/1.8 STM", 50.0, 2.8, 10.0)
    photo = replace(as_photo(np.zeros((40, 60, 3), np.uint8)), exif=exif_of(shot).removeprefix(b"Exif\0\0"))
    with pytest.warns(LensWarning, match="not hold the chromatic aberration of Canon EF 50mm f/1.8 STM: it is not"):
        photo.framed(Framing(lens=LensCorrection()))


def test_without_lensfunpy_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "lensfunpy", None)
    lens_profiles._database.cache_clear()
    with pytest.raises(MissingExtra, match=r"pip install 'veraretouch\[lens\]'"):
        profile_of(WIDE)
