"""Each broken file gives one clear error of ours."""

from __future__ import annotations

import os
import re
import resource
import struct
import zlib

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from veraretouch.core.errors import PhotoTooLarge, UnreadablePhoto
from veraretouch.core.photo import as_photo, file_hash, open_photo, read_header

SUFFIXES = [".jpg", ".png", ".webp", ".tif", ".gif", ".bmp", ".heic", ".avif", ".jxl"]


def written(tmp_path, picture, suffix):
    path = tmp_path / f"photo{suffix}"
    if suffix in (".gif", ".bmp"):
        Image.fromarray(picture()).save(path)
    else:
        as_photo(picture()).save(path)
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kept", [0.9, 0.5, 0.1])
def test_a_truncated_photo_is_refused(tmp_path, picture, suffix, kept):
    path = written(tmp_path, picture, suffix)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(UnreadablePhoto, match=r"photo\.\w+' is (damaged|of an unknown)"):
        open_photo(path)
    try:
        found = open_photo(path, salvage=True)
    except UnreadablePhoto as error:
        said = str(error)
    else:
        said = found.warnings[0]
    # Of one strip or tile, and of most formats, there is nothing to be salvaged.
    expected = (
        "damaged: " if suffix in (".jpg", ".png") and kept > 0.1 else "could be salvaged|unknown format|damaged: "
    )
    assert re.search(expected, said)


@pytest.mark.parametrize("kept", [0.9, 0.5])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_truncated_16_bit_photo_is_refused(tmp_path, picture, suffix, kept):
    path = as_photo(picture(dtype=np.uint16)).save(tmp_path / f"deep{suffix}")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(UnreadablePhoto, match="damaged"):
        open_photo(path)


def test_a_file_that_is_no_photo_is_refused_by_what_it_is(tmp_path):
    cases = {
        "empty.jpg": b"",
        "letter.jpg": b"Dear Ann,\nhere are the photos.\n",
        "noise.jpg": bytes(range(200, 256)) * 3,
    }
    for (name, content), reason in zip(cases.items(), ("empty", "text", "unknown format"), strict=True):
        (tmp_path / name).write_bytes(content)
        for read in (open_photo, read_header):
            with pytest.raises(UnreadablePhoto, match=reason):
                read(tmp_path / name)


def test_a_missing_file_a_folder_and_a_forbidden_file_are_told_apart(tmp_path, monkeypatch):
    with pytest.raises(UnreadablePhoto, match="does not exist"):
        open_photo(tmp_path / "gone.jpg")
    with pytest.raises(UnreadablePhoto, match="does not exist"):
        file_hash(tmp_path / "gone.jpg")
    with pytest.raises(UnreadablePhoto, match="is a folder"):
        open_photo(tmp_path)
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(b"x")
    secret.chmod(0)
    if os.access(secret, os.R_OK):  # root may read everything: let the system refuse in its place

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(UnreadablePhoto, match="permission denied"):
        open_photo(secret)


def bomb_png(width: int, height: int, bits: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def bomb_jpeg(tmp_path, picture) -> bytes:
    data = bytearray(written(tmp_path, picture, ".jpg").read_bytes())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 60000, 60000)
    return bytes(data)


@pytest.mark.parametrize("kind", ["png", "png16", "jpeg", "tiff", "bmp"])
def test_a_bomb_is_refused_from_its_header_before_memory_is_taken(tmp_path, picture, kind):
    path = tmp_path / "bomb"
    if kind == "tiff":
        data = bytearray(written(tmp_path, picture, ".tif").read_bytes())
        with tifffile.TiffFile(tmp_path / "photo.tif") as tiff:
            for code in (256, 257):
                tag = tiff.pages.first.tags[code]
                struct.pack_into("<HHII", data, tag.offset, code, 4, 1, 60000)
        path.write_bytes(bytes(data))
    elif kind == "bmp":
        data = bytearray(written(tmp_path, picture, ".bmp").read_bytes())
        struct.pack_into("<ii", data, 18, 60000, 60000)
        path.write_bytes(bytes(data))
    else:
        path.write_bytes(
            bomb_jpeg(tmp_path, picture) if kind == "jpeg" else bomb_png(60000, 60000, 16 if "16" in kind else 8)
        )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(
        PhotoTooLarge, match=r"60000x60000 pixels, 3,600,000,000; the limit is 300,000,000\. If you trust"
    ):
        open_photo(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB


def test_the_limit_is_the_callers(tmp_path, picture):
    path = written(tmp_path, picture, ".png")
    assert open_photo(path, max_pixels=2400).width == 60
    with pytest.raises(PhotoTooLarge, match="2,400; the limit is 2,399"):
        open_photo(path, max_pixels=2399)


def test_pillows_own_limit_is_neither_changed_nor_applied(tmp_path, monkeypatch, picture):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    for suffix in (".jpg", ".png", ".tif"):
        assert open_photo(written(tmp_path, picture, suffix)).width == 60
    assert Image.MAX_IMAGE_PIXELS == 100


@pytest.mark.parametrize(
    "name",
    [
        *("corrupted.heic", "libtiff_segfault.tif", "seek_too_large.tif", "badwidth.bmp"),
        "decompression_bomb.gif",
    ],
)
def test_files_that_once_broke_other_decoders_are_refused(odd, name):
    with pytest.raises(UnreadablePhoto):
        open_photo(odd / name, max_pixels=10_000_000)


@pytest.mark.parametrize("name", ["truncated_exif_dpi.jpg", "invalid-exif.jpg"])
@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's own, about the EXIF block
def test_a_photo_with_broken_exif_is_read_without_it_and_says_so(odd, name, tmp_path):
    photo = open_photo(odd / name)
    assert photo.exif is None
    assert "EXIF block unreadable" in photo.warnings[0]
    assert open_photo(photo.save(tmp_path / "clean.jpg")).warnings == ()


@pytest.fixture(scope="module")
def wholes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wholes")
    pixels = np.random.default_rng(1).integers(0, 256, (12, 9, 4), dtype=np.uint8)
    result = {}
    for suffix in (".jpg", ".png", ".webp", ".tif"):
        photo = as_photo(pixels[..., :3] if suffix == ".jpg" else pixels)
        result[suffix] = photo.save(folder / f"w{suffix}").read_bytes()
    result["16.png"] = as_photo(pixels.astype(np.uint16) * 257).save(folder / "d.png").read_bytes()
    result["16.tif"] = as_photo(pixels.astype(np.uint16) * 257).save(folder / "d.tif").read_bytes()
    return result


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)
@given(data=st.data())
@pytest.mark.filterwarnings("ignore")
def test_no_flipped_bytes_let_a_foreign_error_out(wholes, tmp_path, data):
    suffix = data.draw(st.sampled_from(sorted(wholes)))
    spoilt = bytearray(wholes[suffix])
    for _ in range(data.draw(st.integers(1, 4))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "spoilt"
    path.write_bytes(bytes(spoilt))
    try:
        photo = open_photo(path, max_pixels=1_000_000)
    except UnreadablePhoto:
        return
    assert photo.pixels.ndim == 3
    assert photo.pixels.shape[2] == 3
    photo.working()
