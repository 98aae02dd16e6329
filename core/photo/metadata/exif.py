"""EXIF as a tree of directories: read leniently, edited, written back with the MakerNote where it was.

Structure: CIPA DC-008 (Exif 2.32), 4.5; TIFF 6.0, section 2. Pillow's `Exif.tobytes` moves the MakerNote, whose inner
offsets count from the start of the block, and rebuilds no thumbnail; so this file writes the structure itself.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal, NamedTuple, Protocol

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8, 129: 1}
_ASCII, _SHORT, _LONG, _RATIONAL, _IFD, _UTF8 = 2, 3, 4, 5, 13, 129
_OF_BIGTIFF = {16: (4, "I"), 17: (9, "i"), 18: (13, "I")}  # types of eight bytes, and those of four that a block holds
# Types that writers give a pointer: SHORT, LONG, SLONG, IFD, and BigTIFF's.
_WHOLE = {3: "H", 4: "I", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_MOST = 2**26  # bytes of values that are read of a file
_EXIF, _GPS, _INTEROP, _MAKER_NOTE, _USER_COMMENT = 0x8769, 0x8825, 0xA005, 0x927C, 0x9286
_THUMBNAIL_AT, _THUMBNAIL_SIZE = 0x0201, 0x0202
_ORIENTATION, _SOFTWARE, _COLOR_SPACE, _WIDTH, _HEIGHT, _INTEROP_INDEX = 0x0112, 0x0131, 0xA001, 0xA002, 0xA003, 0x0001
_RESOLUTION = {0x011A, 0x011B, 0x0128}
# SubjectArea and SubjectLocation, in pixels of the picture as it was.
_SUBJECT = (0x9214, 0xA214)
# Blocks of other kinds that a first directory may hold beside EXIF: XMP, IPTC, Photoshop's resources.
_FOREIGN = {0x02BC, 0x83BB, 0x8649}
# What GeoTIFF 1.1 ties to the ground (chapter 7), and GDAL's own text.
_GEOGRAPHIC = {0x830E, 0x8482, 0x85D8, 0x87AF, 0x87B0, 0x87B1, 0xA480}
# Pointers that lead nowhere in a new block: those that are made anew, and those of pages below a page, of fax, Adobe's,
# Kodak's and Leaf's directories, which are not carried on.
_POINTERS = {_EXIF, _GPS, _INTEROP, 0x014A, 0x0190, 0x8290, 0x8606, 0xC6F5, 0xFE00}
# Tags of a TIFF's first directory that tell about the photo and not about how the file stores its pixels:
# description, make, model, resolution, software, date, artist, rating, copyright, Windows' texts.
DESCRIPTIVE = {
    *(0x010E, 0x010F, 0x0110, 0x0112, 0x011A, 0x011B, 0x0128, 0x0131, 0x0132, 0x013B, 0x4746, 0x4749, 0x8298),
    *(0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F),
}
# Tags of the EXIF directory that some writers put into the first one (CIPA DC-008, table 5; TIFF/EP).
_OF_EXIF = {
    *(0x829A, 0x829D, 0x8822, 0x8824, 0x8827, 0x8828, *range(0x8830, 0x8836)),
    *(*range(0x9000, 0x9005), *range(0x9010, 0x9013), 0x9101, 0x9102, *range(0x9201, 0x920B), 0x9214),
    *(0x9286, *range(0x9290, 0x9293), *range(0x9400, 0x9406), *range(0xA000, 0xA005)),
    *(0xA20B, 0xA20C, 0xA20E, 0xA20F, 0xA210, 0xA214, 0xA215, 0xA217, 0xA300, 0xA301, 0xA302),
    *(*range(0xA401, 0xA40D), 0xA420, *range(0xA430, 0xA438), *range(0xA460, 0xA463), 0xA500),
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

    def __bool__(self) -> bool:
        return bool(self.image or self.exif or self.gps or self.interop or self.thumbnail)

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

    def remove_positions(self) -> None:
        """Take out whatever may tell where the photo was taken.

        GPS, map coordinates, blocks of other kinds, and the maker's own note.
        """
        self.gps = {}
        for directory in (self.image, self.exif):
            for tag in directory.keys() & (_FOREIGN | _GEOGRAPHIC | {_MAKER_NOTE}):
                del directory[tag]

    @property
    def resolution(self) -> tuple[float, float] | None:
        """Pixels an inch, across and down; None where the block says none."""
        unit = {1: 0.0, 3: 2.54}.get(self._number(self.image.get(0x0128)), 1.0)
        found = [self.image.get(tag, ExifTag(0, 0, b"")) for tag in (0x011A, 0x011B)]
        if not unit or any(entry.type != _RATIONAL or len(entry.data) != 8 for entry in found):
            return None
        (across, of), (down, of_down) = (struct.unpack(self.order + "II", entry.data) for entry in found)
        return (unit * across / of, unit * down / of_down) if across and down and of and of_down else None

    def set_resolution(self, across: float, down: float) -> None:
        """Write pixels an inch, where the block says none."""
        if not self.image.keys() >= {0x011A, 0x011B}:
            for tag, value in ((0x011A, across), (0x011B, down)):
                fraction = Fraction(value).limit_denominator(10_000)
                data = struct.pack(self.order + "II", fraction.numerator, fraction.denominator)
                self.image[tag] = ExifTag(_RATIONAL, 1, data)
            self.image[0x0128] = self.entry(2)

    def set_text(self, tag: int, text: str) -> None:
        """Write a text into the first directory where it has none: ASCII's type with UTF-8 in it, as everybody does."""
        if tag not in self.image and text:
            data = text.encode("utf-8", "replace").replace(b"\0", b" ") + b"\0"
            self.image[tag] = ExifTag(_ASCII, len(data), data)

    def set_comment(self, text: str) -> None:
        """Write EXIF's UserComment where there is none."""
        if _USER_COMMENT not in self.exif and text:
            plain = text.isascii()
            code = "utf-16-le" if self.order == "<" else "utf-16-be"
            data = b"ASCII\0\0\0" + text.encode() if plain else b"UNICODE\0" + text.encode(code, "replace")
            self.exif[_USER_COMMENT] = ExifTag(7, len(data), data)

    def without_thumbnail(self) -> Exif:
        """The same block with no thumbnail."""
        return replace(self, thumbnail=None)

    def without_maker_note(self) -> Exif:
        """The same block with no thumbnail and no note of the camera's maker."""
        return replace(self, thumbnail=None, exif={tag: e for tag, e in self.exif.items() if tag != _MAKER_NOTE})

    def _number(self, entry: ExifTag | None) -> int:
        if entry is None or entry.type not in _WHOLE or entry.number < 1:
            return 0
        return max(0, int(struct.unpack_from(self.order + _WHOLE[entry.type], entry.data)[0]))

    def _put(self, directory: Directory, tag: int, value: int) -> None:
        if tag in directory:
            directory[tag] = self.entry(value)


