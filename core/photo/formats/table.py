"""The photo formats, a row each: how a file is recognised, what reads and writes it, what it holds.

A new format is a module beside this one and a row here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

import numpy as np

from ..decoded import Decoded
from ..header import Header
from ..outgoing import Outgoing
from . import avif, heif, jpeg, jpeg_xl, png, raw, tiff, webp


class _Read(Protocol):
    """Decode a file; `salvage` takes of a damaged one what is left, with a warning."""

    def __call__(self, file: BinaryIO, /, *, salvage: bool) -> Decoded: ...


@dataclass(frozen=True)
class PhotoFormat:
    """One photo format.

    `magic`: a regular expression that a file's first 32 bytes match. `suffixes`: lower case, with the dot; files of
    these names are written, those of `read_only` names are not. `header`: size and depth without decoding a pixel.
    `dtypes`: what is written, the deepest first. `alpha`: whether transparency is written. `longest_side` in pixels.
    `annotations`: which of `Annotations`' fields the format holds itself. `package`: the optional package that reads
    and writes it. `substitute`: the suffix, no dot, of what is written in its place where it cannot be written itself.
    """

    magic: bytes
    header: Callable[[BinaryIO], Header]
    read: _Read
    write: Callable[[BinaryIO, Outgoing], None] | None = None
    suffixes: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()
    dtypes: tuple[type[np.generic], ...] = (np.uint8,)
    alpha: bool = False
    longest_side: int = 2**31 - 1
    package: str | None = None
    substitute: str = "jpg"
    annotations: frozenset[str] = frozenset()


FORMATS = {
    "JPEG": PhotoFormat(
        rb"\xff\xd8\xff",
        jpeg.header,
        jpeg.read,
        jpeg.write,
        suffixes=frozenset({".jpg", ".jpeg"}),
        read_only=frozenset({".jpe", ".jfif", ".mpo"}),
        longest_side=65_500,
        annotations=frozenset({"iptc", "comment", "resolution"}),
    ),
    "PNG": PhotoFormat(
        rb"\x89PNG\r\n\x1a\n",
        png.header,
        png.read,
        png.write,
        suffixes=frozenset({".png"}),
        dtypes=(np.uint16, np.uint8),
        alpha=True,
        annotations=frozenset({"iptc", "comment", "texts", "resolution"}),
    ),
    "TIFF": PhotoFormat(
        rb"II[*+]\0|MM\0[*+]",
        tiff.header,
        tiff.read,
        tiff.write,
        suffixes=frozenset({".tif", ".tiff"}),
        dtypes=(np.float32, np.uint16, np.uint8),
        alpha=True,
        annotations=frozenset({"iptc", "resolution"}),
    ),
    "WEBP": PhotoFormat(
        rb"RIFF....WEBP",
        partial(webp.header, name="WEBP"),
        partial(webp.read, name="WEBP"),
        webp.write,
        suffixes=frozenset({".webp"}),
        alpha=True,
        longest_side=16_383,
    ),
    "HEIF": PhotoFormat(
        rb"....ftyp(hei[cxms]|hev[cx]|mif1|msf1)",
        heif.header,
        heif.read,
        heif.write,
        suffixes=frozenset({".heic", ".heif", ".hif"}),
        dtypes=(np.uint16, np.uint8),
        alpha=True,
        longest_side=65_535,
        package="pillow_heif",
    ),
    "AVIF": PhotoFormat(
        rb"....ftypavi[fs]",
        avif.header,
        avif.read,
        avif.write,
        suffixes=frozenset({".avif"}),
        dtypes=(np.uint16, np.uint8),
        alpha=True,
        longest_side=65_535,
    ),
    "JXL": PhotoFormat(
        rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n",
        jpeg_xl.header,
        jpeg_xl.read,
        jpeg_xl.write,
        suffixes=frozenset({".jxl"}),
        dtypes=(np.float32, np.uint16, np.uint8),
        alpha=True,
        package="pyjpegxl",
    ),
    "GIF": PhotoFormat(
        rb"GIF8[79]a",
        partial(webp.header, name="GIF"),
        partial(webp.read, name="GIF"),
        read_only=frozenset({".gif"}),
        substitute="png",
    ),
    "BMP": PhotoFormat(
        rb"BM",
        partial(webp.header, name="BMP"),
        partial(webp.read, name="BMP"),
        read_only=frozenset({".bmp"}),
        substitute="png",
    ),
    # Most camera raws are TIFF files whose first page is a mere preview: see `sniff`.
    "RAW": PhotoFormat(raw.MAGIC, raw.header, raw.read, read_only=raw.SUFFIXES, package="rawpy"),
}


class Extensions(NamedTuple):
    """File suffixes, lower case, with the dot."""

    readable: frozenset[str]
    writable: frozenset[str]


EXTENSIONS = Extensions(
    readable=frozenset(suffix for row in FORMATS.values() for suffix in row.suffixes | row.read_only),
    writable=frozenset(suffix for row in FORMATS.values() for suffix in row.suffixes),
)


def is_raw(path: str | Path) -> bool:
    """Say whether the suffix is a camera raw's.

    >>> is_raw("DSC_0001.NEF"), is_raw("DSC_0001.JPG")
    (True, False)
    """
    return Path(path).suffix.lower() in raw.SUFFIXES


def sniff(head: bytes, suffix: str) -> str | None:
    """Name the format of a file by its first 32 bytes; by its suffix, lower case, only where those do not decide.

    None: no photo format that we know.
    """
    found = next((name for name, row in FORMATS.items() if re.match(row.magic, head, re.DOTALL)), None)
    if found == "TIFF" and (suffix in raw.SUFFIXES or head[8:10] == b"CR"):  # Canon's mark
        return "RAW"
    if found is None and suffix in raw.SUFFIXES and head and not is_text(head):
        return "RAW"  # old Kodaks write no mark: LibRaw knows them by their size
    return found


def is_text(head: bytes) -> bool:
    """Say whether a file's first bytes are letters."""
    return all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head)


def writer_of(suffix: str) -> str | None:
    """Name the format that a suffix, lower case, is written in; None where it is not written."""
    return next((name for name, row in FORMATS.items() if suffix in row.suffixes), None)


def suffix_to_write(path: Path) -> str:
    """Return the suffix (no dot) that a photo is written with by default: its own where possible.

    >>> suffix_to_write(Path("a.JPG")), suffix_to_write(Path("a.nef")), suffix_to_write(Path("a.bmp"))
    ('JPG', 'jpg', 'png')
    """
    suffix = path.suffix.lower()
    row = next((row for row in FORMATS.values() if suffix in row.suffixes | row.read_only), FORMATS["JPEG"])
    there = row.package is None or find_spec(row.package) is not None
    return path.suffix[1:] if suffix in row.suffixes and there else row.substitute
