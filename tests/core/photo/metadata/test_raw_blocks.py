"""EXIF out of raws of every maker: the same block, wherever it lies."""

import io
import struct

import pytest
from PIL import Image

from veraretouch.core.photo.metadata.exif import Exif, ExifTag, parse, serialise
from veraretouch.core.photo.metadata.raw_blocks import exif_of_raw

DATE, MODEL, LATITUDE = 0x9003, 0x0110, 2
_WHEN, _WHAT = b"2024:05:06 07:08:09\0", b"Acme R1\0"
_WHERE = struct.pack(">6I", 48, 1, 8, 1, 30, 1)


def block(order=">"):
    where = _WHERE if order == ">" else struct.pack("<6I", 48, 1, 8, 1, 30, 1)
    return Exif(
        order,
        image={MODEL: ExifTag(2, len(_WHAT), _WHAT)},
        exif={DATE: ExifTag(2, len(_WHEN), _WHEN)},
        gps={LATITUDE: ExifTag(5, 3, where)},
    )


def jpeg(tiff):
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", exif=b"Exif\0\0" + tiff)
    return file.getvalue()


def box(kind, body):
    return struct.pack(">I4s", 8 + len(body), kind) + body


def canon():
    found = block()
    parts = {
        b"CMT1": Exif(">", image=found.image),
        b"CMT2": Exif(">", image=found.exif),
        b"CMT4": Exif(">", image=found.gps),
    }
    inside = b"".join(box(name, serialise(part)[0]) for name, part in parts.items())
    uuid = box(b"uuid", bytes.fromhex("85c0b687820f11e08111f4ce462b6a48") + box(b"CNCV", b"x") + inside)
    return box(b"ftyp", b"crx \0\0\0\1crx isom") + box(b"moov", uuid) + box(b"mdat", bytes(64))


def sigma():
    picture = jpeg(serialise(block())[0])
    section = b"SECi" + struct.pack("<6I", 0x20000, 2, 18, 8, 8, 0) + picture
    head = b"FOVb".ljust(64, b"\0")
    directory = b"SECd" + struct.pack("<II", 0x20000, 1) + struct.pack("<II4s", len(head), len(section), b"IMA2")
    return head + section + directory + struct.pack("<I", len(head) + len(section))


def like_tiff(magic, order="<"):
    return magic + serialise(block(order))[0][4:]


RAWS = {
    "ORF": lambda: like_tiff(b"IIRO"),
    "ORF of a Stylus": lambda: like_tiff(b"IIRS"),
    "ORF, big endian": lambda: like_tiff(b"MMOR", ">"),
    "RW2": lambda: like_tiff(b"IIU\0"),
    "DNG": lambda: like_tiff(b"II*\0"),
    "CR3": canon,
    "RAF": lambda: (
        b"FUJIFILMCCD-RAW ".ljust(84, b"\0") + struct.pack(">I", 100) + bytes(12) + jpeg(serialise(block())[0])
    ),
    "MRW": lambda: (
        b"\0MRM"
        + struct.pack(">I", 400)
        + b"\0PRD"
        + struct.pack(">I", 8)
        + bytes(8)
        + (b"\0TTW" + struct.pack(">I", len(serialise(block())[0])) + serialise(block())[0])
    ),
    "X3F": sigma,
}


@pytest.mark.parametrize("name", RAWS)
def test_date_model_and_position_are_found(name):
    found = parse(exif_of_raw(RAWS[name]()))
    assert found.image[MODEL].data == _WHAT
    assert found.exif[DATE].data == _WHEN
    assert struct.unpack(found.order + "6I", found.gps[LATITUDE].data) == (48, 1, 8, 1, 30, 1)


@pytest.mark.parametrize("name", RAWS)
def test_files_cut_anywhere_give_less_and_never_fail(name):
    whole = RAWS[name]()
    for end in range(0, len(whole), max(1, len(whole) // 150)):
        exif_of_raw(whole[:end])


def test_boxes_that_say_they_are_empty_or_endless_end():
    for size in (0, 1, 7, 2**32 - 1):
        file = box(b"ftyp", b"crx \0\0\0\1") + struct.pack(">I4s", size, b"moov") + bytes(100)
        assert exif_of_raw(file) is None
