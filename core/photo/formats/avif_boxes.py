"""Put a profile and metadata into an AVIF file that libavif wrote without them.

Structure: ISO/IEC 14496-12 (boxes; iloc 8.11.3, iinf 8.11.6, iref 8.11.12), ISO/IEC 23008-12 (ipco and ipma 9.3, colr
6.5.5, items Exif and XMP, annex A). Pillow writes all of these, but eight bits only.
"""

from __future__ import annotations

import struct

_PRIMARY = 1  # the number that libavif gives to the picture


def with_metadata(data: bytes, *, profile: bytes | None, exif: bytes | None, xmp: bytes | None) -> bytes:
    """Return the file with an ICC profile, EXIF (a TIFF structure) and XMP added.

    Raises ValueError where the file is not laid out as libavif does.
    """
    items = []
    if exif:
        items.append((b"Exif", b"", bytes(4) + exif))  # it begins with the offset of the TIFF structure behind it
    if xmp:
        items.append((b"mime", b"application/rdf+xml\0", xmp))
    boxes = dict(_boxes(data, 0, len(data)))
    start, end = boxes[b"meta"]
    inner = {kind: data[at - 8 : stop] for kind, (at, stop) in _boxes(data, start + 4, end)}
    first = 1 + max(number for number, _, _ in _locations(inner[b"iloc"]))
    numbers = range(first, first + len(items))
    inner[b"iinf"] = _listed(inner[b"iinf"], items, numbers)
    references = inner.get(b"iref", _box(b"iref", bytes(4)))[8:]
    described = b"".join(_box(b"cdsc", struct.pack(">3H", number, 1, _PRIMARY)) for number in numbers)
    if items:
        inner[b"iref"] = _box(b"iref", references + described)
    if profile:
        inner[b"iprp"] = _coloured(inner[b"iprp"], profile)
    room = sum(map(len, (box for kind, box in inner.items() if kind != b"iloc"))) + _iloc_size(inner[b"iloc"], items)
    moved = room + 4 - (end - start)
    place = len(data) + moved + 8
    locations = [(number, offset + moved, size) for number, offset, size in _locations(inner[b"iloc"])]
    for number, (_, _, body) in zip(numbers, items, strict=True):
        locations.append((number, place, len(body)))
        place += len(body)
    rows = b"".join(struct.pack(">3H2I", number, 0, 1, offset, size) for number, offset, size in locations)
    inner[b"iloc"] = _box(b"iloc", struct.pack(">IHH", 0, 0x4400, len(locations)) + rows)
    meta = _box(b"meta", bytes(4) + b"".join(inner.values()))
    return data[: start - 8] + meta + data[end:] + _box(b"mdat", b"".join(body for _, _, body in items))


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def _boxes(data: bytes, at: int, end: int) -> list[tuple[bytes, tuple[int, int]]]:
    """Each box's kind, and where its content begins and ends."""
    found = []
    while at + 8 <= end:
        size = int.from_bytes(data[at : at + 4], "big")
        if size < 8 or at + size > end:
            raise ValueError("a box of the AVIF file has no size")
        found.append((data[at + 4 : at + 8], (at + 8, at + size)))
        at += size
    return found


def _locations(iloc: bytes) -> list[tuple[int, int, int]]:
    """Number, offset and size of each item."""
    version, sizes, count = struct.unpack(">IHH", iloc[8:16])
    if version != 0 or sizes != 0x4400 or len(iloc) != 16 + 14 * count:
        raise ValueError("the AVIF file's items are not laid out as libavif does")
    rows = struct.iter_unpack(">3H2I", iloc[16:])
    return [(number, offset, size) for number, _, _, offset, size in rows]


def _iloc_size(iloc: bytes, items: list[tuple[bytes, bytes, bytes]]) -> int:
    return len(iloc) + 14 * len(items)


def _listed(iinf: bytes, items: list[tuple[bytes, bytes, bytes]], numbers: range) -> bytes:
    (count,) = struct.unpack(">H", iinf[12:14])
    added = b"".join(
        _box(b"infe", struct.pack(">IHH4s", 2 << 24, number, 0, kind) + b"\0" + content)
        for number, (kind, content, _) in zip(numbers, items, strict=True)
    )
    return _box(b"iinf", bytes(4) + struct.pack(">H", count + len(items)) + iinf[14:] + added)


def _coloured(iprp: bytes, profile: bytes) -> bytes:
    """The properties with a profile, and that given to the picture."""
    parts = {kind: iprp[at:end] for kind, (at, end) in _boxes(iprp, 8, len(iprp))}
    number = len(_boxes(parts[b"ipco"], 0, len(parts[b"ipco"]))) + 1
    ipma = parts[b"ipma"]
    flags, count, item, links = struct.unpack(">IIHB", ipma[:11])
    if flags != 0 or item != _PRIMARY or number > 127:
        raise ValueError("the AVIF file's properties are not laid out as libavif does")
    linked = struct.pack(">IIHB", flags, count, item, links + 1) + ipma[11 : 11 + links] + bytes((number,))
    return _box(
        b"iprp",
        _box(b"ipco", parts[b"ipco"] + _box(b"colr", b"prof" + profile)) + _box(b"ipma", linked + ipma[11 + links :]),
    )
