"""XMP of more than 64 KB in a JPEG: a packet that stands alone, and the rest of it in segments that it names.

Source: XMP Specification, part 3 (2020), 1.1.3.1.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterable
from typing import Any, Final

from lxml import etree

from ... import strict_xml
from ...errors import InvalidDocument

MARK: Final = b"http://ns.adobe.com/xmp/extension/\0"
_RDF: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_NOTE: Final = "http://ns.adobe.com/xmp/note/"
_NAMED: Final = re.compile(rb"HasExtendedXMP(?:\s*=\s*[\"']|>)\s*([0-9A-Fa-f]{32})")
_HEAD: Final = 40  # bytes of a segment before its part: the rest's MD5, its length, and the part's place in it
_PART: Final = 65_400  # bytes of a part, as Adobe writes them


def joined(packet: bytes, segments: Iterable[bytes]) -> bytes | None:
    """The packet with the properties of the rest that it names; itself where it names none, None where a part lacks.

    Args:
        segments: what follows `MARK` in each segment.
    """
    named = _NAMED.search(packet)
    if named is None:
        return packet
    own = sorted({(segment[36:40], segment[_HEAD:]) for segment in segments if segment[:32] == named[1]})
    rest = b"".join(part for _, part in own)
    if hashlib.md5(rest, usedforsecurity=False).hexdigest().upper().encode() != named[1].upper():
        return None
    try:
        root, more = (strict_xml.parse(part, "XMP").getroot() for part in (packet, rest))
    except InvalidDocument:
        return None
    _described(root).extend(list(_described(more)))
    return bytes(etree.tostring(root, encoding="utf-8"))


def split(packet: bytes, longest: int) -> tuple[bytes, list[bytes]]:
    """A packet of at most `longest` bytes, and what has to follow `MARK` in further segments.

    The largest properties go into the rest. Raises ValueError where the packet is too long without them.
    """
    root = strict_xml.parse(packet, "XMP").getroot()
    more = etree.fromstring(
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="%s"/></x:xmpmeta>' % _RDF[1:-1].encode()
    )
    size = len(packet) + 200  # the name of the rest
    for length, owner, name in sorted(_properties(root), key=lambda row: -row[0]):
        if size <= longest:
            break
        described = etree.SubElement(_described(more), f"{_RDF}Description", {f"{_RDF}about": ""}, owner.nsmap)
        if isinstance(name, str):
            described.set(name, owner.attrib.pop(name))
        else:
            described.append(name)
        size -= length
    rest = bytes(etree.tostring(more, encoding="utf-8"))
    digest = hashlib.md5(rest, usedforsecurity=False).hexdigest().upper()
    note = etree.SubElement(_described(root), f"{_RDF}Description", {f"{_RDF}about": ""}, {"xmpNote": _NOTE})
    note.set(f"{{{_NOTE}}}HasExtendedXMP", digest)
    etree.cleanup_namespaces(root)
    main = bytes(etree.tostring(root, encoding="utf-8"))
    if len(main) > longest:
        raise ValueError(f"the XMP has {len(main)} bytes without its properties")
    parts = [rest[at : at + _PART] for at in range(0, len(rest), _PART)]
    heads = [digest.encode() + struct.pack(">II", len(rest), number * _PART) for number in range(len(parts))]
    return main, [head + part for head, part in zip(heads, parts, strict=True)]


def _described(root: Any) -> Any:
    """The element rdf:RDF."""
    found = root if root.tag == f"{_RDF}RDF" else root.find(f"{_RDF}RDF")
    return root if found is None else found


def _properties(root: Any) -> list[tuple[int, Any, Any]]:
    """Bytes of each property of a packet, the rdf:Description that has it, and its attribute's name or its element."""
    found: list[tuple[int, Any, Any]] = []
    for owner in _described(root).iterchildren(f"{_RDF}Description"):
        found += [
            (len(value.encode()), owner, name) for name, value in owner.attrib.items() if not name.startswith(_RDF)
        ]
        found += [(len(etree.tostring(element)), owner, element) for element in owner.iterchildren(etree.Element)]
    return found
