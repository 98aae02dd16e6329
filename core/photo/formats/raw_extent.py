"""How long a camera raw has to be, by what its own tables say: LibRaw develops what is missing as padding.

Structure: TIFF 6.0, section 2 (most raws); ISO/IEC 14496-12, 4.2 (CR3's boxes); Fujifilm's RAF head: offset and length
of three parts from byte 84 on, big endian.
"""

from __future__ import annotations

import struct

from ..metadata.exif import Buffer

_SIZES = {1: 1, 3: 2, 4: 4, 13: 4}
_CODES = {1: "B", 3: "H", 4: "I", 13: "I"}
# Tags of offsets, and of the lengths that belong to them: strips, tiles, an embedded JPEG.
_PLACES = {0x0111: 0x0117, 0x0144: 0x0145, 0x0201: 0x0202}
_SUB_IFDS, _EXIF = 0x014A, 0x8769
_NOWHERE = 0xFFFFFFFF  # Panasonic's strips lie elsewhere
_MOST_DIRECTORIES = 64


def announced_size(data: Buffer) -> int:
    """Return how many bytes the file must have at least; 0 where its kind does not tell."""
    if data[4:8] == b"ftyp":
        return _boxes(data)
    if data[:15] == b"FUJIFILMCCD-RAW":
        parts = struct.unpack(">6I", data[84:108]) if len(data) >= 108 else ()
        return max((at + size for at, size in zip(parts[::2], parts[1::2], strict=True)), default=0)
    if data[:2] in (b"II", b"MM"):
        return _directories(data, "<" if data[:2] == b"II" else ">")
    return 0


def _boxes(data: Buffer) -> int:
    at = 0
    for _ in range(_MOST_DIRECTORIES):
        if at + 8 > len(data):
            break
        (size,) = struct.unpack(">I", data[at : at + 4])
        if size == 1 and at + 16 <= len(data):
            (size,) = struct.unpack(">Q", data[at + 8 : at + 16])
        if size < 8:  # 0: to the end of the file
            break
        at += size
    return at


def _directories(data: Buffer, order: str) -> int:
    """The farthest end of what the directories point to."""
    waiting = [_number(data, order, 4)]
    seen: set[int] = set()
    farthest = 0
    while waiting and len(seen) < _MOST_DIRECTORIES:
        at = waiting.pop()
        if at in seen or not 8 <= at <= len(data) - 2:
            continue
        seen.add(at)
        (count,) = struct.unpack(order + "H", data[at : at + 2])
        found = {}
        for row in range(at + 2, min(at + 2 + 12 * count, len(data) - 12), 12):
            tag, kind, number = struct.unpack(order + "HHI", data[row : row + 8])
            if tag in _PLACES or tag in _PLACES.values() or tag in (_SUB_IFDS, _EXIF):
                found[tag] = _values(data, order, row + 8, kind, number)
        waiting += [*found.get(_SUB_IFDS, ()), *found.get(_EXIF, ()), _number(data, order, at + 2 + 12 * count)]
        for place, length in _PLACES.items():
            ends = zip(found.get(place, ()), found.get(length, ()), strict=False)
            farthest = max([farthest, *(start + size for start, size in ends if start != _NOWHERE and size)])
    return farthest


def _number(data: Buffer, order: str, at: int) -> int:
    return int(struct.unpack(order + "I", data[at : at + 4])[0]) if at + 4 <= len(data) else 0


def _values(data: Buffer, order: str, at: int, kind: int, number: int) -> tuple[int, ...]:
    """A tag's whole numbers; none where it has others, or lies beyond the file."""
    size = _SIZES.get(kind, 0) * number
    start = at if size <= 4 else _number(data, order, at)
    if not size or start + size > len(data):
        return ()
    return struct.unpack(f"{order}{number}{_CODES[kind]}", data[start : start + size])
