"""What happens to files: cut off, bytes flipped, a sector ruined, a length that is wrong, parts swapped, a hole."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

_CONTAINERS = {b"moov", b"meta", b"iprp", b"ipco"}


class Part(NamedTuple):
    """A part of a file: where it begins and ends, and where its length stands, in how many bytes."""

    start: int
    end: int
    length_at: int
    length_size: int
    order: str = ">"


def parts(data: bytes) -> list[Part]:
    """The segments, chunks, boxes or directory entries of a photo file; none for formats without such."""
    if data.startswith(b"\xff\xd8"):
        return list(_segments(data))
    if data.startswith(b"\x89PNG"):
        return list(_chunks(data, 8, head=8, tail=4, order=">", size_first=True))
    if data.startswith(b"RIFF"):
        return list(_chunks(data, 12, head=8, tail=0, order="<", size_first=False))
    if data[4:8] in (b"ftyp", b"JXL "):
        return list(_boxes(data, 0, len(data)))
    if data[:4] in (b"II*\0", b"MM\0*"):
        return _entries(data)
    return []


def _segments(data: bytes) -> Iterator[Part]:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        yield Part(at, end, at + 2, 2)
        at = end


def _chunks(data: bytes, at: int, *, head: int, tail: int, order: str, size_first: bool) -> Iterator[Part]:
    while at + head <= len(data):
        where = at if size_first else at + 4
        (size,) = struct.unpack_from(order + "I", data, where)
        end = at + head + size + tail + (0 if size_first else size % 2)
        if end > len(data):
            return
        yield Part(at, end, where, 4, order)
        at = end


def _boxes(data: bytes, at: int, end: int) -> Iterator[Part]:
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8 or at + size > end:
            return
        yield Part(at, at + size, at, 4)
        if kind in _CONTAINERS:
            yield from _boxes(data, at + (12 if kind == b"meta" else 8), at + size)
        at += size


def _entries(data: bytes) -> list[Part]:
    """The rows of a TIFF's first directory; a row's length is its number of values."""
    order = "<" if data[:2] == b"II" else ">"
    (at,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, at)
    return [Part(row, row + 12, row + 4, 4, order) for row in range(at + 2, at + 2 + 12 * count, 12)]


def _cut(data: bytearray, draw: random.Random) -> None:
    del data[draw.randrange(1, len(data)) :]


def _flip(data: bytearray, draw: random.Random) -> None:
    for _ in range(draw.randint(1, 8)):
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)


def _flip_early(data: bytearray, draw: random.Random) -> None:
    for _ in range(draw.randint(1, 8)):
        data[draw.randrange(min(len(data), 512))] ^= 1 << draw.randrange(8)


def _sector(data: bytearray, draw: random.Random) -> None:
    size = draw.choice((64, 512, 4096))
    start = draw.randrange(len(data)) // 64 * 64
    noise = draw.randbytes(min(size, len(data) - start))
    data[start : start + len(noise)] = noise


def _hole(data: bytearray, draw: random.Random) -> None:
    start = draw.randrange(len(data)) // 64 * 64
    size = min(draw.choice((64, 512, 4096)), len(data) - start)
    data[start : start + size] = bytes(size)


def _length(data: bytearray, draw: random.Random) -> None:
    found = parts(bytes(data))
    if not found:
        _flip_early(data, draw)
        return
    part = draw.choice(found)
    top = 256**part.length_size
    was = int.from_bytes(data[part.length_at : part.length_at + part.length_size], _name(part.order))
    value = draw.choice((0, 1, was + draw.randint(-9, 9), was * 2, draw.randrange(top), top - 1)) % top
    data[part.length_at : part.length_at + part.length_size] = value.to_bytes(part.length_size, _name(part.order))


def _name(order: str):
    return "big" if order == ">" else "little"


def _swap(data: bytearray, draw: random.Random) -> None:
    """Exchange two neighbours."""
    found = parts(bytes(data))
    pairs = [(a, b) for a, b in pairwise(found) if a.end == b.start]
    if not pairs:
        _sector(data, draw)
        return
    first, second = draw.choice(pairs)
    data[first.start : second.end] = data[second.start : second.end] + data[first.start : first.end]


def _double(data: bytearray, draw: random.Random) -> None:
    """Repeat a part, or some bytes."""
    found = parts(bytes(data))
    start, end = draw.choice(found)[:2] if found else sorted(draw.sample(range(len(data)), 2))
    data[end:end] = data[start:end]


def _tail(data: bytearray, draw: random.Random) -> None:
    data += draw.randbytes(draw.choice((1, 100, 5000)))


DAMAGES = {
    "cut": _cut,
    "flipped": _flip,
    "flipped-early": _flip_early,
    "sector": _sector,
    "hole": _hole,
    "length": _length,
    "swapped": _swap,
    "doubled": _double,
    "tail": _tail,
}


def damage(data: bytes, how: str, draw: random.Random) -> bytes:
    """The file after one damage of that name."""
    spoilt = bytearray(data)
    DAMAGES[how](spoilt, draw)
    return bytes(spoilt)
