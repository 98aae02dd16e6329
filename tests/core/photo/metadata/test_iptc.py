"""IPTC's datasets in Photoshop's resources."""

import struct

from veraretouch.core.photo.metadata import iptc


def dataset(record, number, value):
    return struct.pack(">BBBH", 0x1C, record, number, len(value)) + value


CAPTION, CITY, LONG = dataset(2, 120, b"A caption"), dataset(2, 90, b"Nowhere"), b"x" * 40_000
EXTENDED = struct.pack(">BBBHI", 0x1C, 2, 120, 0x8004, len(LONG)) + LONG


def test_datasets_are_found_behind_other_resources_with_names_of_any_length():
    for name in (b"\0\0", b"\3abc", b"\4abcd\0"):
        other = b"8BIM" + struct.pack(">H", 0x03ED) + name + struct.pack(">I", 3) + b"abc\0"
        assert iptc.in_photoshop(other + iptc.as_photoshop(CAPTION)) == CAPTION


def test_a_resource_of_odd_length_is_padded():
    block = iptc.as_photoshop(CAPTION)
    assert len(block) % 2 == 0
    assert iptc.in_photoshop(block) == CAPTION


def test_resources_that_are_cut_or_no_resources_hold_nothing():
    whole = iptc.as_photoshop(CAPTION)
    for end in range(12):
        assert iptc.in_photoshop(whole[:end]) is None
    assert iptc.in_photoshop(b"nothing of the kind") is None


def test_places_go_and_the_rest_stays_long_values_too():
    places = [dataset(2, number, b"there") for number in (26, 27, 90, 92, 95, 100, 101)]
    assert iptc.without_places(CAPTION + b"".join(places) + EXTENDED) == CAPTION + EXTENDED


def test_what_cannot_be_read_is_left_out():
    assert iptc.without_places(CAPTION + b"\x1c\2\x5a\x70\0there") == CAPTION
    assert iptc.without_places(CAPTION + b"rubbish") == CAPTION
