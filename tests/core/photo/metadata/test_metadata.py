"""EXIF and XMP: kept, made true of the new picture, stripped on request."""

from __future__ import annotations

import dataclasses
import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from veraretouch.core.photo import PhotoWarning, SaveOptions, as_photo, open_photo
from veraretouch.core.photo.color.icc import ADOBE_RGB
from veraretouch.core.photo.metadata.exif import Exif, parse, serialise

FORMATS = [".jpg", ".png", ".webp", ".tif", ".heic"]
DATE, SERIAL, NOTE = 0x9003, 0xA431, 0x927C


@pytest.fixture(params=["<", ">"], ids=["little endian", "big endian"])
def block(request, camera_exif):
    return camera_exif(request.param, orientation=6)


def source(tmp_path, picture, block, suffix=".jpg", **more):
    path = tmp_path / f"camera{suffix}"
    Image.fromarray(picture()).save(path, exif=b"Exif\0\0" + block, **more)
    return path


def seen(path):
    """EXIF as Pillow, or for HEIC pillow-heif, shows it."""
    if path.suffix == ".heic":
        import pillow_heif

        exif = Image.Exif()
        exif.load(pillow_heif.open_heif(path).info["exif"])
        return exif
    with Image.open(path) as image:
        image.load()
        exif = image.getexif()
        exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
        return exif


@pytest.mark.parametrize("suffix", FORMATS)
def test_dates_and_position_are_kept_in_every_format(tmp_path, picture, block, suffix):
    photo = open_photo(source(tmp_path, picture, block))
    exif = seen(photo.save(tmp_path / f"out{suffix}"))
    assert exif[0x010F] == "Vera Cameras"
    assert exif[0x0132] == "2023:04:05 06:07:08"
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    assert inner[DATE] == "2023:04:05 06:07:08"
    assert inner[SERIAL] == "SN-12345678"
    assert inner[NOTE].startswith(b"NOTE\0\0")
    position = exif.get_ifd(ExifTags.IFD.GPSInfo)
    assert position[1] == "N"
    assert [float(part) for part in position[2]] == [48, 8, 30]
    assert exif.get(0x0112, 1) == 1
    assert (inner[0xA002], inner[0xA003]) == (40, 60)  # turned by 90 degrees


def test_the_maker_note_stays_at_its_offset(tmp_path, picture, block):
    saved = open_photo(open_photo(source(tmp_path, picture, block)).save(tmp_path / "out.jpg")).exif
    assert saved[300:352] == block[300:352]
    assert saved[310:322] == b"inner at 310"


def test_the_thumbnail_is_the_new_picture(tmp_path, picture, block):
    photo = open_photo(source(tmp_path, picture, block))
    negative = photo.with_working(1 - photo.working())
    saved = parse(open_photo(negative.save(tmp_path / "out.jpg")).exif)
    with Image.open(io.BytesIO(saved.thumbnail)) as thumbnail:
        assert thumbnail.size == (40, 60)
        wrong = np.abs(np.array(thumbnail).astype(int) - negative.pixels)
    assert wrong.mean() < 6
    old = Image.new("RGB", (16, 8), (255, 0, 255))
    file = io.BytesIO()
    old.save(file, "JPEG")
    assert file.getvalue() not in (tmp_path / "out.jpg").read_bytes()


def test_the_thumbnail_of_a_large_wide_gamut_photo_is_small_and_srgb(tmp_path, picture, camera_exif):
    path = tmp_path / "camera.jpg"
    Image.fromarray(picture(600, 900)).save(path, exif=b"Exif\0\0" + camera_exif(), icc_profile=ADOBE_RGB)
    photo = open_photo(path)
    saved = parse(open_photo(photo.save(tmp_path / "out.jpg")).exif)
    with Image.open(io.BytesIO(saved.thumbnail)) as thumbnail:
        assert thumbnail.size == (160, 107)
        assert "icc_profile" not in thumbnail.info
        expected = np.clip(photo.resized(160).working(), 0, 1) * 255
        assert np.abs(np.array(thumbnail) - expected).mean() < 4


def test_a_photo_without_a_thumbnail_gets_none(tmp_path, picture, camera_exif):
    path = source(tmp_path, picture, camera_exif(thumbnail=False))
    assert parse(open_photo(open_photo(path).save(tmp_path / "out.jpg")).exif).thumbnail is None


