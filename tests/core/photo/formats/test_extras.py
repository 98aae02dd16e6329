"""HEIC and camera raw, which need packages of their own."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import tifffile
from gain_maps import apple_heic

from veraretouch.core.errors import MissingExtra, PhotoTooLarge, UnreadablePhoto
from veraretouch.core.photo import SaveOptions, as_photo, open_photo, read_header


def test_heic_by_others_is_read_at_its_depth(odd):
    eight, ten = open_photo(odd / "RGBA_8__29x100.heif"), open_photo(odd / "RGB_10__29x100.heif")
    assert (eight.pixels.shape, eight.pixels.dtype, eight.format) == ((100, 29, 3), np.uint8, "HEIF")
    assert eight.alpha is not None
    assert eight.alpha.min() < 255
    assert ten.pixels.dtype == np.uint16
    assert ten.pixels.max() > 60000
    assert open_photo(odd / "L_8__29x100.heif").grey
    png = open_photo(odd / "RGB_16__29x100.png")
    assert np.abs(ten.pixels.astype(float) - png.pixels).mean() < 1500  # the same picture, lossless
    assert read_header(odd / "RGB_10__29x100.heif")[:4] == (29, 100, "HEIF", 10)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_heic_is_written_at_high_quality_and_depth(tmp_path, picture, dtype):
    photo = as_photo(picture(dtype=dtype))
    again = open_photo(photo.save(tmp_path / "a.heic", options=SaveOptions(quality=100)))
    assert again.pixels.dtype == dtype
    limit = 3 if dtype == np.uint8 else 400
    assert np.abs(again.pixels.astype(int) - photo.pixels).mean() < limit


def test_without_pillow_heif_the_error_names_the_extra(tmp_path, odd, monkeypatch, picture):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    for use in (open_photo, read_header):
        with pytest.raises(MissingExtra, match=r"pip install 'veraretouch\[heic\]'"):
            use(odd / "L_8__29x100.heif")
    with pytest.raises(MissingExtra, match=r"veraretouch\[heic\]"):
        as_photo(picture()).save(tmp_path / "a.heic")
    assert list(tmp_path.iterdir()) == []


def test_apples_gain_map_is_dropped_with_a_warning_and_another_auxiliary_picture_without(tmp_path, picture):
    pytest.importorskip("pillow_heif")
    photo = open_photo(apple_heic(picture()))
    assert np.abs(photo.pixels.astype(int) - picture()).mean() < 4
    assert photo.warnings == ("HDR gain map dropped: the photo is retouched and saved in standard range",)
    again = open_photo(photo.save(tmp_path / "a.heic"))
    assert again.warnings == ()
    assert open_photo(apple_heic(picture(), b"urn:com:apple:photo:2018:aux:portraiteffectsmatte\0")).warnings == ()


def negative(path, orientation: int = 1):
    """A tiny DNG: a grey card, lit twice as bright on the right, through neutral (1/2, 1, 1/2)."""
    mosaic = np.zeros((64, 96), np.uint16)
    mosaic[:] = 4000
    mosaic[:, 48:] *= 2
    mosaic[0::2, 0::2] //= 2  # red sites
    mosaic[1::2, 1::2] //= 2  # blue sites
    identity = (10000, 10000, 0, 1, 0, 1, 0, 1, 10000, 10000, 0, 1, 0, 1, 0, 1, 10000, 10000)
    tags = [
        (271, 2, 0, "Vera", True),
        (272, 2, 0, "Test", True),
        (274, 3, 1, orientation, True),
        (306, 2, 20, "2023:04:05 06:07:08", True),
        (33421, 3, 2, (2, 2), True),
        (33422, 1, 4, bytes([0, 1, 1, 2]), True),
        (50706, 1, 4, bytes([1, 4, 0, 0]), True),
        (50708, 2, 0, "Vera Test", True),
        (50714, 4, 1, 0, True),
        (50717, 4, 1, 16383, True),
        (50721, 10, 9, identity, True),
        (50728, 5, 3, (1, 2, 1, 1, 1, 2), True),
        (50778, 3, 1, 21, True),
    ]
    tifffile.imwrite(path, mosaic, photometric=32803, extratags=tags, metadata=None, software=False)
    return path


def test_a_raw_is_developed_with_the_cameras_white_balance_and_no_auto_brightening(tmp_path):
    path = negative(tmp_path / "card.dng")
    photo = open_photo(path)
    assert (photo.format, photo.pixels.dtype, photo.profile) == ("RAW", np.uint16, None)
    dark, light = photo.pixels[20:40, 10:30].mean((0, 1)), photo.pixels[20:40, 60:80].mean((0, 1))
    assert np.ptp(dark / dark.mean()) < 0.25  # white balanced: no longer half of red and blue
    linear = [((value / 65535 + 0.055) / 1.055) ** 2.4 for value in (dark[1], light[1])]
    assert linear[1] / linear[0] == pytest.approx(2, rel=0.03)  # the sRGB curve, and no other tone
    assert linear[1] < 0.7  # 8000 of 16383 stays half: not stretched to white


def test_a_raws_date_reaches_the_saved_photo(tmp_path):
    photo = open_photo(negative(tmp_path / "card.dng"))
    saved = open_photo(photo.save(tmp_path / "card.tif"))
    assert saved.pixels.dtype == np.uint16
    assert b"2023:04:05 06:07:08" in saved.exif
    assert b"Vera" in saved.exif


def test_a_turned_raw_is_turned_once(tmp_path):
    photo = open_photo(negative(tmp_path / "card.dng", orientation=6))
    assert (photo.width, photo.height) == (64, 96)
    assert photo.pixels[80:].mean() > photo.pixels[:16].mean()  # the bright right side is now below
    assert open_photo(photo.save(tmp_path / "card.jpg")).pixels.shape == (96, 64, 3)


def test_a_raw_is_measured_before_it_is_developed(tmp_path):
    path = negative(tmp_path / "card.dng")
    assert read_header(path)[:3] == (96, 64, "RAW")
    with pytest.raises(PhotoTooLarge):
        open_photo(path, max_pixels=6000)


def test_a_broken_raw_and_a_text_named_as_raw_are_refused(tmp_path):
    path = negative(tmp_path / "card.dng")
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(UnreadablePhoto, match="damaged"):
        open_photo(path)
    (tmp_path / "letter.nef").write_text("Dear Ann")
    with pytest.raises(UnreadablePhoto, match="text"):
        open_photo(tmp_path / "letter.nef")


def test_without_rawpy_the_error_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "rawpy", None)
    with pytest.raises(MissingExtra, match=r"pip install 'veraretouch\[raw\]'"):
        open_photo(negative(tmp_path / "card.dng"))
