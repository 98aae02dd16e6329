"""EXIF as a tree of directories: read leniently, edited, written back with the MakerNote where it was.

Structure: CIPA DC-008 (Exif 2.32), 4.5; TIFF 6.0, section 2. Pillow's `Exif.tobytes` moves the MakerNote, whose inner
offsets count from the start of the block, and rebuilds no thumbnail; so this file writes the structure itself.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_ORDERS: dict[bytes, Literal["<", ">"]] = {b"II*\0": "<", b"MM\0*": ">"}
_SHORT, _LONG, _RATIONAL, _ASCII = 3, 4, 5, 2
_EXIF, _GPS, _INTEROP, _MAKER_NOTE = 0x8769, 0x8825, 0xA005, 0x927C
_THUMBNAIL_AT, _THUMBNAIL_SIZE = 0x0201, 0x0202
_ORIENTATION, _SOFTWARE, _COLOR_SPACE, _WIDTH, _HEIGHT, _INTEROP_INDEX = 0x0112, 0x0131, 0xA001, 0xA002, 0xA003, 0x0001
_RESOLUTION = {0x011A, 0x011B, 0x0128}
# Tags of a TIFF's first directory that tell about the photo and not about how the file stores its pixels:
# description, make, model, resolution, software, date, artist, rating, copyright, Windows' texts.
DESCRIPTIVE = {
    *(0x010E, 0x010F, 0x0110, 0x0112, 0x011A, 0x011B, 0x0128, 0x0131, 0x0132, 0x013B, 0x4746, 0x4749, 0x8298),
    *(0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F),
}


class Buffer(Protocol):
    """Bytes, or a memory-mapped file."""

    def __len__(self) -> int: ...
    def __getitem__(self, key: slice, /) -> bytes: ...


class ExifTag(NamedTuple):
    """One tag: TIFF type, number of values, their bytes in the block's order, and where in it they lay (0: new)."""

    type: int
    number: int
    data: bytes
    at: int = 0


Directory = dict[int, ExifTag]


@dataclass
class Exif:
    """An EXIF block. `order`: byte order, struct's "<" or ">". `thumbnail`: the JPEG file of IFD1."""

    order: Literal["<", ">"] = "<"
    image: Directory = field(default_factory=dict)
    exif: Directory = field(default_factory=dict)
    gps: Directory = field(default_factory=dict)
    interop: Directory = field(default_factory=dict)
    thumbnail: bytes | None = None

    @property
    def orientation(self) -> int:
        """How the stored pixels must be turned, 1..8; 0 where the tag is missing or nonsense."""
        value = self._number(self.image.get(_ORIENTATION))
        return value if 1 <= value <= 8 else 0

    @property
    def is_adobe_rgb(self) -> bool:
        """Say whether a camera marked the photo as Adobe RGB, as DCF 2.0 does without a profile."""
        return self.interop.get(_INTEROP_INDEX, ExifTag(0, 0, b"")).data.startswith(b"R03")

    def describe(self, *, width: int, height: int, srgb: bool) -> None:
        """Make the tags true of an upright picture of this size; tags that are not there are not added."""
        self._put(self.image, _ORIENTATION, 1)
        self._put(self.exif, _WIDTH, width)
        self._put(self.exif, _HEIGHT, height)
        self._put(self.exif, _COLOR_SPACE, 1 if srgb else 0xFFFF)
        if srgb and self.is_adobe_rgb:
            self.interop[_INTEROP_INDEX] = ExifTag(_ASCII, 4, b"R98\0")

    def set_software(self, name: str) -> None:
        """Write the name of the program into IFD0."""
        data = name.encode("ascii", "replace") + b"\0"
        self.image[_SOFTWARE] = ExifTag(_ASCII, len(data), data)

    def entry(self, value: int) -> ExifTag:
        """Make an entry of one number: SHORT where it fits, else LONG."""
        kind, code = (_SHORT, "H") if value <= 0xFFFF else (_LONG, "I")
        return ExifTag(kind, 1, struct.pack(self.order + code, value))

    def _number(self, entry: ExifTag | None) -> int:
        if entry is None or entry.type not in (_SHORT, _LONG) or entry.number < 1:
            return 0
        return int(struct.unpack_from(self.order + ("H" if entry.type == _SHORT else "I"), entry.data)[0])

    def _put(self, directory: Directory, tag: int, value: int) -> None:
        if tag in directory:
            directory[tag] = self.entry(value)


def parse(block: Buffer) -> Exif | None:
    """Read an EXIF block or a whole TIFF file; None where it has no TIFF header. Broken entries are left out."""
    order = _ORDERS.get(bytes(block[0:4]))
    if order is None or len(block) < 8:
        return None
    found = Exif(order)
    found.image, following = _directory(block, order, struct.unpack(order + "I", block[4:8])[0])
    found.exif = _directory(block, order, found._number(found.image.pop(_EXIF, None)))[0]
    found.gps = _directory(block, order, found._number(found.image.pop(_GPS, None)))[0]
    found.interop = _directory(block, order, found._number(found.exif.pop(_INTEROP, None)))[0]
    first = _directory(block, order, following)[0]
    start, size = found._number(first.get(_THUMBNAIL_AT)), found._number(first.get(_THUMBNAIL_SIZE))
    found.thumbnail = bytes(block[start : start + size]) or None
    return found


