"""TIFF: the photo's own page is found, and files that ask for more memory than a photo are refused."""

from __future__ import annotations

import io
import resource
import struct
import time
import zlib
from contextlib import suppress

import numpy as np
import pytest
import tifffile
from PIL import Image

from veraretouch.core.errors import UnreadablePhoto
from veraretouch.core.photo import open_photo, read_header


def test_of_a_thumbnail_and_a_photo_the_photo_is_read(cases):
    photo = open_photo(cases / "tiff-thumbnail-first.tif")
    assert (photo.width, photo.height, photo.pixels.dtype, photo.warnings) == (160, 107, np.uint16, ())
    assert read_header(cases / "tiff-thumbnail-first.tif")[:2] == (160, 107)


@pytest.mark.parametrize("marked", [True, False])
def test_a_thumbnail_page_first_is_known_by_its_mark_or_its_shape(tmp_path, picture, marked):
    with tifffile.TiffWriter(tmp_path / "t.tif") as tiff:
        tiff.write(picture(10, 15), photometric="rgb", subfiletype=int(marked))
        tiff.write(picture(), photometric="rgb")
    assert np.array_equal(open_photo(tmp_path / "t.tif").pixels, picture())


def test_a_thumbnail_over_a_photo_in_its_subifd_is_passed_over(tmp_path, picture):
    with tifffile.TiffWriter(tmp_path / "t.tif") as tiff:
        tiff.write(picture(10, 15), photometric="rgb", subfiletype=1, subifds=1)
        tiff.write(picture(), photometric="rgb", subfiletype=0)
    assert np.array_equal(open_photo(tmp_path / "t.tif").pixels, picture())


def test_of_pages_of_one_size_the_first_is_read_with_a_warning(tmp_path, picture):
    with tifffile.TiffWriter(tmp_path / "t.tif") as tiff:
        tiff.write(picture(), photometric="rgb")
        tiff.write(255 - picture(), photometric="rgb")
    photo = open_photo(tmp_path / "t.tif")
    assert np.array_equal(photo.pixels, picture())
    assert "2 frames or pages" in photo.warnings[0]


def crafted(width: int, height: int, samples: int, body: bytes, *, depth: int = 1) -> bytes:
    """A little-endian TIFF of one deflated strip."""
    tags = [
        *((256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 8), (262, 3, 2)),
        *((273, 4, 8 + 2 + 12 * 12 + 4), (277, 3, samples), (278, 4, height), (279, 4, len(body)), (284, 3, 1)),
        *((339, 3, 1), (32997, 4, depth)),
    ]
    rows = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + rows + bytes(4) + body


@pytest.mark.parametrize("shape", [(1000, 1000, 2600, 1), (1000, 1000, 3, 900)], ids=["samples", "layers"])
def test_many_samples_a_pixel_and_layers_are_refused_before_memory_is_taken(shape):
    width, height, samples, depth = shape
    data = crafted(width, height, samples, zlib.compress(bytes(100_000)), depth=depth)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(UnreadablePhoto, match=rf"{samples} samples a pixel and {depth} layers"):
        open_photo(data)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 256_000  # KiB
    assert time.process_time() - start < 2


def test_a_strip_that_swells_beyond_its_picture_takes_no_memory():
    stream = zlib.compressobj(1)
    swelling = b"".join(stream.compress(bytes(1 << 20)) for _ in range(900)) + stream.flush()
    data = crafted(100, 100, 3, swelling)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with suppress(UnreadablePhoto):
        assert open_photo(data).pixels.shape == (100, 100, 3)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 256_000  # KiB


def test_a_few_extra_channels_are_passed_over(tmp_path, picture):
    values = np.dstack([picture()] * 4)
    tifffile.imwrite(tmp_path / "t.tif", values, photometric="rgb", extrasamples=["unspecified"] * 9)
    assert np.array_equal(open_photo(tmp_path / "t.tif").pixels, picture())