def parse(block: Buffer) -> Exif | None:
    """Read an EXIF block, a whole TIFF or BigTIFF file, or a raw that is built like one.

    None where it is none of these.
    Broken entries are left out, and those that would take more memory than the block explains.
    """
    reader = _Reader.of(block)
    if reader is None:
        return None
    found = Exif(reader.order)
    found.image, following = reader.directory(reader.first)

    def pointed(tag: int) -> Directory:
        """What this pointer points at; some writers put pointers into the other directory."""
        places = [found._number(directory.pop(tag, None)) for directory in (found.image, found.exif)]
        return reader.directory(next(filter(None, places), 0))[0]

    found.exif = pointed(_EXIF)
    found.gps, found.interop = pointed(_GPS), pointed(_INTEROP)
    for directory in (found.image, found.exif, found.gps, found.interop):
        for tag in [tag for tag, entry in directory.items() if tag in _POINTERS or entry.type == _IFD]:
            del directory[tag]
    for tag in _OF_EXIF & found.image.keys():
        found.exif.setdefault(tag, found.image.pop(tag))
    first = reader.directory(following)[0]
    start, size = found._number(first.get(_THUMBNAIL_AT)), found._number(first.get(_THUMBNAIL_SIZE))
    found.thumbnail = bytes(block[start : start + min(size, _MOST)]) or None
    return found


