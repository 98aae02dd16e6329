"""AVIF and JPEG XL are read and written with depth, profile and metadata."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from dataclasses import replace

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageOps
from retouched_files import forget, held

from veraretouch.core.errors import MissingExtra, PhotoTooLarge, UnreadablePhoto
from veraretouch.core.photo import SaveOptions, as_photo, open_photo, read_header
from veraretouch.core.photo.color.icc import DISPLAY_P3
from veraretouch.core.photo.decoded import GAIN_MAP
from veraretouch.core.photo.formats import avif
from veraretouch.core.photo.formats.heif import has_tone_map


@pytest.mark.parametrize("suffix", [".avif", ".jxl"])
def test_a_photo_goes_through_with_profile_exif_and_xmp(tmp_path, picture, camera_exif, suffix, gps_xmp):
    photo = replace(as_photo(picture()), profile=DISPLAY_P3, exif=camera_exif(), xmp=gps_xmp)
    path = photo.save(tmp_path / f"a{suffix}", options=SaveOptions(quality=95))
    again = open_photo(path)
    assert np.abs(again.pixels.astype(int) - photo.pixels).mean() < 4
    assert again.profile == DISPLAY_P3
    assert b"2023:04:05 06:07:08" in again.exif
    assert "Ann Ö".encode() in again.xmp
    assert read_header(path)[:4] == (60, 40, suffix[1:].upper(), 8)
    assert again.warnings == ()


@pytest.mark.parametrize("suffix", [".avif", ".jxl"])
def test_alpha_is_carried_and_grey_stays_grey(tmp_path, picture, suffix):
    alpha = np.dstack((picture(), picture()[..., :1]))
    again = open_photo(as_photo(alpha).save(tmp_path / f"a{suffix}", options=SaveOptions(quality=98)))
    assert np.abs(again.alpha.astype(int) - alpha[..., 3]).max() < 8
    grey = open_photo(as_photo(picture()[..., 0]).save(tmp_path / f"g{suffix}"))
    assert grey.grey
    assert np.abs(grey.pixels.astype(int) - picture()[..., :1]).mean() < 4


@pytest.mark.parametrize("channels", [(), (3,), (4,)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_jpeg_xl_at_quality_100_is_lossless_at_every_depth(tmp_path, picture, dtype, channels):
    pixels = picture(dtype=dtype)[..., 0] if channels == () else picture(dtype=dtype)
    pixels = np.dstack((pixels, pixels[..., 1])) if channels == (4,) else pixels
    photo = as_photo(pixels)
    again = open_photo(photo.save(tmp_path / "a.jxl", options=SaveOptions(quality=100)))
    assert again.pixels.dtype == dtype
    assert again.hash == photo.hash
    assert again.profile is None


def test_jpeg_xl_by_another_library_is_read_exactly(picture):
    for dtype in (np.uint8, np.uint16):
        values = picture(dtype=dtype)
        for container in (True, False):
            photo = open_photo(imagecodecs.jpegxl_encode(values, lossless=True, usecontainer=container))
            assert np.array_equal(photo.pixels, values)
            # that library says "linear light" in files of 16 bits, and is believed
            assert (photo.profile is None) == (dtype == np.uint8)


def jxl_box(kind, body, size=None):
    return struct.pack(">I4s", 8 + len(body) if size is None else size, kind) + body


@pytest.fixture
def jxl_parts(picture):
    """The boxes before a JPEG XL file's metadata, and the picture's."""
    data = imagecodecs.jpegxl_encode(picture(), lossless=True, usecontainer=False)
    return b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl \0\0\0\0jxl ", jxl_box(b"jxlc", data)


def test_metadata_of_a_jpeg_xl_are_found_in_every_kind_of_box(jxl_parts, camera_exif, gps_xmp, picture):
    start, coded = jxl_parts
    exif = bytes(4) + camera_exif()
    large = struct.pack(">I4sQ", 1, b"Exif", 16 + len(exif)) + exif
    packed = [
        jxl_box(b"brob", kind + imagecodecs.brotli_encode(body)) for kind, body in ((b"Exif", exif), (b"xml ", gps_xmp))
    ]
    open_end = jxl_box(b"xml ", gps_xmp, size=0)
    for data in (start + large + coded + open_end, start + b"".join(packed) + coded, start + coded + b"".join(packed)):
        photo = open_photo(data)
        assert np.array_equal(photo.pixels, picture())
        assert photo.exif == camera_exif()
        assert photo.xmp == gps_xmp
        assert photo.warnings == ()


def test_a_box_that_announces_or_unpacks_to_gigabytes_costs_nothing(jxl_parts, picture):
    start, coded = jxl_parts
    bomb = imagecodecs.brotli_encode(bytes(200 << 20), level=5)
    ends = [jxl_box(b"Exif", b"MM", size=2**31), struct.pack(">I4sQ", 1, b"xml ", 2**31) + b"<"]
    for data in (
        *[start + coded + end for end in ends],
        *[start + jxl_box(b"brob", kind + bomb) + coded for kind in (b"Exif", b"xml ")],
    ):
        forget()
        before = held("VmRSS")
        photo = open_photo(data)
        assert held("VmHWM") - before < 64 * 2**20
        assert np.array_equal(photo.pixels, picture())
        assert photo.warnings == (
            "damaged metadata left out: a box ends beyond the file, or unpacks to nothing of its kind",
        )


def test_the_gain_map_of_a_jpeg_xl_is_dropped_with_a_warning(jxl_parts):
    start, coded = jxl_parts
    assert open_photo(start + coded + jxl_box(b"jhgm", bytes(40))).warnings == (GAIN_MAP,)


@pytest.mark.parametrize("bits", [10, 12])
def test_avif_of_ten_and_twelve_bits_by_another_library_fills_sixteen(picture, bits):
    stored = picture(dtype=np.uint16) >> (16 - bits)
    data = imagecodecs.avif_encode(stored, level=100, bitspersample=bits)
    photo = open_photo(data)
    assert photo.pixels.dtype == np.uint16
    assert np.abs(photo.pixels.astype(int) - stored.astype(int) * 65535 // (2**bits - 1)).mean() < 400
    assert read_header(data).bits == bits


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("profile", [None, DISPLAY_P3], ids=["sRGB", "Display P3"])
def test_avif_of_sixteen_bits_keeps_twelve_of_them_and_its_metadata(
    tmp_path, picture, camera_exif, gps_xmp, channels, profile
):
    values = picture(dtype=np.uint16)
    values = {1: values[..., 0], 3: values, 4: np.dstack((values, values[..., 1]))}[channels]
    photo = replace(as_photo(values), profile=profile if channels > 1 else None, exif=camera_exif(), xmp=gps_xmp)
    path = photo.save(tmp_path / "a.avif", options=SaveOptions(quality=100))
    again = open_photo(path)
    assert again.pixels.dtype == np.uint16
    assert np.abs(again.pixels.astype(int) - photo.pixels).max() < 200
    assert (again.profile, again.grey, again.warnings) == (photo.profile, channels == 1, ())
    if channels == 4:
        assert np.abs(again.alpha.astype(int) - photo.alpha).max() < 100
    assert read_header(path).bits == 12
    with Image.open(path) as image:  # as libavif finds it
        assert b"2023:04:05 06:07:08" in image.info["exif"]
        assert "Ann Ö".encode() in image.info["xmp"]
        assert image.info.get("icc_profile") == photo.profile


def test_avif_of_sixteen_bits_without_metadata_is_read(tmp_path, picture):
    photo = as_photo(picture(dtype=np.uint16))
    for profile in (None, DISPLAY_P3):
        assert open_photo(replace(photo, profile=profile).encode("avif")).profile == profile


@pytest.mark.parametrize("orientation", range(1, 9))
def test_avif_is_turned_upright(tmp_path, picture, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "a.avif"
    Image.fromarray(picture()).save(path, exif=exif, quality=98, subsampling="4:4:4")
    with Image.open(path) as image:
        expected = np.array(ImageOps.exif_transpose(image).convert("RGB"))
    photo = open_photo(path)
    assert np.abs(photo.pixels.astype(int) - expected).max() <= 2
    again = open_photo(photo.save(tmp_path / "b.avif"))
    assert again.pixels.shape == photo.pixels.shape


@pytest.mark.parametrize(
    ("primaries", "transfer", "profile"), [(12, 13, DISPLAY_P3), (1, 13, None), (9, 16, None)], ids=["P3", "sRGB", "PQ"]
)
def test_avifs_code_points_are_honoured(picture, primaries, transfer, profile):
    photo = open_photo(imagecodecs.avif_encode(picture(), level=90, primaries=primaries, transfer=transfer))
    assert photo.profile == profile
    assert bool(photo.warnings) == (transfer == 16)


def test_a_gain_map_by_iso_is_dropped_with_a_warning(picture, monkeypatch):
    pytest.importorskip("pillow_heif")
    data = as_photo(picture()).encode("heic")
    assert open_photo(data).warnings == ()
    brands = data[8 : int.from_bytes(data[:4], "big")]
    assert open_photo(data.replace(brands, brands[:-4] + b"tmap", 1)).warnings == (GAIN_MAP,)
    # Of AVIF libavif refuses the brand without the map, which nothing here writes.
    assert has_tone_map(io.BytesIO(b"\0\0\0\x18ftypavif\0\0\0\0mif1tmap"))
    assert not has_tone_map(io.BytesIO(b"\0\0\0\x14ftypavif\0\0\0\0mif1tmap"))
    monkeypatch.setattr(avif, "has_tone_map", lambda file: True)
    assert open_photo(as_photo(picture()).encode("avif")).warnings == (GAIN_MAP,)


@pytest.mark.parametrize("suffix", [".avif", ".jxl"])
def test_cut_files_are_refused_and_large_ones_by_their_header(tmp_path, picture, suffix):
    data = as_photo(picture(400, 600)).encode(suffix)
    for kept in (0.1, 0.5, 0.9):
        with pytest.raises(UnreadablePhoto, match="damaged"):
            open_photo(data[: int(len(data) * kept)])
    with pytest.raises(PhotoTooLarge):
        open_photo(data, max_pixels=1000)


def test_without_pyjpegxl_the_error_names_the_extra(picture, monkeypatch):
    data = as_photo(picture()).encode("jxl")
    monkeypatch.setitem(sys.modules, "pyjpegxl", None)
    with pytest.raises(MissingExtra, match=r"pip install 'veraretouch\[jxl\]'"):
        open_photo(data)
    with pytest.raises(MissingExtra, match="jxl"):
        as_photo(picture()).encode("jxl")


def test_importing_the_photo_room_loads_no_jpeg_xl():
    code = "import sys, veraretouch.core.photo; print('pyjpegxl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
