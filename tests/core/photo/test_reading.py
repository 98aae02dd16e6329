"""Every kind of file becomes upright RGB of its own depth."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from veraretouch.core.photo import EXTENSIONS, as_photo, file_hash, is_raw, open_photo, read_header


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp", ".bmp"])
def test_eight_bit_rgb_is_read_as_it_was_written(tmp_path, picture, suffix):
    path = tmp_path / f"photo{suffix}"
    Image.fromarray(picture()).save(path, **({"lossless": True} if suffix == ".webp" else {}))
    photo = open_photo(path)
    assert photo.pixels.dtype == np.uint8
    assert photo.pixels.flags.c_contiguous
    assert np.array_equal(photo.pixels, picture())
    assert (photo.grey, photo.alpha, photo.profile, photo.warnings, photo.path) == (False, None, None, (), path)


def test_a_jpeg_is_read_as_pillow_reads_it_and_its_quality_is_known(tmp_path, picture, pil):
    for quality, subsampling, name in ((97, 0, "4:4:4"), (75, 2, "4:2:0"), (30, 1, "4:2:2"), (100, 0, "4:4:4")):
        path = tmp_path / "photo.jpg"
        Image.fromarray(picture()).save(path, quality=quality, subsampling=subsampling)
        photo = open_photo(path)
        assert np.array_equal(photo.pixels, np.array(pil(path)))
        assert (photo.quality, photo.subsampling, photo.format) == (quality, name, "JPEG")


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
def test_a_grey_photo_is_three_equal_channels_and_remembers_that_it_was_grey(tmp_path, picture, suffix, pil):
    path = tmp_path / f"photo{suffix}"
    Image.fromarray(picture()).convert("L").save(path)
    photo = open_photo(path)
    expected = np.array(pil(path))
    assert photo.grey
    assert photo.pixels.shape == (40, 60, 3)
    assert all(np.array_equal(photo.pixels[..., channel], expected) for channel in range(3))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16"])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_every_mode_pillow_can_save_is_read_as_pillow_shows_it(tmp_path, picture, mode, suffix):
    image = Image.fromarray(picture())
    image = (
        Image.fromarray(picture(dtype=np.uint16)[..., 0])
        if mode == "I;16"
        else image.convert(mode if mode != "LAB" else "RGB")
    )
    if mode == "LAB":
        from PIL import ImageCms

        image = ImageCms.profileToProfile(
            image, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
    path = tmp_path / f"photo{suffix}"
    try:
        image.save(path)
    except OSError:
        pytest.skip(f"{suffix} holds no {mode}")
    photo = open_photo(path)
    if mode == "I;16":
        assert np.array_equal(photo.pixels[..., 1], picture(dtype=np.uint16)[..., 0])
        return
    expected = np.array(image.convert("RGB")) if mode != "LAB" else picture()
    wrong = np.abs(photo.pixels.astype(int) - expected)
    assert wrong.mean() < 2 if mode == "LAB" else wrong.max() == 0  # eight bits of Lab are coarse near the gamut's edge
    assert (photo.alpha is not None) == (mode in ("LA", "RGBA"))
    assert bool(photo.warnings) == (mode == "CMYK")


def test_a_palette_with_a_transparent_colour_gets_an_alpha_channel(tmp_path):
    image = Image.new("P", (4, 2), 1)
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.putpixel((0, 0), 0)
    image.save(tmp_path / "p.png", transparency=0)
    photo = open_photo(tmp_path / "p.png")
    assert photo.alpha is not None
    assert photo.alpha[0, 0] == 0
    assert photo.alpha[1, 1] == 255
    assert photo.pixels[1, 1].tolist() == [0, 255, 0]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_the_orientation_is_applied_to_the_pixels_and_reset_on_saving(tmp_path, picture, orientation, suffix, pil):
    path = tmp_path / f"turned{suffix}"
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(picture()).save(path, exif=exif)
    expected = np.array(ImageOps.exif_transpose(pil(path)).convert("RGB"))
    photo = open_photo(path)
    assert np.array_equal(photo.pixels, expected)
    saved = pil(photo.save(tmp_path / "saved.png"))
    assert np.array_equal(np.array(saved), expected)
    assert saved.getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_fax_compressed_tiff_by_others_is_turned_once_and_not_twice(odd, orientation):
    first = open_photo(odd / "g4_orientation_1.tif").pixels
    turned = open_photo(odd / f"g4_orientation_{orientation}.tif").pixels
    assert turned.shape == first.shape
    assert np.abs(turned.astype(int) - first).mean() < 2  # their scans differ a little; a wrong turn gives 24 and more


def test_an_orientation_that_only_xmp_knows_is_applied(tmp_path, picture, gps_xmp):
    Image.fromarray(picture()).save(tmp_path / "x.jpg", xmp=gps_xmp)
    assert open_photo(tmp_path / "x.jpg").pixels.shape == (60, 40, 3)


def test_the_wrong_suffix_does_not_matter(tmp_path, picture):
    Image.fromarray(picture()).save(tmp_path / "photo.png")
    (tmp_path / "photo.png").rename(tmp_path / "photo.jpg")
    photo = open_photo(tmp_path / "photo.jpg")
    assert photo.format == "PNG"
    assert np.array_equal(photo.pixels, picture())


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (2, 1)])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".heic"])
def test_the_smallest_and_thinnest_photos_are_read_and_written(tmp_path, size, suffix):
    pixels = np.full((*size, 3), (200, 100, 50), np.uint8)
    path = as_photo(pixels).save(tmp_path / f"thin{suffix}")
    again = open_photo(path)
    assert again.pixels.shape == pixels.shape
    assert np.abs(again.pixels.astype(int) - pixels).max() <= 8
    assert again.with_working(again.working()).resized(1).pixels.shape == (1, 1, 3)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".tif"])
def test_of_several_frames_the_first_is_read_with_a_warning(tmp_path, suffix):
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue", "lime")]
    path = tmp_path / f"film{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:], **({"lossless": True} if suffix == ".webp" else {}))
    photo = open_photo(path)
    assert photo.pixels[0, 0].tolist() == [255, 0, 0]
    assert len(photo.warnings) == 1
    assert "frames" in photo.warnings[0] or "animated" in photo.warnings[0]


def test_a_tiff_with_a_thumbnail_page_is_read_without_a_warning(tmp_path, picture):
    with tifffile.TiffWriter(tmp_path / "t.tif") as tiff:
        tiff.write(picture(), photometric="rgb")
        tiff.write(picture(8, 8), photometric="rgb", subfiletype=1)
    assert open_photo(tmp_path / "t.tif").warnings == ()


def test_a_multi_picture_jpeg_is_read_with_a_warning(tmp_path, picture):
    image = Image.fromarray(picture())
    image.save(tmp_path / "m.mpo", save_all=True, append_images=[image.resize((8, 8))])
    photo = open_photo(tmp_path / "m.mpo")
    assert photo.pixels.shape == (40, 60, 3)
    assert "multi-picture" in photo.warnings[0]


def test_a_gain_map_is_dropped_with_a_warning_and_no_longer_announced(tmp_path, picture, gps_xmp):
    Image.fromarray(picture()).save(tmp_path / "hdr.jpg", xmp=gps_xmp)
    photo = open_photo(tmp_path / "hdr.jpg")
    assert [w for w in photo.warnings if "gain map" in w]
    assert open_photo(photo.save(tmp_path / "sdr.jpg")).warnings == ()


def test_cmyk_goes_through_its_profile_where_it_has_one_and_says_so_where_not(odd):
    photo = open_photo(odd / "pil_sample_cmyk.jpg")
    assert photo.pixels.shape == (100, 100, 3)
    assert photo.profile is None
    assert "without a usable profile" in photo.warnings[0]


def test_the_header_is_read_without_decoding_a_pixel(tmp_path, picture):
    for suffix in (".jpg", ".png", ".webp", ".tif", ".gif", ".bmp"):
        path = tmp_path / f"h{suffix}"
        Image.fromarray(picture()).save(path)
        whole = path.read_bytes()
        if suffix in (".jpg", ".png"):  # the others' headers may lie at the end, or need the file's length
            path.write_bytes(whole[: len(whole) - len(whole) // 4])
        assert read_header(path)[:3] == (60, 40, {".jpg": "JPEG", ".tif": "TIFF"}.get(suffix, suffix[1:].upper()))


def test_suffixes_tell_raw_from_jpeg():
    assert is_raw("a/B.CR3")
    assert is_raw(Path("x.dng"))
    assert not is_raw("x.jpg")
    assert not is_raw("dng")
    assert {".jpg", ".heic", ".nef", ".gif"} <= EXTENSIONS.readable
    assert EXTENSIONS.writable < EXTENSIONS.readable
    assert ".nef" not in EXTENSIONS.writable


def test_the_hash_of_a_file_is_that_of_its_bytes_and_the_hash_of_a_photo_that_of_its_picture(tmp_path, picture):
    first = as_photo(picture()).save(tmp_path / "a.png")
    second = as_photo(picture()).save(tmp_path / "b.tif")
    assert file_hash(first) != file_hash(second)
    assert open_photo(first).hash == open_photo(second).hash
    changed = picture()
    changed[0, 0, 0] ^= 1
    assert as_photo(changed).hash != open_photo(first).hash
    assert as_photo(picture(dtype=np.float32)).hash != as_photo(picture()).hash


def test_importing_the_photo_room_loads_no_torch_and_no_slow_codec():
    code = (
        "import sys, veraretouch.core.photo; "
        "print(sorted({'torch', 'imagecodecs', 'tifffile', 'rawpy', 'pillow_heif'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
