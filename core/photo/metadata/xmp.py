"""XMP (ISO 16684-1): carried as it is, less what the saved photo no longer is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from ... import strict_xml
from ...errors import InvalidDocument
from .places import tells_a_place

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_TIFF = "{http://ns.adobe.com/tiff/1.0/}"
_EXIF = "{http://ns.adobe.com/exif/1.0/}"
_CAMERA_RAW = "{http://ns.adobe.com/camera-raw-settings/1.0/}"
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
# What holds only while the picture shows what it showed: Camera Raw's crop, perspective and masks, regions of faces and
# of other things (MWG, Microsoft, IPTC), the subject's place.
_OF_FRAME = re.compile(
    "|".join(
        (
            re.escape(_CAMERA_RAW)
            + r"(HasCrop|Crop\w+|Perspective\w+|Lens\w+|AutoLateralCA|Upright\w+|\w+BasedCorrections|Retouch\w+"
            + r"|RedEyeInfo)",
            re.escape("{http://www.metadataworkinggroup.com/schemas/regions/}") + ".*",
            re.escape("{http://ns.microsoft.com/photo/1.2/}") + ".*",
            re.escape("{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}") + "ImageRegion",
            re.escape(_EXIF) + r"Subject(Area|Location)",
        )
    )
)
_EMPTY = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'


def has_gain_map(xmp: bytes) -> bool:
    """Say whether the packet announces an HDR gain map (Adobe's, which Ultra HDR uses, or Apple's)."""
    return b"http://ns.adobe.com/hdr-gain-map/1.0/" in xmp or b"http://ns.apple.com/HDRGainMap/1.0/" in xmp


def orientation_in(xmp: bytes) -> int:
    """Read tiff:Orientation, 1..8; 1 where there is none."""
    found = re.search(rb"tiff:Orientation(?:=[\"']|>)([1-8])[\"'<]", xmp)
    return int(found[1]) if found else 1


def is_readable(xmp: bytes) -> bool:
    """Say whether a packet can be read, and so be carried on."""
    return _parse(xmp) is not None


def without_settings(xmp: bytes) -> bytes | None:
    """Return a raw's packet without the settings of its development, which are no picture's; None if unreadable."""
    root = _parse(xmp)
    if root is None:
        return None
    _prune(root, lambda name: name.startswith(_CAMERA_RAW))
    return bytes(etree.tostring(root, encoding="utf-8"))


def without_frame(xmp: bytes) -> bytes | None:
    """Return a packet without what holds only while the picture shows what it showed; None if unreadable."""
    root = _parse(xmp)
    if root is None:
        return None
    _prune(root, lambda name: _OF_FRAME.fullmatch(name) is not None)
    return bytes(etree.tostring(root, encoding="utf-8"))


def for_saving(
    xmp: bytes | None, *, width: int, height: int, strip_gps: bool, notes: Mapping[str, str]
) -> bytes | None:
    """Return the packet to write: upright, of this size, without stale parts (and positions), with notes added.

    A packet that cannot be read is dropped, since nobody can say what it would give away.
    """
    root = _parse(xmp) if xmp else None
    if root is None:
        if not notes:
            return None
        root = etree.fromstring(_EMPTY)
    true = {f"{_TIFF}Orientation": "1"}
    true |= {f"{_TIFF}ImageWidth": str(width), f"{_EXIF}PixelXDimension": str(width)}
    true |= {f"{_TIFF}ImageLength": str(height), f"{_EXIF}PixelYDimension": str(height)}

    def goes(name: str) -> bool:
        if name.startswith(_STALE):
            return True
        return strip_gps and not name.startswith(_RDF) and tells_a_place(name.rpartition("}")[2])

    _prune(root, goes)
    for element in root.iter(etree.Element):
        for name in [name for name in element.attrib if name in true]:
            element.set(name, true[name])
        if element.tag in true:
            element.text = true[element.tag]
    if strip_gps:
        for remark in list(root.iter(etree.Comment, etree.ProcessingInstruction)):
            if remark.getparent() is not None:
                remark.getparent().remove(remark)
    if notes:
        rdf = root if root.tag == f"{_RDF}RDF" else root.find(f"{_RDF}RDF")
        if rdf is not None:
            described = etree.SubElement(rdf, f"{_RDF}Description", nsmap={"notes": _NOTES})
            described.set(f"{_RDF}about", "")
            for key, value in notes.items():
                described.set(f"{{{_NOTES}}}{_name(key)}", _plain(value))
    etree.cleanup_namespaces(root)  # a vocabulary that nothing uses any more is not announced either
    body = etree.tostring(root, encoding="unicode")
    return f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>{body}<?xpacket end="w"?>'.encode()


def _prune(root: Any, goes: Callable[[str], bool]) -> None:
    """Take out the attributes and elements of these names."""
    for element in list(root.iter(etree.Element)):
        for name in [name for name in element.attrib if goes(name)]:
            del element.attrib[name]
        for child in [child for child in element.iterchildren(etree.Element) if goes(child.tag)]:
            element.remove(child)


def _parse(xmp: bytes) -> Any:
    try:
        return strict_xml.parse(xmp, "XMP").getroot()
    except InvalidDocument:
        return None


def _name(key: str) -> str:
    """Make an XML name of a note's key."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", key if key[:1].isalpha() else f"_{key}")


def _plain(value: str) -> str:
    """The text without the control characters that XML cannot hold."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]", "\ufffd", value)
