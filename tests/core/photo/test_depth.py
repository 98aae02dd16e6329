"""Sixteen bits and floats stay what they are from file to file; alpha and grey are carried."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tifffile
from PIL import Image

from veraretouch.core.errors import UnreadablePhoto
from veraretouch.core.photo import PhotoWarning, as_photo, open_photo


def noise(shape, dtype=np.uint16):
    generator = np.random.default_rng(7)
    if dtype == np.float32:
        return generator.random(shape, dtype=np.float32)
    return generator.integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("channels", [(), (3,), (4,)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_integers_go_through_a_lossless_file_bit_for_bit(tmp_path, suffix, channels, dtype):
    source = as_photo(noise((17, 23, *channels), dtype))
    path = source.save(tmp_path / f"deep{suffix}")
    again = open_photo(path)
    again = again.with_working(again.working())
    assert again.pixels.dtype == dtype
    assert np.array_equal(again.pixels, source.pixels)
    assert again.grey == (channels == ())
    assert (again.alpha is None) == (channels != (4,))
    if again.alpha is not None:
        assert again.alpha.dtype == dtype
        assert np.array_equal(again.alpha, source.alpha)


def test_sixteen_bit_files_are_what_another_program_reads(tmp_path, pil):
    import imagecodecs

    values = noise((9, 11, 3))
    assert np.array_equal(tifffile.imread(as_photo(values).save(tmp_path / "a.tif")), values)
    assert np.array_equal(imagecodecs.png_decode(as_photo(values).save(tmp_path / "a.png").read_bytes()), values)
    grey = as_photo(values[..., 0]).save(tmp_path / "g.png")
    assert pil(grey).mode == "I;16"
    assert np.array_equal(np.array(pil(grey)), values[..., 0])


def test_floats_go_through_tiff_bit_for_bit_beyond_white_too(tmp_path):
    values = noise((9, 11, 3), np.float32) * 2
    tifffile.imwrite(tmp_path / "f.tif", values, photometric="rgb")
    photo = open_photo(tmp_path / "f.tif")
    assert photo.pixels.dtype == np.float32
    assert "1 is taken as white" in photo.warnings[0]
    again = open_photo(photo.with_working(photo.working()).save(tmp_path / "g.tif"))
    assert np.array_equal(again.pixels, values)


def test_a_tiff_with_values_that_are_not_finite_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "f.tif", np.array([[[0.5, np.nan, 1.0]]], np.float32), photometric="rgb")
    with pytest.raises(UnreadablePhoto, match="not finite"):
        open_photo(tmp_path / "f.tif")


@pytest.mark.parametrize(
    "options", [{"planarconfig": "separate"}, {"tile": (16, 16)}, {"byteorder": ">"}, {"bigtiff": True}]
)
def test_every_layout_of_a_16_bit_tiff_is_read(tmp_path, options):
    values = noise((40, 30, 3))
    stored = np.moveaxis(values, -1, 0) if "planarconfig" in options else values
    tifffile.imwrite(tmp_path / "t.tif", stored, photometric="rgb", **options)
    assert np.array_equal(open_photo(tmp_path / "t.tif").pixels, values)


def test_white_is_zero_is_turned_round(tmp_path):
    for dtype in (np.uint8, np.uint16):
        values = noise((5, 6), dtype)
        tifffile.imwrite(tmp_path / "w.tif", values, photometric="miniswhite")
        assert np.array_equal(open_photo(tmp_path / "w.tif").pixels[..., 0], np.iinfo(dtype).max - values)


def test_colour_stored_multiplied_by_alpha_is_divided(tmp_path):
    straight = np.full((4, 4, 3), 40000, np.uint16)
    alpha = np.full((4, 4), 32768, np.uint16)
    stored = np.dstack(((straight.astype(float) * 32768 / 65535).round().astype(np.uint16), alpha))
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", extrasamples=["assocalpha"])
    photo = open_photo(tmp_path / "a.tif")
    assert np.abs(photo.pixels.astype(int) - 40000).max() <= 2
    assert np.array_equal(photo.alpha, alpha)


def test_twelve_bits_fill_the_range_of_sixteen(odd, pil):
    stored = np.array(pil(odd / "12bit.cropped.tif")).astype(float)
    photo = open_photo(odd / "12bit.cropped.tif")
    assert photo.pixels.dtype == np.uint16
    assert stored.max() > 0
    assert np.abs(photo.pixels[..., 0] - stored * 65535 / 4095).max() <= 0.5


def test_16_bit_png_by_others_is_read_exactly(odd):
    import imagecodecs

    for name in ("RGB_16", "LA_16", "L_16"):
        path = odd / f"{name}__29x100.png"
        stored = imagecodecs.png_decode(path.read_bytes())
        photo = open_photo(path)
        body = stored if stored.ndim == 2 else stored[..., 0]
        assert photo.pixels.dtype == np.uint16
        assert np.array_equal(photo.pixels[..., 0], body)
        assert (photo.alpha is not None) == ("A" in name)
        assert photo.alpha is None or np.array_equal(photo.alpha, stored[..., 1])


def test_a_16_bit_png_with_a_transparent_colour_gets_an_alpha_channel(odd):
    photo = open_photo(odd / "i_trns.png")
    assert photo.alpha is not None
    assert set(np.unique(photo.alpha)) <= {0, 65535}
    assert (photo.alpha == 0).any()


def test_alpha_goes_into_webp_and_heic_and_is_dropped_from_jpeg_with_a_warning(tmp_path):
    alpha = np.zeros((20, 20, 4), np.uint8) + 200
    alpha[:, 10:, 3] = 0
    photo = as_photo(alpha)
    for suffix in (".webp", ".heic"):
        again = open_photo(photo.save(tmp_path / f"a{suffix}"))
        assert again.alpha is not None
        assert np.abs(again.alpha.astype(int) - photo.alpha).max() <= 3
    with pytest.warns(PhotoWarning, match="JPEG holds no transparency"):
        assert open_photo(photo.save(tmp_path / "a.jpg")).alpha is None


def test_a_16_bit_photo_is_rounded_to_nearest_for_an_8_bit_format(tmp_path):
    values = np.array([0, 128, 129, 32639, 32767, 32896, 65406, 65407, 65535], np.uint16)
    photo = as_photo(np.repeat(values[None, :, None], 3, axis=2))
    path = photo.save(tmp_path / "a.webp")
    assert open_photo(path).pixels.dtype == np.uint8
    assert np.array(photo.pil())[0, :, 0].tolist() == [round(int(v) / 257) for v in values]


def test_a_grey_photo_is_saved_grey_until_colour_comes_in(tmp_path, picture, pil):
    grey = as_photo(picture()[..., 0])
    for suffix in (".jpg", ".png", ".tif"):
        assert pil(grey.save(tmp_path / f"g{suffix}")).mode == "L"
    working = grey.working()
    working[..., 0] += 0.1
    coloured = grey.with_working(working)
    assert not coloured.grey
    assert pil(coloured.save(tmp_path / "c.png")).mode == "RGB"


def test_colour_put_into_a_grey_photo_behind_its_back_is_not_lost(tmp_path, picture, pil):
    tricked = dataclasses.replace(as_photo(picture()[..., 0]), pixels=picture())
    assert np.array_equal(np.array(pil(tricked.save(tmp_path / "c.png"))), picture())
    assert tricked.pil().mode == "RGB"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_black_and_white_photo_stored_in_three_channels_is_known_as_grey_and_saved_in_one(
    tmp_path, picture, dtype, suffix
):
    three = np.repeat(picture(dtype=dtype)[..., :1], 3, axis=2)
    tifffile.imwrite(tmp_path / "three.tif", three, photometric="rgb")
    photo = open_photo(tmp_path / "three.tif")
    assert photo.grey
    assert as_photo(three).grey
    again = open_photo(photo.with_working(photo.working()).save(tmp_path / f"one{suffix}"))
    assert again.one_channel
    assert np.array_equal(again.pixels, three)
    three[3, 4, 1] ^= 1
    assert not as_photo(three).grey


def test_a_pil_image_comes_back_in_its_own_number_of_channels(picture):
    grey = Image.fromarray(picture()[..., 0])
    assert as_photo(grey).pil().mode == "L"
    assert as_photo(grey.convert("RGB")).pil().mode == "RGB"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_resizing_keeps_depth_alpha_and_proportions_and_never_enlarges(dtype):
    photo = as_photo(noise((60, 90, 4), dtype))
    small = photo.resized(30)
    assert small.pixels.shape == (20, 30, 3)
    assert small.alpha.shape == (20, 30)
    assert small.pixels.dtype == dtype == small.alpha.dtype
    assert small.pixels.flags.c_contiguous
    assert photo.resized(90) is photo
    assert photo.resized(500) is photo
    flat = as_photo(np.full((60, 90, 3), 0.25 if dtype == np.float32 else 77, dtype)).resized(31)
    assert np.abs(flat.pixels.astype(float) - (0.25 if dtype == np.float32 else 77)).max() < 1e-6


def test_colour_under_transparent_pixels_does_not_bleed_when_resizing():
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[:, :, 0] = 255  # red, all hidden
    pixels[:, 15:] = (0, 255, 0, 255)
    small = as_photo(pixels).resized(10)
    seen = small.alpha > 8
    assert small.pixels[seen][:, 0].max() <= 2


def test_resizing_is_antialiased():
    stripes = np.zeros((64, 64, 3), np.uint16)
    stripes[:, ::2] = 65535
    small = as_photo(stripes).resized(8)
    assert np.abs(small.pixels.astype(int) - 32768).max() < 2500
