"""XMP (ISO 16684-1): carried as it is, less what the saved photo no longer is."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from xml.etree import ElementTree

from ... import strict_xml
from ...errors import InvalidDocument

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_TIFF = "{http://ns.adobe.com/tiff/1.0/}"
_EXIF = "{http://ns.adobe.com/exif/1.0/}"
_NOTES = "urn:veraretouch:notes:1"
# What goes at every save: gain maps and motion clips (not written along), the old thumbnail, a pointer to more XMP.
_STALE = (
    "{http://ns.adobe.com/hdr-gain-map/1.0/}",
    "{http://ns.apple.com/HDRGainMap/1.0/}",
    "{http://ns.google.com/photos/1.0/container/}",
    "{http://ns.google.com/photos/1.0/camera/}",
    "{http://ns.adobe.com/xmp/note/}",
    "{http://ns.adobe.com/xap/1.0/}Thumbnails",
)

# Properties that tell where a photo was taken, whatever vendor's: by coordinates,
# or by the place's name (IPTC, Photoshop).
_PLACE = re.compile(
    r"\{[^}]*\}(?:\w*gps\w*|(?:\w*[a-z_])?(?:latitude|longitude)\w*|city|state|country|countrycode|countryname|sublocation|location\w*"
    r"|provincestate|worldregion)",
    re.IGNORECASE,
)


def has_gain_map(xmp: bytes) -> bool:
    """Say whether the packet announces an HDR gain map (Adobe's, which Ultra HDR uses, or Apple's)."""
    return b"http://ns.adobe.com/hdr-gain-map/1.0/" in xmp or b"http://ns.apple.com/HDRGainMap/1.0/" in xmp


def orientation_in(xmp: bytes) -> int:
    """Read tiff:Orientation, 1..8; 1 where there is none."""
    found = re.search(rb"tiff:Orientation(?:=[\"']|>)([1-8])[\"'<]", xmp)
    return int(found[1]) if found else 1


def for_saving(
    xmp: bytes | None, *, width: int, height: int, strip_gps: bool, notes: Mapping[str, str]
) -> bytes | None:
    """Return the packet to write: upright, of this size, without stale parts (and positions), with notes added.

    A packet that cannot be read as XML is dropped, since nobody can say what it would give away.
    """
    tree = _parse(xmp) if xmp else None
    if tree is None:
        if not notes:
            return None
        tree = ElementTree.fromstring(
            b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
            b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'
        )
    true = {f"{_TIFF}Orientation": "1"}
    true |= {f"{_TIFF}ImageWidth": str(width), f"{_EXIF}PixelXDimension": str(width)}
    true |= {f"{_TIFF}ImageLength": str(height), f"{_EXIF}PixelYDimension": str(height)}

    def goes(name: str) -> bool:
        return name.startswith(_STALE) or (strip_gps and _PLACE.fullmatch(name) is not None)

    for element in tree.iter():
        for name in [name for name in element.attrib if goes(name)]:
            del element.attrib[name]
        for child in [child for child in element if goes(child.tag)]:
            element.remove(child)
        element.attrib.update({name: value for name, value in true.items() if name in element.attrib})
        if element.tag in true:
            element.text = true[element.tag]
    if notes:
        root = tree if tree.tag == f"{_RDF}RDF" else tree.find(f"{_RDF}RDF")
        if root is not None:
            attributes = {f"{{{_NOTES}}}{_name(key)}": value for key, value in notes.items()}
            ElementTree.SubElement(root, f"{_RDF}Description", {f"{_RDF}about": "", **attributes})
    body = ElementTree.tostring(tree, encoding="unicode")
    return f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>{body}<?xpacket end="w"?>'.encode()


def _parse(xmp: bytes) -> ElementTree.Element | None:
    try:
        strict_xml.parse(xmp, "XMP")  # a document type, in whatever encoding, is the way to entity bombs
        for _, (prefix, uri) in ElementTree.iterparse(io.BytesIO(xmp.strip(b"\0 \r\n")), events=["start-ns"]):
            if prefix and not re.fullmatch(r"ns\d+", prefix):  # ElementTree keeps ns0, ns1... for itself
                ElementTree.register_namespace(prefix, uri)
        return ElementTree.fromstring(xmp.strip(b"\0 \r\n"))
    except (ElementTree.ParseError, ValueError, InvalidDocument):
        return None


def _name(key: str) -> str:
    """Make an XML name of a note's key."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", key if key[:1].isalpha() else f"_{key}")
