"""The photo formats, a row each: how a file is recognised, what reads and writes it, what it holds.

A new format is a module beside this one, a row here, and its names in `suffixes`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Protocol

import numpy as np

from ..decoded import Decoded
from ..header import Header
from ..outgoing import Outgoing
from ..suffixes import RAW
from . import avif, heif, jpeg, jpeg_xl, png, raw, tiff, webp


class _Read(Protocol):
    """Decode a file; `salvage` takes of a damaged one what is left, with a warning."""

    def __call__(self, file: BinaryIO, /, *, salvage: bool) -> Decoded: ...


@dataclass(frozen=True)
class PhotoFormat:
    """One photo format.

    `magic`: a regular expression that a file's first 32 bytes match. `header`: size and depth without decoding a pixel.
    `dtypes`: what is written, the deepest first. `alpha`: whether transparency is written. `longest_side` in pixels.
    `annotations`: which of `Annotations`' fields the format holds itself. How its files are called stands in
    `suffixes.NAMES`.
    """

    magic: bytes
    header: Callable[[BinaryIO], Header]
    read: _Read
    write: Callable[[BinaryIO, Outgoing], None] | None = None
    dtypes: tuple[type[np.generic], ...] = (np.uint8,)
    alpha: bool = False
    longest_side: int = 2**31 - 1
    annotations: frozenset[str] = frozenset()


FORMATS = {
    "JPEG": PhotoFormat(
        rb"\xff\xd8\xff",
        jpeg.header,
        jpeg.read,
        jpeg.write,
        longest_side=65_500,
        annotations=frozenset({"iptc", "comment", "resolution"}),
    ),
    "PNG": PhotoFormat(
        rb"\x89PNG\r\n\x1a\n",
        png.header,
        png.read,
        png.write,
        dtypes=(np.uint16, np.uint8),
        alpha=True,
        annotations=frozenset({"iptc", "comment", "texts", "resolution"}),
    ),
    "TIFF": PhotoFormat(
        rb"II[*+]\0|MM\0[*+]",
        tiff.header,
        tiff.read,
        tiff.write,
        dtypes=(np.float32, np.uint16, np.uint8),
        alpha=True,
        annotations=frozenset({"iptc", "resolution"}),
    ),
    "WEBP": PhotoFormat(
        rb"RIFF....WEBP",
        partial(webp.header, name="WEBP"),
        partial(webp.read, name="WEBP"),
        webp.write,
        alpha=True,
        longest_side=16_383,
    ),
    "HEIF": PhotoFormat(
        rb"....ftyp(hei[cxms]|hev[cx]|mif1|msf1)",
        heif.header,
        heif.read,
        heif.write,
        dtypes=(np.uint16, np.uint8),
        alpha=True,
        longest_side=65_535,
    ),
    "AVIF": PhotoFormat(
        rb"....ftypavi[fs]",
        avif.header,
        avif.read,
        avif.write,
        dtypes=(np.uint16, np.uint8),
        alpha=True,
        longest_side=65_535,
    ),
    "JXL": PhotoFormat(
        rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n",
        jpeg_xl.header,
        jpeg_xl.read,
        jpeg_xl.write,
        dtypes=(np.float32, np.uint16, np.uint8),
        alpha=True,
    ),
    "GIF": PhotoFormat(
        rb"GIF8[79]a",
        partial(webp.header, name="GIF"),
        partial(webp.read, name="GIF"),
    ),
    "BMP": PhotoFormat(
        rb"BM",
        partial(webp.header, name="BMP"),
        partial(webp.read, name="BMP"),
    ),
    # Most camera raws are TIFF files whose first page is a mere preview: see `sniff`.
    "RAW": PhotoFormat(raw.MAGIC, raw.header, raw.read),
}


def sniff(head: bytes, suffix: str) -> str | None:
    """Name the format of a file by its first 32 bytes; by its suffix, lower case, only where those do not decide.

    None: no photo format that we know.
    """
    found = next((name for name, row in FORMATS.items() if re.match(row.magic, head, re.DOTALL)), None)
    if found == "TIFF" and (suffix in RAW or head[8:10] == b"CR"):  # Canon's mark
        return "RAW"
    if found is None and suffix in RAW and head and not is_text(head):
        return "RAW"  # old Kodaks write no mark: LibRaw knows them by their size
    return found


def is_text(head: bytes) -> bool:
    """Say whether a file's first bytes are letters."""
    return all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head)
