"""Strict XML: read without document types, entities, inclusions, files or network,
to a bounded depth and number of parts.
"""

from __future__ import annotations

import codecs
from typing import Any, Final

from lxml import etree

from .errors import InvalidDocument

DEEPEST: Final = 100  # levels; XMP of Lightroom's masks has some 20
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"<\0", b"\0<")


def parse(data: bytes, name: str, *, most: int = 1_000_000, cure: str = "Write the file again.") -> Any:
    """The document's tree (lxml), comments and processing instructions kept.

    Args:
        name: the file's, for errors.
        most: elements and attributes that it may have together.

    Raises:
        InvalidDocument: not XML, in whatever encoding; a document type, an entity, an XInclude; too deep,
            too many parts.
    """
    # Trailing zeros are padding of packets; in UTF-16 each letter has one.
    if not data.startswith(_UTF16):
        data = data.strip(b" \t\r\n\0")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_blank_text=False
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        reason = " ".join(str(error).split())[:200] or "it is empty"
        raise InvalidDocument(f"is no XML: {reason}", path=name, cure=cure) from None
    tree = root.getroottree()
    if tree.docinfo.internalDTD is not None:
        raise InvalidDocument("has a document type, which XMP never has", path=name, cure="Remove <!DOCTYPE ...>.")
    parts = depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event == "end":
            depth -= 1
            continue
        if event == "start":
            depth += 1
            parts += 1 + len(element.attrib)
            if depth > DEEPEST:
                raise InvalidDocument(f"is nested deeper than {DEEPEST} levels", path=name, cure=cure)
            if element.tag.startswith("{http://www.w3.org/2001/XInclude}"):
                raise InvalidDocument("includes another file", path=name, cure="Remove the XInclude element.")
    if parts > most:
        raise InvalidDocument(f"has {parts} parts, more than {most}", path=name, cure=cure)
    if any(isinstance(element, etree._Entity) for element in root.iter(etree.Entity)):
        raise InvalidDocument("has an entity, which XMP never has", path=name, cure="Write its text out.")
    return tree
