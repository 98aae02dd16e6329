"""Profiles: to extended sRGB and back."""

from __future__ import annotations

import io
import struct
from functools import cache

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from lazily import colour
from PIL import Image, ImageCms

from veraretouch.core.errors import InvalidPhoto
from veraretouch.core.photo import Photo, as_photo, open_photo
from veraretouch.core.photo.color.encoding import channel_spread, decode, encode
from veraretouch.core.photo.color.icc import DISPLAY_P3, SRGB


@cache  # LittleCMS writes the time into its profiles
def adobe_rgb() -> bytes:
    import imagecodecs

    return bytes(imagecodecs.cms_profile("adobergb"))


@cache
def scanner() -> bytes:
    """A profile that leads from RGB to Lab and not back (ICC.1 lut8Type): yellowish, through a table of 8 corners."""
    corners = []
    for bits in range(8):
        red, green, blue = (bits >> 2) & 1, (bits >> 1) & 1, bits & 1
        light = 100 * (0.25 * red + 0.65 * green + 0.1 * blue)
        corners += [round(light * 2.55), 128 + 40 * (red - green), 138 + 40 * (red + green - 2 * blue) // 2]
    ramp, identity = bytes(range(256)), struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table = b"mft1\0\0\0\0" + bytes([3, 3, 2, 0]) + identity + ramp * 3 + bytes(corners) + ramp * 3
    return table_profile(b"scnr", b"RGB ", table)


def table_profile(kind: bytes, space: bytes, table: bytes) -> bytes:
    """Wrap a device-to-Lab table into an ICC.1:2001 profile of version 2.4."""
    d50 = struct.pack(">3i", 63190, 65536, 54061)
    white = b"XYZ \0\0\0\0" + d50
    table += b"\0" * (-len(table) % 4)
    size = 128 + 4 + 24 + len(table) + len(white)
    header = struct.pack(">I4sI4s4s4s12s4s", size, bytes(4), 0x02400000, kind, space, b"Lab ", bytes(12), b"acsp")
    header += bytes(28) + d50
    places = struct.pack(">I4sII4sII", 2, b"A2B0", 156, len(table), b"wtpt", 156 + len(table), len(white))
    return header.ljust(128, b"\0") + places + table + white


@cache
def sampled_p3() -> bytes:
    """A Display P3 profile whose curves are tables, not formulas, as many makers write them."""
    import imagecodecs

    x = np.linspace(0, 1, 1024)
    table = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    primaries = [0.680, 0.320, 1, 0.265, 0.690, 1, 0.150, 0.060, 1]
    curve = (table * 65535).round().astype(np.uint16)
    made = imagecodecs.cms_profile("rgb", whitepoint=(0.3127, 0.329, 1), primaries=primaries, transferfunction=curve)
    return bytes(made)


@cache
def grey_profile() -> bytes:
    import imagecodecs

    return bytes(imagecodecs.cms_profile("gray", gamma=1.8))


PROFILES = {"p3": lambda: DISPLAY_P3, "adobe": adobe_rgb, "sampled p3": sampled_p3}


@pytest.mark.parametrize("make", PROFILES.values(), ids=PROFILES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
def test_a_wide_gamut_photo_through_identity_comes_back_exactly_with_its_profile(tmp_path, make, dtype, suffix):
    pixels = np.random.default_rng(3).integers(0, np.iinfo(dtype).max, (50, 40, 3), dtype=dtype, endpoint=True)
    path = Photo(pixels, profile=make()).save(tmp_path / f"wide{suffix}")
    photo = open_photo(path)
    assert photo.profile == make()
    again = photo.with_working(photo.working())
    assert again.profile == make()
    assert again.pixels.dtype == photo.pixels.dtype
    assert np.array_equal(again.pixels, photo.pixels)


@pytest.mark.parametrize("make", PROFILES.values(), ids=PROFILES)
def test_a_wide_gamut_photo_moved_by_nothing_one_can_see_comes_back_within_one_code_value(make):
    cube = np.stack(np.meshgrid(*[np.arange(0, 256, 15, dtype=np.uint8)] * 3), axis=-1).reshape(-1, 18, 3)
    photo = Photo(np.ascontiguousarray(cube), profile=make())
    nudged = photo.working() + np.float32(1e-6)  # so that no pixel counts as unchanged
    again = photo.with_working(nudged)
    assert np.abs(again.pixels.astype(int) - photo.pixels).max() <= 1


@pytest.mark.xdist_group("colour")
def test_working_values_agree_with_colour_science():
    rgb = np.random.default_rng(5).random((20, 20, 3))
    for profile, space in ((DISPLAY_P3, "Display P3"), (adobe_rgb(), "Adobe RGB (1998)")):
        ours = Photo(rgb.astype(np.float32), profile=profile).working()
        linear = colour.RGB_to_RGB(
            rgb, space, "sRGB", chromatic_adaptation_transform="Bradford", apply_cctf_decoding=True
        )
        theirs = np.sign(linear) * colour.cctf_encoding(np.abs(linear), function="sRGB")
        assert np.abs(ours - theirs).max() < 1.5e-3  # ICC stores its primaries in 1/65536, rounded
    assert ours.min() < -0.05  # the working space is unclamped


def test_a_pure_p3_red_lies_outside_srgb_and_survives():
    photo = Photo(np.array([[[255, 0, 0]]], np.uint8), profile=DISPLAY_P3)
    red = photo.working()[0, 0]
    assert red[0] > 1.05
    assert red[1] < -0.2
    assert photo.with_working(photo.working() + np.float32(1e-6)).pixels[0, 0].tolist() == [255, 0, 0]
    assert photo.with_working(photo.working(), color_space="srgb").pixels[0, 0].tolist() == [255, 0, 0]


@given(arrays.arrays(np.float32, (3, 3), elements=st.floats(-2, 4, width=32)))
@settings(deadline=None, database=None)
def test_the_extended_encoding_is_odd_and_inverts(values):
    assert np.array_equal(encode(-values), -encode(values))
    assert np.allclose(decode(encode(values)), values, atol=1e-6, rtol=1e-5)


def test_an_srgb_profile_costs_no_conversion_and_is_kept(tmp_path, picture):
    pillows = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (pillows, SRGB):
        Image.fromarray(picture()).save(tmp_path / "s.png", icc_profile=profile)
        photo = open_photo(tmp_path / "s.png")
        assert np.array_equal(photo.working(), (picture() / np.float32(255)).astype(np.float32))
        kept = open_photo(photo.with_working(photo.working()).save(tmp_path / "k.jpg"))
        assert kept.profile == profile


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".heic"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_profile_survives_in_every_format_and_depth(tmp_path, picture, suffix, dtype, pil):
    path = Photo(picture(dtype=dtype), profile=adobe_rgb()).save(tmp_path / f"p{suffix}")
    assert open_photo(path).profile == adobe_rgb()
    if suffix != ".heic":
        assert pil(path).info["icc_profile"] == adobe_rgb()


def test_converting_to_srgb_shows_the_same_colours_without_a_profile(picture):
    photo = Photo((picture() // 3 + 80).astype(np.uint8), profile=adobe_rgb())  # muted: inside sRGB
    converted = photo.with_working(photo.working(), color_space="srgb")
    assert converted.profile is None
    assert not np.array_equal(converted.pixels, photo.pixels)
    theirs = ImageCms.profileToProfile(
        photo.pil(), io.BytesIO(adobe_rgb()), ImageCms.createProfile("sRGB"), renderingIntent=1
    )
    assert np.abs(converted.pixels.astype(int) - np.array(theirs)).max() <= 1


def test_converting_to_p3_writes_a_profile_that_littlecms_reads_and_shows_the_same_colours(picture):
    muted = (picture() // 3 + 80).astype(np.uint8)
    converted = as_photo(muted).with_working(as_photo(muted).working(), color_space="p3")
    profile = ImageCms.ImageCmsProfile(io.BytesIO(converted.profile))
    assert ImageCms.getProfileDescription(profile).strip() == "Display P3"
    back = ImageCms.profileToProfile(converted.pil(), profile, ImageCms.createProfile("sRGB"), renderingIntent=1)
    assert not np.array_equal(converted.pixels, muted)
    assert np.abs(np.array(back).astype(int) - muted).max() <= 1


def test_an_unknown_target_is_refused(picture):
    with pytest.raises(InvalidPhoto, match="'cmyk'; it must be 'keep', 'srgb' or 'p3'"):
        as_photo(picture()).with_working(as_photo(picture()).working(), color_space="cmyk")


def test_a_grey_profile_is_converted_kept_and_left_when_colour_comes_in(tmp_path, picture):
    Image.fromarray(picture()[..., 0]).save(tmp_path / "g.png", icc_profile=grey_profile())
    photo = open_photo(tmp_path / "g.png")
    expected = encode(((picture()[..., 0] / np.float32(255)) ** np.float32(1.8)).astype(np.float32))
    assert np.abs(photo.working() - expected[..., None]).max() < 2e-3
    same = photo.with_working(photo.working())
    assert same.grey
    assert same.profile == grey_profile()
    assert np.array_equal(same.pixels, photo.pixels)
    brighter = open_photo(photo.with_working(photo.working() * np.float32(0.9)).save(tmp_path / "b.png"))
    assert brighter.grey
    assert brighter.profile == grey_profile()
    assert np.abs(brighter.working()[..., 1] - expected * 0.9).max() < 0.01
    tinted = photo.with_working(photo.working() * np.array([1, 0.8, 0.6], np.float32))
    assert not tinted.grey
    assert tinted.profile is None
    assert np.abs(tinted.working()[..., 1] - expected * 0.8).max() < 0.01


@pytest.mark.parametrize(
    ("profile", "reason"),
    [
        (b"junk", "is not an ICC profile"),
        (adobe_rgb()[:300], "is broken"),
        (adobe_rgb()[:16] + b"CMYK" + adobe_rgb()[20:], "is for 'CMYK' pixels and these are RGB"),
        (grey_profile(), "is for 'GRAY' pixels and these are RGB"),
    ],
    ids=["junk", "cut short", "of inks", "of greys"],  # the profiles' own bytes hold the second they were made in
)
def test_an_unusable_profile_is_dropped_with_a_warning_and_the_photo_taken_as_srgb(tmp_path, picture, profile, reason):
    Image.fromarray(picture()).save(tmp_path / "b.jpg", icc_profile=profile)
    photo = open_photo(tmp_path / "b.jpg")
    assert photo.profile is None
    assert reason in photo.warnings[0]
    assert np.array_equal(photo.working(), (photo.pixels / np.float32(255)).astype(np.float32))


def test_a_profile_without_a_way_back_is_converted_to_srgb_with_a_warning(tmp_path, picture):
    Image.fromarray(picture()).save(tmp_path / "scan.png", icc_profile=scanner())
    photo = open_photo(tmp_path / "scan.png")
    assert photo.profile == scanner()
    again = photo.with_working(photo.working())
    assert again.profile is None
    assert "no way back" in again.warnings[-1]
    assert np.abs(again.working() - np.clip(photo.working(), 0, 1)).max() < 1 / 255


def test_cmyk_with_a_profile_of_another_kind_falls_back_with_a_warning(tmp_path, picture):
    Image.fromarray(picture()).convert("CMYK").save(tmp_path / "c.jpg", quality=95, icc_profile=adobe_rgb())
    photo = open_photo(tmp_path / "c.jpg")
    assert "CMYK without a usable profile" in photo.warnings[0]
    assert photo.profile is None


def cmyk_profile() -> bytes:
    """The smallest printer profile: an 8-bit table of the 16 full overprints (ICC.1 lut8Type), paper Lab (95, 0, 0)."""
    overprints = []
    for inks in range(16):
        cyan, magenta, yellow, black = (inks >> 3) & 1, (inks >> 2) & 1, (inks >> 1) & 1, inks & 1
        light = 95 * 0.6 ** (cyan + magenta) * 0.9**yellow * (0.1 if black else 1)
        a, b = (70 * magenta - 35 * cyan, 80 * yellow - 45 * cyan) if not black else (0, 0)
        overprints += [round(light * 2.55), a + 128, b + 128]
    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    ramp = bytes(range(256))
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity + ramp * 4 + bytes(overprints) + ramp * 3
    return table_profile(b"prtr", b"CMYK", table)


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_cmyk_goes_through_its_profile_and_is_srgb_afterwards(tmp_path, suffix):
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    image.save(tmp_path / f"c{suffix}", icc_profile=cmyk_profile(), **({"quality": 100} if suffix == ".jpg" else {}))
    photo = open_photo(tmp_path / f"c{suffix}")
    assert photo.profile is None
    assert photo.warnings == ("CMYK converted to sRGB through its profile",)
    theirs = ImageCms.profileToProfile(
        image,
        ImageCms.ImageCmsProfile(io.BytesIO(cmyk_profile())),
        ImageCms.createProfile("sRGB"),
        renderingIntent=1,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    assert np.abs(photo.pixels.astype(int) - np.array(theirs)).max() <= 3
    assert np.abs(photo.pixels[0, 0].astype(int) - [255, 0, 0]).max() > 20  # not the plain formula's red


def test_16_bit_cmyk_is_converted(tmp_path):
    inks = np.zeros((4, 4, 4), np.uint16)
    inks[..., 1:3] = 65535  # full magenta and yellow: red
    tifffile.imwrite(tmp_path / "c.tif", inks, photometric="separated")
    photo = open_photo(tmp_path / "c.tif")
    assert photo.pixels.dtype == np.uint16
    assert photo.pixels[0, 0].tolist() == [65535, 0, 0]


def test_retouched_pixels_of_another_shape_or_that_are_no_numbers_are_refused(picture):
    photo = as_photo(picture())
    with pytest.raises(InvalidPhoto, match=r"shape \(10, 10, 3\) for a photo of shape \(40, 60, 3\)"):
        photo.with_working(np.zeros((10, 10, 3), np.float32))
    spoilt = photo.working()
    spoilt[3, 3, 1] = np.nan
    with pytest.raises(InvalidPhoto, match="not finite"):
        photo.with_working(spoilt)


def test_values_beyond_the_range_are_clipped_for_integers(picture):
    photo = as_photo(picture())
    assert photo.with_working(photo.working() + 3).pixels.min() == 255
    assert photo.with_working(photo.working() - 3).pixels.max() == 0


def test_a_big_photo_is_converted_in_strips_with_the_same_result():
    pixels = np.random.default_rng(2).integers(0, 256, (1500, 1100, 3), dtype=np.uint8)
    whole = Photo(pixels, profile=DISPLAY_P3)
    part = Photo(np.ascontiguousarray(pixels[1400:]), profile=DISPLAY_P3)
    assert np.array_equal(whole.working()[1400:], part.working())
    assert np.array_equal(whole.with_working(whole.working()).pixels, pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_spread_of_channels_is_the_largest_less_the_smallest(dtype):
    top = np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else 1.5
    rgb = (np.random.default_rng(0).random((9, 7, 3)) * top).astype(dtype)
    spread = channel_spread(rgb)
    assert spread.dtype == dtype
    assert np.array_equal(spread, rgb.max(axis=-1) - rgb.min(axis=-1))
    assert np.isnan(channel_spread(np.full((1, 1, 3), np.nan, np.float32))).all()