@pytest.mark.parametrize("suffix", FORMATS)
def test_stripping_positions_leaves_no_trace_of_them_and_keeps_the_rest(tmp_path, picture, block, gps_xmp, suffix):
    photo = open_photo(source(tmp_path, picture, block, xmp=gps_xmp))
    path = photo.save(tmp_path / f"out{suffix}", options=SaveOptions(strip="gps"))
    assert seen(path).get_ifd(ExifTags.IFD.Exif)[DATE] == "2023:04:05 06:07:08"
    assert dict(seen(path).get_ifd(ExifTags.IFD.GPSInfo)) == {}
    xmp = open_photo(path).xmp
    assert b"GPS" not in xmp
    assert "Ann Ö".encode() in xmp
    content = path.read_bytes()
    assert b"48,8.5N" not in content
    assert b"11,34.5E" not in content
    assert block[160:184] not in content  # the degrees themselves


@pytest.mark.parametrize("suffix", FORMATS)
def test_stripping_all_removes_exif_and_xmp_and_keeps_the_profile(tmp_path, picture, block, gps_xmp, suffix):
    photo = open_photo(source(tmp_path, picture, block, xmp=gps_xmp, icc_profile=ADOBE_RGB))
    path = photo.save(tmp_path / f"out{suffix}", options=SaveOptions(strip="all"))
    again = open_photo(path)
    assert again.xmp is None
    assert again.profile == ADOBE_RGB
    if suffix != ".heic":  # libheif writes a block with the orientation alone
        assert again.exif is None
    content = path.read_bytes()
    for secret in (b"SN-12345678", b"2023:04", b"Vera Cameras", "Ann Ö".encode()):
        assert secret not in content


@pytest.mark.parametrize("suffix", FORMATS)
def test_xmp_is_carried_upright(tmp_path, picture, gps_xmp, suffix):
    Image.fromarray(picture()).save(tmp_path / "x.jpg", xmp=gps_xmp)
    photo = open_photo(tmp_path / "x.jpg")
    again = open_photo(photo.save(tmp_path / f"out{suffix}"))
    assert b'tiff:Orientation="1"' in again.xmp
    assert b"48,8.5N" in again.xmp
    assert "Ann Ö".encode() in again.xmp
    assert again.pixels.shape == photo.pixels.shape


