"""The EXIF of camera raws, wherever their makers put it.

Structure: TIFF 6.0 (DNG, NEF, CR2, ARW, ORF, RW2 ...), ISO 14496-12 boxes (Canon CR3: CMT1, CMT2 and CMT4 hold
directories), Fujifilm RAF (a JPEG at the offset in bytes 84 to 87), Minolta MRW (a TIFF in the block TTW), Sigma X3F
(a JPEG among its sections).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from .exif import Buffer, Exif, lifted, parse

_CANON: Final = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")  # the box that holds CMT1 to CMT4
_OF_XMP: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")  # ISO 16684-1: the box of a packet
_XMP: Final = 0x02BC
_LONGEST: Final = 2**24  # bytes of a block
_NEAR: Final = 2**25  # bytes at a file's ends in which a JPEG is looked for


def exif_of_raw(file: Buffer) -> bytes | None:
    """Lift the EXIF block out of a camera raw; None where there is none that we can find."""
    head = bytes(file[0:16])
    if head.startswith(b"FUJIFILMCCD-RAW"):
        found = _of_jpeg(file, int.from_bytes(file[84:88], "big"))
    elif head.startswith(b"\0MRM"):
        found = _of_minolta(file)
    elif head.startswith(b"FOVb"):
        found = _of_sigma(file)
    elif head[4:12] == b"ftypcrx ":
        found = _of_canon(file)
    else:
        found = parse(file)
    return lifted(found) if found is not None else None


def xmp_of_raw(file: Buffer) -> bytes | None:
    """Lift the XMP packet out of a raw that is built like a TIFF, or out of Canon's boxes; None where there is none."""
    if bytes(file[4:12]) == b"ftypcrx ":
        return next((body for kind, body in _canon_blocks(file, 0, len(file)) if kind == b"uuid"), None)
    found = parse(file)
    return found.image[_XMP].data.rstrip(b"\0") or None if found is not None and _XMP in found.image else None


def _of_jpeg(file: Buffer, at: int) -> Exif | None:
    """The EXIF of a JPEG that begins at an offset."""
    if bytes(file[at : at + 2]) != b"\xff\xd8":
        return None
    at += 2
    while (head := bytes(file[at : at + 4]))[:1] == b"\xff" and len(head) == 4 and head[1] not in (0xDA, 0xD9):
        size = int.from_bytes(head[2:4], "big")
        if head[1] == 0xE1 and bytes(file[at + 4 : at + 10]) == b"Exif\0\0":
            return parse(bytes(file[at + 10 : at + 2 + size]))
        at += 2 + size
    return None


def _of_minolta(file: Buffer) -> Exif | None:
    end = 8 + int.from_bytes(file[4:8], "big")
    at = 8
    while at + 8 <= min(end, len(file)):
        name, size = bytes(file[at : at + 4]), int.from_bytes(file[at + 4 : at + 8], "big")
        if name == b"\0TTW":
            return parse(bytes(file[at + 8 : at + 8 + min(size, _LONGEST)]))
        at += 8 + size
    return None


def _of_sigma(file: Buffer) -> Exif | None:
    """The EXIF of the first JPEG section that has one."""
    at = int.from_bytes(file[len(file) - 4 : len(file)], "little")
    if bytes(file[at : at + 4]) == b"SECd":
        (count,) = struct.unpack("<I", bytes(file[at + 8 : at + 12]).ljust(4, b"\0"))
        for row in range(at + 12, at + 12 + 12 * min(count, 1000), 12):
            entry = bytes(file[row : row + 12])
            if len(entry) < 12:
                break
            offset, _, kind = struct.unpack("<II4s", entry)
            if kind in (b"IMAG", b"IMA2"):
                for start in (offset + 28, offset):  # behind the section's own head, which is as long
                    if (found := _of_jpeg(file, start)) is not None:
                        return found
    near = bytes(file[0:_NEAR])
    start = near.find(b"\xff\xd8\xff")
    return _of_jpeg(file, start) if start >= 0 else None


def _of_canon(file: Buffer) -> Exif | None:
    blocks = {name: block for name, block in _canon_blocks(file, 0, len(file)) if block is not None}
    if b"CMT1" not in blocks and b"CMT2" not in blocks:
        return None
    read = {name: parse(block) for name, block in blocks.items() if name != b"uuid"}
    kept = {name: found for name, found in read.items() if found is not None}
    if not kept:
        return None
    order = next(iter(kept.values())).order
    same = {name: found for name, found in kept.items() if found.order == order}
    photo = same.get(b"CMT2")
    return Exif(
        order,
        image=same[b"CMT1"].image if b"CMT1" in same else {},
        exif=({**photo.image, **photo.exif} if photo is not None else {}),
        gps=same[b"CMT4"].image if b"CMT4" in same else {},
    )


def _canon_blocks(file: Buffer, start: int, end: int, depth: int = 0) -> Iterator[tuple[bytes, bytes | None]]:
    """The boxes CMT1 to CMT4 with what they hold, of moov and Canon's own box in it; as "uuid" the XMP packet."""
    at = start
    while at + 8 <= min(end, len(file)):
        size, kind = struct.unpack(">I4s", bytes(file[at : at + 8]))
        head = 8
        if size == 1:
            size, head = int.from_bytes(file[at + 8 : at + 16], "big"), 16
        size = size or end - at
        if size < head:
            return
        if kind in (b"CMT1", b"CMT2", b"CMT4"):
            yield kind, bytes(file[at + head : at + min(size, _LONGEST)])
        elif kind == b"uuid" and bytes(file[at + head : at + head + 16]) == _OF_XMP:
            yield kind, bytes(file[at + head + 16 : at + min(size, _LONGEST)])
        elif depth < 4 and kind == b"moov":
            yield from _canon_blocks(file, at + head, at + size, depth + 1)
        elif depth < 4 and kind == b"uuid" and bytes(file[at + head : at + head + 16]) == _CANON:
            yield from _canon_blocks(file, at + head + 16, at + size, depth + 1)
        at += size
