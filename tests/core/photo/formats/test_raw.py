"""A camera raw that is cut short is refused, or salvaged with a warning; its suffix does not change its picture."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from veraretouch.core.errors import UnreadablePhoto
from veraretouch.core.photo import open_photo
from veraretouch.core.photo.formats.raw_extent import announced_size


def test_a_raw_of_which_half_is_missing_is_refused_by_the_bytes_that_are(cases):
    with pytest.raises(UnreadablePhoto, match=r"68,712 of 137,424 bytes are missing\..*--salvage"):
        open_photo(cases / "raw-cut50.dng")


@pytest.mark.parametrize("kept", [0.2, 0.7, 0.9, 0.999])
def test_a_raw_cut_anywhere_is_refused_and_its_rest_can_be_salvaged(cases, tmp_path, kept):
    whole = (cases / "raw.dng").read_bytes()
    path = tmp_path / "cut.dng"
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(UnreadablePhoto, match="bytes are missing"):
        open_photo(path)
    photo, complete = open_photo(path, salvage=True), open_photo(cases / "raw.dng")
    assert "bytes are missing" in photo.warnings[0]
    top = int(complete.height * kept) - 8
    assert np.array_equal(photo.pixels[:top], complete.pixels[:top])


def test_rows_of_zeros_at_a_raws_end_are_known_as_padding(cases, tmp_path):
    whole = (cases / "raw.dng").read_bytes()
    path = tmp_path / "padded.dng"
    path.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2))
    with pytest.raises(UnreadablePhoto, match=r"the last 10\d rows hold nothing"):
        open_photo(path)
    assert "hold nothing" in open_photo(path, salvage=True).warnings[0]


def test_panasonics_mark_gives_the_same_picture(cases):
    assert np.array_equal(open_photo(cases / "raw.dng").pixels, open_photo(cases / "raw-rw2-magic.rw2").pixels)


def test_what_other_kinds_of_raw_announce_is_read_from_their_own_tables():
    box = struct.pack(">I4s4sI", 16, b"ftyp", b"crx ", 0)
    assert announced_size(box + struct.pack(">I4s", 1000, b"mdat")) == 1016
    assert announced_size(box + struct.pack(">I4sQ", 1, b"mdat", 5000)) == 5016
    assert announced_size(box + struct.pack(">I4s", 0, b"mdat")) == 16
    head = b"FUJIFILMCCD-RAW ".ljust(84, b"\0") + struct.pack(">6I", 200, 50, 300, 20, 400, 9000)
    assert announced_size(head) == 9400
    loop = b"II*\0" + struct.pack("<IHI", 8, 0, 8)
    assert announced_size(loop) == 0
    assert announced_size(b"FOVb" + bytes(40)) == 0


def test_a_raw_without_a_mark_is_left_to_libraw_by_its_suffix(tmp_path):
    (tmp_path / "old.kdc").write_bytes(bytes(range(128, 256)) * 40)
    with pytest.raises(UnreadablePhoto, match=r"LibRaw: Unsupported file format"):
        open_photo(tmp_path / "old.kdc")
