"""Strict XML: what could open files, swell or exhaust the stack is refused in whatever encoding it comes."""

import time

import pytest

from veraretouch.core import strict_xml
from veraretouch.core.errors import InvalidDocument

BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_a_document_type_is_refused_in_every_encoding(encoding, bom):
    with pytest.raises(InvalidDocument, match=r"document type|no XML"):
        strict_xml.parse((bom + BOMB).encode(encoding), "a.xmp")


def test_utf_16_with_and_without_a_mark_is_read():
    text = '<?xml version="1.0" encoding="UTF-16"?><x a="1"/>'
    for data in (text.encode("utf-16"), text.encode("utf-16-be"), text.encode("utf-16-le")):
        assert strict_xml.parse(data, "a.xmp").getroot().get("a") == "1"


@pytest.mark.parametrize("levels", [101, 300, 2000, 100_000])
def test_depth_is_bounded(levels):
    start = time.process_time()
    with pytest.raises(InvalidDocument, match=r"levels|depth"):
        strict_xml.parse(b"<a>" * levels + b"</a>" * levels, "a.xmp")
    assert time.process_time() - start < 1
    assert strict_xml.parse(b"<a>" * 100 + b"</a>" * 100, "a.xmp") is not None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "[Ee]mpty"),
        (b"<x><y></x>", "is no XML"),
        (b'<x xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="/etc/passwd"/></x>', "includes another file"),
        (b"<x>" + b"<y/>" * 20 + b"</x>", "has 21 parts, more than 10"),
    ],
    ids=["empty", "broken", "inclusion", "parts"],
)
def test_each_mistake_has_its_own_line(data, said):
    with pytest.raises(InvalidDocument, match=said):
        strict_xml.parse(data, "a.xmp", most=10)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("bomb", [BOMB, "<a>" * 2000 + "</a>" * 2000], ids=["entities", "depth"])
def test_such_a_packet_of_a_photo_is_dropped(encoding, bomb):
    from veraretouch.core.photo.metadata.xmp import for_saving

    assert for_saving(("\ufeff" + bomb).encode(encoding), width=1, height=1, strip_gps=False, notes={}) is None