@pytest.mark.parametrize("value", [3e38, -3e38, 2e6])
def test_floats_beyond_every_photo_are_refused_by_their_value(tmp_path, value):
    values = np.full((8, 8, 3), 0.5, np.float32)
    values[2, 2, 1] = value
    tifffile.imwrite(tmp_path / "t.tif", values, photometric="rgb")
    with pytest.raises(UnreadablePhoto, match=r"t\.tif': the TIFF holds values up to .*Divide them by their white"):
        open_photo(tmp_path / "t.tif")


STRIPS = {
    "none": {"rowsperstrip": 16},
    "none, one strip": {},
    "deflate": {"rowsperstrip": 16, "compression": "adobe_deflate", "predictor": True},
    "lzw": {"rowsperstrip": 16, "compression": "lzw"},
    "zstd tiles": {"tile": (16, 16), "compression": "zstd"},
    "packbits": {"rowsperstrip": 16, "compression": "packbits"},
    "jpeg": {"rowsperstrip": 16, "compression": "jpeg"},
    "jpeg of RGB": {"rowsperstrip": 16, "compression": "jpeg", "compressionargs": {"outcolorspace": "rgb"}},
}


def tiff_of(scene, **options) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, scene, photometric="rgb", **options)
    return file.getvalue()


@pytest.fixture
def grainy(picture):
    """A picture (96, 128, 3) that no compression makes small."""
    scene = picture(96, 128)
    return scene ^ np.random.default_rng(1).integers(0, 32, scene.shape, dtype=np.uint8)


@pytest.mark.parametrize("kind", STRIPS)
def test_a_tiff_cut_short_is_refused_and_its_whole_strips_salvaged(grainy, kind):
    whole = tiff_of(grainy, **STRIPS[kind])
    right = open_photo(whole)
    assert right.warnings == ()
    spoilt = whole[: len(whole) * 2 // 3]
    with pytest.raises(UnreadablePhoto, match=r"is damaged.*--salvage"):
        open_photo(spoilt)
    found = open_photo(spoilt, salvage=True)
    assert found.warnings[0].startswith("damaged: ")
    assert np.array_equal(found.pixels[:48], right.pixels[:48])
    assert (found.pixels[-16:] != right.pixels[-16:]).any()


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "YCbCr"])
def test_complaints_about_a_jpeg_within_a_tiff_are_not_swallowed(grainy, mode, capfd):
    file = io.BytesIO()
    Image.fromarray(grainy).convert(mode).save(file, "TIFF", compression="jpeg")
    whole = file.getvalue()
    right = open_photo(whole)
    with tifffile.TiffFile(io.BytesIO(whole)) as tiff:
        page = tiff.pages[0]
        strips = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    place, size = strips[len(strips) // 2]
    for noise in (bytes(200), np.random.default_rng(5).bytes(200)):
        at = place + size // 2
        spoilt = whole[:at] + noise + whole[at + 200 :]
        with pytest.raises(UnreadablePhoto, match=r"is damaged.*--salvage"):
            open_photo(spoilt)
        if len(strips) > 1:
            found = open_photo(spoilt, salvage=True)
            assert found.warnings[0].startswith("damaged: ")
            assert np.array_equal(found.pixels[:16], right.pixels[:16])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("subsampling", [(1, 1), (2, 2), (2, 1)])
def test_a_tiff_of_ycbcr_jpegs_has_the_pixels_that_pillow_reads(picture, subsampling, pil, tmp_path):
    path = tmp_path / "t.tif"
    path.write_bytes(tiff_of(picture(90, 128), rowsperstrip=32, compression="jpeg", subsampling=subsampling))
    assert np.array_equal(open_photo(path).pixels, np.array(pil(path).convert("RGB")))


def test_a_tiff_of_which_no_strip_is_left_is_refused_even_with_salvage(grainy):
    whole = tiff_of(grainy, compression="adobe_deflate")
    with pytest.raises(UnreadablePhoto, match="nothing of this TIFF could be salvaged"):
        open_photo(whole[: len(whole) // 2], salvage=True)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_of_every_width_are_read_without_a_word(tmp_path, dtype):
    values = np.linspace(-0.25, 1, 48).reshape(4, 4, 3).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb")
    photo = open_photo(tmp_path / "a.tif")
    assert photo.warnings == ()
    np.testing.assert_array_equal(photo.pixels, values.astype(np.float32))