def _directory(block: Buffer, order: str, at: int) -> tuple[Directory, int]:
    """Read the directory at an offset (0: there is none), and the offset of the one that follows it."""
    found: Directory = {}
    if not 8 <= at <= len(block) - 2:
        return found, 0
    (count,) = struct.unpack(order + "H", block[at : at + 2])
    left = len(block)  # bytes: tags that share their values would swell a small block to gigabytes
    for start in range(at + 2, at + 2 + 12 * count, 12):
        row = block[start : start + 12]
        if len(row) < 12:
            return found, 0
        tag, kind, number, offset = struct.unpack(order + "HHII", row)
        size = _SIZES.get(kind, 0) * number
        where = start + 8 if size <= 4 else offset
        if size and where + size <= len(block) and size <= left:
            left -= size
            found[tag] = ExifTag(kind, number, bytes(block[where : where + size]), where)
    tail = block[at + 2 + 12 * count : at + 6 + 12 * count]
    return found, struct.unpack(order + "I", tail)[0] if len(tail) == 4 else 0


def serialise(exif: Exif, *, base: int = 0) -> tuple[bytes, dict[str, int]]:
    """Write the block, and say where its directories "exif" and "gps" lie.

    Offsets count from `base` bytes before the block, so that the block can be put into a file at that place.
    """
    note = exif.exif.get(_MAKER_NOTE)
    writer = _Writer(exif.order, base, note if base == 0 else None)
    image, photo = dict(exif.image), dict(exif.exif)
    writer.reserve(_room(image, _EXIF, _GPS))  # IFD0 comes right after the header, as most readers expect
    offsets = {}
    if exif.interop:
        photo[_INTEROP] = exif.entry(0)._replace(type=_LONG, data=writer.long(writer.add(exif.interop)))
    if photo:
        offsets["exif"] = writer.add(photo)
    if exif.gps:
        offsets["gps"] = writer.add(exif.gps)
    for tag, name in ((_EXIF, "exif"), (_GPS, "gps")):
        if name in offsets:
            image[tag] = ExifTag(_LONG, 1, writer.long(offsets[name]))
    following = writer.add(_thumbnail(exif, writer)) if exif.thumbnail else 0
    writer.add(image, at=8, following=following)
    return bytes(writer.data), offsets


def _room(directory: Directory, *more: int) -> int:
    return 6 + 12 * len({*directory, *more})


def _thumbnail(exif: Exif, writer: _Writer) -> Directory:
    assert exif.thumbnail is not None
    dpi = struct.pack(exif.order + "II", 72, 1)
    return {
        0x0103: exif.entry(6),
        0x011A: ExifTag(_RATIONAL, 1, dpi),
        0x011B: ExifTag(_RATIONAL, 1, dpi),
        0x0128: exif.entry(2),
        _THUMBNAIL_AT: ExifTag(_LONG, 1, writer.long(writer.put(exif.thumbnail))),
        _THUMBNAIL_SIZE: ExifTag(_LONG, 1, writer.long(len(exif.thumbnail))),
    }


class _Writer:
    """Lays directories and values into a growing block, around a MakerNote that keeps its place."""

    def __init__(self, order: str, base: int, note: ExifTag | None) -> None:
        self.order, self.base, self.note = order, base, note
        mark = b"II*\0" if order == "<" else b"MM\0*"
        self.data = bytearray(mark + struct.pack(order + "I", base + 8))
        self.low = 8  # the next free byte before the MakerNote

    def reserve(self, size: int) -> None:
        """Keep `size` bytes after the header, and the MakerNote's own if it lies beyond them."""
        self.low = 8 + size
        if self.note is None or self.note.at < self.low or len(self.note.data) <= 4:
            self.note = None
            self.data.extend(bytes(size))
            return
        self.data.extend(bytes(self.note.at - 8))
        self.data.extend(self.note.data)

    def long(self, value: int) -> bytes:
        return struct.pack(self.order + "I", value)

    def put(self, value: bytes) -> int:
        """Place bytes, in the gap before the MakerNote if they fit, else at the end; return their offset."""
        if self.note is not None and self.low + len(value) <= self.note.at:
            at = self.low
            self.data[at : at + len(value)] = value
            self.low += len(value) + len(value) % 2
            return self.base + at
        self.data.extend(bytes(len(self.data) % 2))  # TIFF wants offsets to be even
        at = len(self.data)
        self.data.extend(value)
        return self.base + at

    def add(self, directory: Directory, *, at: int | None = None, following: int = 0) -> int:
        """Write a directory and its values, and return its offset."""
        rows = bytearray(struct.pack(self.order + "H", len(directory)))
        for tag, entry in sorted(directory.items()):
            if len(entry.data) <= 4:
                value = entry.data.ljust(4, b"\0")
            elif entry is self.note:
                value = self.long(self.note.at)
            else:
                value = self.long(self.put(entry.data))
            rows += struct.pack(self.order + "HHI", tag, entry.type, entry.number) + value
        rows += self.long(following)
        if at is None:
            return self.put(bytes(rows))
        self.data[at : at + len(rows)] = rows
        return self.base + at


def upright(block: bytes) -> bytes:
    """Return the block with its orientation set to 1 and its thumbnail left out; a block we cannot read, unchanged."""
    exif = parse(block)
    if exif is None:
        return block
    exif.image.pop(_ORIENTATION, None)
    exif.thumbnail = None
    return serialise(exif)[0]


def from_tiff(file: Buffer) -> bytes | None:
    """Lift the EXIF block out of a TIFF file or a TIFF-like raw; None where there is nothing to lift."""
    exif = parse(file)
    if exif is None:
        return None
    exif.image = {tag: entry for tag, entry in exif.image.items() if tag in DESCRIPTIVE}
    exif.thumbnail = None
    if _MAKER_NOTE in exif.exif:  # its place in a file of megabytes cannot be kept in a block of kilobytes
        exif.exif[_MAKER_NOTE] = exif.exif[_MAKER_NOTE]._replace(at=0)
    told = set(exif.image) - _RESOLUTION or exif.exif or exif.gps  # every TIFF states a resolution
    return serialise(exif)[0] if told else None
