"""IPTC's older form, IIM.

Datasets (IIM 4.2) in a Photoshop resource (Adobe Photoshop File Formats, "Image Resources"), as JPEG's APP13 holds
it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

PHOTOSHOP: Final = b"Photoshop 3.0\0"
LARGEST: Final = 2**22  # bytes
_IPTC: Final = 0x0404
# Of record 2: content location code and name, city, sublocation, province, country code and name (IIM 4.2, section 6).
_PLACES: Final = frozenset({26, 27, 90, 92, 95, 100, 101})


def in_photoshop(resources: bytes) -> bytes | None:
    """Return the IPTC datasets out of Photoshop's resources; None where there are none."""
    return next((data for number, data in _resources(resources) if number == _IPTC and data), None)


def as_photoshop(datasets: bytes) -> bytes:
    """Return the resource that holds these datasets."""
    return b"8BIM" + struct.pack(">HHI", _IPTC, 0, len(datasets)) + datasets + b"\0" * (len(datasets) % 2)


def without_places(datasets: bytes) -> bytes:
    """Return the datasets but for those that tell a place.

    What cannot be read is left out, as nobody can say what it tells.
    """
    return b"".join(whole for record, number, whole in _datasets(datasets) if not (record == 2 and number in _PLACES))


def _resources(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and content of each resource."""
    at = 0
    while data[at : at + 4] in (b"8BIM", b"MeSa", b"PHUT", b"AgHg", b"DCSR") and at + 7 <= len(data):
        (number,) = struct.unpack_from(">H", data, at + 4)
        name = data[at + 6]
        start = at + 6 + (name + 2) // 2 * 2  # a Pascal string, padded to even
        if start + 4 > len(data):
            return
        (size,) = struct.unpack_from(">I", data, start)
        yield number, data[start + 4 : start + 4 + size]
        at = start + 4 + size + size % 2


def _datasets(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Record, number and whole bytes of each dataset."""
    at = 0
    while at + 5 <= len(data) and data[at] == 0x1C:
        record, number = data[at + 1], data[at + 2]
        (size,) = struct.unpack_from(">H", data, at + 3)
        start = at + 5
        if size & 0x8000:  # an extended dataset: the size of the size
            length = size & 0x7FFF
            if length > 4 or start + length > len(data):
                return
            size = int.from_bytes(data[start : start + length], "big")
            start += length
        if start + size > len(data):
            return
        yield record, number, data[at : start + size]
        at = start + size
