"""EXIF blocks of strangers: pointers of every type, big files, tags in the wrong directory, and bombs."""

import struct
import tracemalloc

import pytest

from veraretouch.core.photo.metadata.exif import Exif, ExifTag, from_tiff, parse, serialise

DATE, ARTIST = 0x9003, 0x013B
_SIZES = {2: 1, 3: 2, 4: 4, 9: 4, 13: 4, 16: 8, 18: 8}


def rows(order, entries, *, big=False):
    """A directory's bytes; values are given inline."""
    count, row, end = ("Q", "HHQ", 8) if big else ("H", "HHI", 4)
    body = b"".join(
        struct.pack(order + row, tag, kind, number) + value.ljust(end, b"\0") for tag, kind, number, value in entries
    )
    return struct.pack(order + count, len(entries)) + body + b"\0" * end


def with_pointer(order, kind):
    """A block whose EXIF directory is reached by a pointer of this type."""
    code = {3: "H", 4: "I", 9: "i", 13: "I"}[kind]
    text = b"2024:05:06 07:08:09\0"
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    at = 8 + 2 + 12 + 4
    first = rows(order, [(0x8769, kind, 1, struct.pack(order + code, at))])
    second = rows(order, [(DATE, 2, len(text), struct.pack(order + "I", at + 18))])
    return head + first + second + text


@pytest.mark.parametrize("order", ["<", ">"], ids=["little endian", "big endian"])
@pytest.mark.parametrize("kind", [3, 4, 9, 13], ids=["SHORT", "LONG", "SLONG", "IFD"])
def test_a_pointer_may_have_any_whole_type(order, kind):
    assert parse(with_pointer(order, kind)).exif[DATE].data == b"2024:05:06 07:08:09\0"


def test_a_position_is_found_in_either_directory_and_no_pointer_is_left_that_leads_nowhere():
    """A pointer to GPS among EXIF's tags lost the position, and left an offset into the middle of other values."""
    at = 8 + 2 + 4 * 12 + 4
    first = rows(
        "<",
        [
            (0x014A, 4, 1, struct.pack("<I", at)),  # pages below this one
            (0x8769, 4, 1, struct.pack("<I", at)),
            (0xA005, 4, 1, struct.pack("<I", at + 18)),
            (0xC7A1, 13, 1, struct.pack("<I", at)),  # a directory by its type
        ],
    )
    gps = rows("<", [(1, 2, 2, b"N\0")])
    block = b"II*\0" + struct.pack("<I", 8) + first + rows("<", [(0x8825, 4, 1, struct.pack("<I", at + 18))]) + gps
    read = parse(block)
    assert (read.image, read.exif) == ({}, {})
    assert read.gps[1].data == read.interop[1].data == b"N\0"
    assert parse(serialise(read)[0]).gps[1].data == b"N\0"


def test_utf8_of_exif_3_is_text_to_every_program():
    text = "Jörg Müller\0".encode()
    block = b"II*\0" + struct.pack("<I", 8) + rows("<", [(ARTIST, 129, len(text), struct.pack("<I", 26))]) + text
    assert parse(block).image[ARTIST][:3] == (2, len(text), text)


@pytest.mark.parametrize("order", ["<", ">"], ids=["little endian", "big endian"])
def test_bigtiff_gives_a_block_of_classic_types(order):
    text = b"A. Nobody, of the large file\0"
    head = (b"II+\0" if order == "<" else b"MM\0+") + struct.pack(order + "HHQ", 8, 0, 16)
    at = 16 + 8 + 3 * 20 + 8
    first = rows(
        order,
        [
            (0x0112, 3, 1, struct.pack(order + "H", 6)),
            (ARTIST, 2, len(text), struct.pack(order + "Q", at)),
            (0x8769, 18, 1, struct.pack(order + "Q", at + len(text))),
        ],
        big=True,
    )
    second = rows(order, [(0xA002, 16, 1, struct.pack(order + "Q", 4000))], big=True)
    block = head[:4] + struct.pack(order + "HH", 8, 0) + struct.pack(order + "Q", 16) + first + text + second
    read = parse(from_tiff(block))
    assert read.orientation == 6
    assert read.image[ARTIST].data == text
    assert read.exif[0xA002].type == 4
    assert struct.unpack(order + "I", read.exif[0xA002].data) == (4000,)


def test_exif_tags_in_the_first_directory_are_exif():
    text = b"2024:05:06 07:08:09\0"
    block = b"II*\0" + struct.pack("<I", 8) + rows("<", [(DATE, 2, len(text), struct.pack("<I", 8 + 18))]) + text
    read = parse(block)
    assert read.exif[DATE].data == text
    assert DATE not in read.image


@pytest.mark.parametrize("size", [65_000, 150_000])
def test_tags_that_all_point_at_one_block_cost_no_more_than_the_block(size):
    count = (size - 30_000) // 12
    entries = [(0xC000 + number % 0x3000, 7, 30_000, struct.pack("<I", 8)) for number in range(count)]
    block = (b"II*\0" + struct.pack("<I", 30_008) + bytes(30_000) + rows("<", entries)).ljust(size, b"\0")
    tracemalloc.start()
    read = parse(block)
    written, _ = serialise(read)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(written) <= 3 * len(block)
    assert peak < 16 * len(block)


def test_directories_within_one_another_share_one_budget():
    """Five directories of one bomb each were five times the cost."""
    block = bytearray(b"II*\0" + struct.pack("<I", 8))
    many = [(0xC000 + number, 7, 20_000, struct.pack("<I", 0)) for number in range(500)]
    pointers = [(0x8769, 4, 1, struct.pack("<I", 8)), (0x8825, 4, 1, struct.pack("<I", 8))]
    block += rows("<", sorted(many + pointers))
    block += bytes(20_000)
    read = parse(bytes(block))
    held = sum(
        len(entry.data) for part in (read.image, read.exif, read.gps) for entry in part.values() if len(entry.data) > 4
    )
    assert held <= 2 * len(block)


def test_a_resolution_is_added_only_where_there_is_none():
    exif = Exif()
    exif.set_resolution(300, 299.5)
    assert struct.unpack("<IIII", exif.image[0x011A].data + exif.image[0x011B].data) == (300, 1, 599, 2)
    exif.set_resolution(72, 72)
    assert struct.unpack("<II", exif.image[0x011A].data) == (300, 1)


@pytest.mark.parametrize(("text", "start"), [("plain", b"ASCII\0\0\0plain"), ("grün", b"UNICODE\0g\0r\0")])
def test_a_comment_says_in_which_letters_it_is(text, start):
    exif = Exif()
    exif.set_comment(text)
    assert exif.exif[0x9286].data.startswith(start)
    exif.set_comment("another")
    assert exif.exif[0x9286].data.startswith(start)


def test_removing_positions_takes_blocks_of_other_kinds_and_the_makers_note_along():
    exif = Exif(
        image={tag: ExifTag(7, 1, b"x") for tag in (0x02BC, 0x83BB, 0x8482, 0x8649, 0x87B1, ARTIST)},  # maps, too
        exif={0x927C: ExifTag(7, 1, b"x"), DATE: ExifTag(2, 1, b"\0")},
        gps={1: ExifTag(2, 2, b"N\0")},
    )
    exif.remove_positions()
    assert (set(exif.image), set(exif.exif), exif.gps) == ({ARTIST}, {DATE}, {})
