"""XMP that is too long for one segment of a JPEG."""

import pytest

from veraretouch.core.photo.metadata.extended_xmp import joined, split

PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:z="urn:z" z:long="{long}" z:b="2">'
    "<dc:title>A title</dc:title><z:longer>{longer}</z:longer></rdf:Description></rdf:RDF></x:xmpmeta>"
)
LONG, LONGER = "long" * 20_000, "longer" * 20_000
WHOLE = PACKET.format(long=LONG, longer=LONGER).encode()


def test_the_largest_properties_go_into_the_rest_and_come_back():
    main, rest = split(WHOLE, 90_000)
    assert len(main) <= 90_000
    assert LONG.encode() in main  # one move was enough
    assert LONGER.encode() not in main
    again = joined(main, reversed([*rest, rest[0]])).decode()  # in any order, and twice
    for part in ("A title", f'z:long="{LONG}"', 'z:b="2"', f">{LONGER}<"):
        assert again.count(part) == 1
    main, rest = split(WHOLE, 65_000)
    assert b"A title" in main
    assert len(rest) == 4
    assert f'"{LONG}"' in joined(main, rest).decode()


def test_a_packet_that_names_no_rest_is_whole():
    assert joined(WHOLE, [b"0" * 32 + bytes(8) + b"<x/>"]) == WHOLE


def test_a_rest_with_a_part_missing_changed_or_of_another_file_is_none():
    main, rest = split(WHOLE, 65_000)
    assert joined(main, rest[1:]) is None
    assert joined(main, []) is None
    assert joined(main, [rest[0][:-1] + b"!", *rest[1:]]) is None
    assert joined(main, [b"A" * 32 + part[32:] for part in rest]) is None


def test_what_is_no_property_cannot_be_moved():
    with pytest.raises(ValueError, match="without its properties"):
        split(WHOLE.replace(b"<rdf:RDF", b"<!--" + b"c" * 70_000 + b"--><rdf:RDF", 1), 65_000)
