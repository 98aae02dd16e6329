"""IPTC, comment, texts and resolution: what a format holds itself, what goes into EXIF, what is stripped."""

import struct

import pytest

from veraretouch.core.photo.metadata.annotations import Annotations, resolution_of
from veraretouch.core.photo.metadata.exif import Exif

CITY = struct.pack(">BBBH", 0x1C, 2, 90, 7) + b"Nowhere"
TITLE = struct.pack(">BBBH", 0x1C, 2, 5, 7) + b"A title"
EVERYTHING = Annotations(
    iptc=TITLE + CITY,
    comment="a comment",
    texts=(("Author", "A. Nobody"), ("City", "Nowhere"), ("Source", "a camera"), ("date:create", "2024")),
    resolution=(300.0, 150.0),
)


def test_a_format_that_holds_everything_loses_nothing_and_exif_stays_as_it_is():
    exif = Exif()
    kept, lost = EVERYTHING.put_into(exif, frozenset({"iptc", "comment", "texts", "resolution"}))
    assert (kept, lost, bool(exif)) == (EVERYTHING, [], False)


def test_what_a_format_has_no_place_for_goes_into_exif_or_is_named():
    exif = Exif()
    kept, lost = EVERYTHING.put_into(exif, frozenset())
    assert kept == Annotations()
    assert lost == ["the text 'City'", "the text 'Source'", "IPTC's block"]
    assert exif.image[0x013B].data == b"A. Nobody\0"
    assert exif.exif[0x9286].data == b"ASCII\0\0\0a comment"
    assert struct.unpack("<IIII", exif.image[0x011A].data + exif.image[0x011B].data) == (300, 1, 150, 1)


def test_of_a_hundred_texts_a_few_are_named_in_one_line():
    many = Annotations(texts=tuple((f"key{number}", "x") for number in range(100)))
    assert many.put_into(Exif(), frozenset())[1] == [f"the text 'key{n}'" for n in range(5)] + ["95 other texts"]


def test_what_exif_says_already_is_not_written_over():
    exif = Exif()
    exif.set_text(0x013B, "Somebody")
    EVERYTHING.put_into(exif, frozenset())
    assert exif.image[0x013B].data == b"Somebody\0"


def test_stripping_positions_leaves_the_rest_and_stripping_all_the_resolution_alone():
    assert EVERYTHING.stripped("none") is EVERYTHING
    left = EVERYTHING.stripped("gps")
    assert left.iptc == TITLE
    assert [key for key, _ in left.texts] == ["Author", "Source", "date:create"]
    assert (left.comment, left.resolution) == ("a comment", (300.0, 150.0))
    assert EVERYTHING.stripped("all") == Annotations(resolution=(300.0, 150.0))
    assert Annotations(iptc=CITY).stripped("gps").iptc is None


@pytest.mark.parametrize("value", [None, (), (0, 0), (300,), (1, 2, 3), ("x", "y"), (float("nan"), 1), (1e9, 1), 300])
def test_what_no_picture_has_is_no_resolution(value):
    assert resolution_of(value) is None


def test_a_resolution_may_differ_across_and_down():
    assert resolution_of((300, 72.5)) == (300.0, 72.5)