@pytest.mark.parametrize("packet", [b"<broken", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', b"\xff\xfe\0\0"])
def test_xmp_that_cannot_be_read_is_not_passed_on(tmp_path, picture, packet):
    Image.fromarray(picture()).save(tmp_path / "x.jpg", xmp=packet)
    assert open_photo(open_photo(tmp_path / "x.jpg").save(tmp_path / "y.jpg")).xmp is None


@pytest.mark.parametrize("with_xmp", [True, False])
def test_notes_are_written_to_xmp(tmp_path, picture, gps_xmp, with_xmp):
    Image.fromarray(picture()).save(tmp_path / "x.jpg", **({"xmp": gps_xmp} if with_xmp else {}))
    options = SaveOptions(metadata={"License": 'research <only> & "more"', "1st note": "ü"}, strip="all")
    saved = open_photo(open_photo(tmp_path / "x.jpg").save(tmp_path / "y.jpg", options=options)).xmp
    from xml.etree import ElementTree

    values = [value for element in ElementTree.fromstring(saved).iter() for value in element.attrib.values()]
    assert 'research <only> & "more"' in values
    assert "ü" in values


def test_software_is_left_alone_unless_named(tmp_path, picture, camera_exif):
    photo = open_photo(source(tmp_path, picture, camera_exif()))
    assert 0x0131 not in seen(photo.save(tmp_path / "a.jpg"))
    named = SaveOptions(software="veraretouch 0.1")
    assert seen(photo.save(tmp_path / "b.jpg", options=named))[0x0131] == "veraretouch 0.1"
    assert seen(as_photo(picture()).save(tmp_path / "c.jpg", options=named))[0x0131] == "veraretouch 0.1"


def test_a_camera_that_marks_adobe_rgb_in_exif_alone_is_believed(tmp_path, picture):
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[0xA001] = 0xFFFF
    exif.get_ifd(ExifTags.IFD.Exif)[0xA005] = {1: "R03", 2: b"0100"}
    Image.fromarray(picture()).save(tmp_path / "a.jpg", exif=exif)
    photo = open_photo(tmp_path / "a.jpg")
    assert photo.profile == ADOBE_RGB
    converted = photo.with_working(photo.working(), color_space="srgb")
    again = open_photo(converted.save(tmp_path / "b.jpg"))
    assert again.profile is None
    assert parse(again.exif).exif[0xA001].data in (b"\x00\x01", b"\x01\x00")


def test_exif_that_overflows_a_jpeg_segment_loses_its_thumbnail_first(tmp_path, picture, camera_exif):
    tree = parse(camera_exif())
    tree.exif[0x9286] = tree.entry(0)._replace(type=7, number=60_000, data=bytes(60_000))
    tree.thumbnail = bytes(4000)
    photo = as_photo(picture(300, 400))
    noisy = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    photo = type(photo)(noisy, exif=serialise(tree)[0])
    saved = parse(open_photo(photo.save(tmp_path / "a.jpg")).exif)
    assert saved.thumbnail is None
    assert saved.exif[0x9286].number == 60_000
    assert saved.gps


def test_metadata_that_no_jpeg_can_hold_is_dropped_with_a_warning(tmp_path, picture, camera_exif, gps_xmp):
    tree = parse(camera_exif())
    tree.exif[0x9286] = tree.entry(0)._replace(type=7, number=70_000, data=bytes(70_000))
    big = dataclasses.replace(as_photo(picture()), exif=serialise(tree)[0])
    with pytest.warns(PhotoWarning, match="EXIF of more than 64 KB"):
        assert open_photo(big.save(tmp_path / "a.jpg")).exif is None
    assert parse(open_photo(big.save(tmp_path / "a.png")).exif).exif[0x9286].number == 70_000
    long = gps_xmp.replace(b"<rdf:RDF", b"<!--" + b"A" * 70_000 + b"--><rdf:RDF", 1)  # no property, which can be moved
    assert len(long) > 70_000
    with pytest.warns(PhotoWarning, match="XMP of more than 64 KB"):
        dataclasses.replace(as_photo(picture()), xmp=long).save(tmp_path / "b.jpg")


def test_exif_of_a_16_bit_tiff_reaches_the_next_file(tmp_path, picture, block):
    photo = open_photo(source(tmp_path, picture, block))
    deep = type(photo)(picture(dtype=np.uint16), exif=photo.exif)
    jpeg = open_photo(deep.save(tmp_path / "deep.tif")).save(tmp_path / "again.jpg")
    exif = seen(jpeg)
    assert exif.get_ifd(ExifTags.IFD.Exif)[DATE] == "2023:04:05 06:07:08"
    assert exif.get_ifd(ExifTags.IFD.GPSInfo)[1] == "N"


def test_writing_what_was_read_changes_nothing(block):
    first = parse(block)
    again = parse(serialise(first)[0])
    for name in ("image", "exif", "gps", "interop"):
        before, after = getattr(first, name), getattr(again, name)
        assert {tag: entry[:3] for tag, entry in before.items()} == {tag: entry[:3] for tag, entry in after.items()}
    assert again.thumbnail == first.thumbnail
    assert again.exif[NOTE].at == 300


@given(st.binary(max_size=200), st.sampled_from([b"II*\0", b"MM\0*"]), st.integers(0, 64))
@settings(max_examples=300, deadline=None, database=None)
def test_no_bytes_upset_the_exif_reader(noise, mark, offset):
    tree = parse(mark + struct.pack("<I" if mark[0] == 73 else ">I", offset) + noise)
    assert isinstance(tree, Exif)
    assert parse(serialise(tree)[0]) is not None


def test_a_directory_that_points_at_itself_ends(camera_exif):
    block = bytearray(camera_exif())
    block[400:404] = block[8:12]
    struct.pack_into("<I", block, 8 + 2 + 4 * 12 + 8, 8)  # GPS points at IFD0
    assert parse(bytes(block)) is not None


def test_pil_images_carry_exif_and_profile_both_ways(picture, camera_exif):
    image = Image.fromarray(picture())
    image.info.update(exif=b"Exif\0\0" + camera_exif(orientation=8), icc_profile=ADOBE_RGB)
    photo = as_photo(image)
    assert photo.pixels.shape == (60, 40, 3)
    assert photo.profile == ADOBE_RGB
    given_back = photo.pil()
    assert given_back.size == (40, 60)
    assert given_back.info["icc_profile"] == ADOBE_RGB
    assert as_photo(given_back).pixels.shape == (60, 40, 3)  # not turned a second time
    assert given_back.getexif().get_ifd(ExifTags.IFD.Exif)[DATE] == "2023:04:05 06:07:08"
