"""Photos with an HDR gain map as telephones write them, made of a picture of ours.

Structure: ISO/IEC 14496-12 (iref 8.11.12), ISO/IEC 23008-12 (auxC 6.5.8, ipma 9.3); CIPA DC-007 (MPF);
Android's Ultra HDR image format, version 1.1.
"""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image

APPLE = b"urn:com:apple:photo:2020:aux:hdrgainmap\0"
_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"{}/>'
    "</rdf:RDF></x:xmpmeta>"
)


def ultra_hdr(pixels: np.ndarray) -> bytes:
    """A JPEG whose second picture (MPF) is its gain map, each described by XMP."""
    gain = Image.fromarray(pixels[::2, ::2, 1])
    gain.encoderinfo = {"xmp": _XMP.format(' hdrgm:GainMapMax="2.0"').encode(), "quality": 90}
    file = io.BytesIO()
    Image.fromarray(pixels).save(
        file, "MPO", save_all=True, append_images=[gain], quality=95, xmp=_XMP.format("").encode()
    )
    return file.getvalue()


def apple_heic(pixels: np.ndarray, urn: bytes = APPLE) -> bytes:
    """A HEIC whose second picture is auxiliary to the first, of the type `urn`."""
    import pillow_heif

    image = pillow_heif.from_bytes("RGB", pixels.shape[1::-1], pixels.tobytes())
    image.add_frombytes("L", (64, 64), bytes(range(64)) * 64)
    file = io.BytesIO()
    image.save(file, quality=95)
    data = file.getvalue()
    start = data.index(b"meta") - 4
    end = start + int.from_bytes(data[start : start + 4], "big")
    inner = {kind: data[at:stop] for kind, at, stop in _boxes(data, start + 12, end)}
    properties = {kind: inner[b"iprp"][at:stop] for kind, at, stop in _boxes(inner[b"iprp"], 8, len(inner[b"iprp"]))}
    number = 1 + len(list(_boxes(properties[b"ipco"], 8, len(properties[b"ipco"]))))
    described = properties[b"ipco"][8:] + _box(b"auxC", bytes(4) + urn)
    links = bytearray(properties[b"ipma"][8:])
    second = 8 + 3 + links[10]  # past flags and count, and past the first item's number and links
    links[second + 2] += 1
    inner[b"iprp"] = _box(b"iprp", _box(b"ipco", described) + _box(b"ipma", bytes(links) + bytes((0x80 | number,))))
    inner[b"iref"] = _box(b"iref", bytes(4) + _box(b"auxl", struct.pack(">3H", 2, 1, 1)))
    moved = sum(map(len, inner.values())) - (end - start - 12)
    places = bytearray(inner[b"iloc"])
    for row in (16, 34):  # each: number, reference, base offset, count, offset, length
        (base,) = struct.unpack_from(">I", places, row + 4)
        struct.pack_into(">I", places, row + 4, base + moved)
    inner[b"iloc"] = bytes(places)
    return data[:start] + _box(b"meta", bytes(4) + b"".join(inner.values())) + data[end:]


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def _boxes(data: bytes, at: int, end: int):
    """Each box's kind, beginning and end."""
    while at + 8 <= end:
        size = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], at, at + size
        at += size