@dataclass
class _Reader:
    """Reads directories of one block. `left`: bytes of values that may still be read.

    Every byte of an honest block is part of one value: tags that all point at the same bytes are a bomb.
    """

    block: Buffer
    order: Literal["<", ">"]
    big: bool
    first: int
    left: int

    @classmethod
    def of(cls, block: Buffer) -> _Reader | None:
        """The reader that the block's first bytes ask for: TIFF's, BigTIFF's, Olympus' or Panasonic's."""
        head = bytes(block[0:16])
        order: Literal["<", ">"] = "<" if head[:2] == b"II" else ">"
        left = min(2 * len(block), _MOST)
        if head[:4] in (b"II*\0", b"MM\0*", b"IIRO", b"IIRS", b"MMOR", b"IIU\0") and len(head) >= 8:
            return cls(block, order, False, struct.unpack(order + "I", head[4:8])[0], left)
        if head[:4] in (b"II+\0", b"MM\0+") and len(head) == 16:
            return cls(block, order, True, struct.unpack(order + "Q", head[8:16])[0], left)
        return None

    def directory(self, at: int) -> tuple[Directory, int]:
        """Read the directory at an offset (0: there is none), and the offset of the one that follows it."""
        found: Directory = {}
        counter, row_format, pointer = ("Q", "HHQQ", "Q") if self.big else ("H", "HHII", "I")
        head, step, room = struct.calcsize(counter), struct.calcsize("=" + row_format), struct.calcsize(pointer)
        if not 8 <= at <= len(self.block) - head:
            return found, 0
        (count,) = struct.unpack(self.order + counter, self.block[at : at + head])
        rows, end = at + head, at + head + step * min(count, 0xFFFF)
        for start in range(rows, min(end, len(self.block) - step + 1), step):
            tag, kind, number, offset = struct.unpack(self.order + row_format, self.block[start : start + step])
            size = _SIZES.get(kind, 0) * number
            where = start + step - room if size <= room else offset
            if 0 < size <= self.left and where + size <= len(self.block):
                self.left -= size if size > room else 0
                data = bytes(self.block[where : where + size])
                found[tag] = self._classic(ExifTag(kind, number, data, where))
        tail = self.block[end : end + room]
        return found, struct.unpack(self.order + pointer, tail)[0] if len(tail) == room else 0

    def _classic(self, entry: ExifTag) -> ExifTag:
        """An entry as all programs read it: Exif 3.0's UTF-8 as text, BigTIFF's types as a block's if values fit."""
        if entry.type == _UTF8:
            return entry._replace(type=_ASCII)
        if entry.type not in _OF_BIGTIFF:
            return entry
        kind, code = _OF_BIGTIFF[entry.type]
        values = struct.unpack(f"{self.order}{entry.number}{_WHOLE[entry.type]}", entry.data)
        try:
            return ExifTag(kind, entry.number, struct.pack(f"{self.order}{entry.number}{code}", *values))
        except struct.error:
            return entry


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


def without_positions_in_picture(block: bytes) -> bytes:
    """Return the block without the tags that say where in the picture its subject is; one we cannot read, unchanged."""
    exif = parse(block)
    if exif is None or not exif.exif.keys() & set(_SUBJECT):
        return block
    for tag in _SUBJECT:
        exif.exif.pop(tag, None)
    return serialise(exif)[0]


def turned(block: bytes | None, orientation: int) -> bytes | None:
    """Return the block with this orientation, 1..8, instead of its own; with none at all for 0."""
    exif = (parse(block.removeprefix(b"Exif\0\0")) if block else None) or Exif()
    if exif.orientation in (orientation, 0 if orientation == 1 else orientation):
        return block
    if orientation:
        exif.image[_ORIENTATION] = exif.entry(orientation)
    else:
        exif.image.pop(_ORIENTATION)
    return serialise(exif)[0] if exif else None


def from_tiff(file: Buffer) -> bytes | None:
    """Lift the EXIF block out of a TIFF file or a TIFF-like raw; None where there is nothing to lift."""
    exif = parse(file)
    return lifted(exif) if exif is not None else None


def lifted(exif: Exif) -> bytes | None:
    """The block of what a file's directories tell about the photo, and not about how its pixels are stored."""
    exif.image = {tag: entry for tag, entry in exif.image.items() if tag in DESCRIPTIVE}
    exif.thumbnail = None
    if _MAKER_NOTE in exif.exif:  # its place in a file of megabytes cannot be kept in a block of kilobytes
        exif.exif[_MAKER_NOTE] = exif.exif[_MAKER_NOTE]._replace(at=0)
    told = set(exif.image) - _RESOLUTION or exif.exif or exif.gps  # every TIFF states a resolution
    return serialise(exif)[0] if told else None
