"""Which files are photos: judged by their first bytes, and by the suffix only where those do not decide."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

WRITABLE = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
    ".heic": "HEIF",
    ".heif": "HEIF",
    ".hif": "HEIF",
}
READ_ONLY = {".jpe", ".jfif", ".mpo", ".gif", ".bmp"}
RAW = {
    *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".k25", ".kdc", ".mef"),
    *(".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"),
}


class Extensions(NamedTuple):
    """File suffixes, lower case, with the dot."""

    readable: frozenset[str]
    writable: frozenset[str]


EXTENSIONS = Extensions(
    readable=frozenset({*WRITABLE, *READ_ONLY, *RAW}),
    writable=frozenset(WRITABLE),
)


class Holds(NamedTuple):
    """What a format can hold of a photo. `dtypes`: the deepest first; `longest_side` in pixels."""

    dtypes: tuple[type[np.generic], ...]
    alpha: bool
    longest_side: int


HOLDS = {
    "JPEG": Holds((np.uint8,), alpha=False, longest_side=65_500),
    "PNG": Holds((np.uint16, np.uint8), alpha=True, longest_side=2**31 - 1),
    "TIFF": Holds((np.float32, np.uint16, np.uint8), alpha=True, longest_side=2**31 - 1),
    "WEBP": Holds((np.uint8,), alpha=True, longest_side=16_383),
    "HEIF": Holds((np.uint16, np.uint8), alpha=True, longest_side=65_535),
}

_MAGIC = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"FUJIFILMCCD-RAW", "RAW"),
    (b"IIRO", "RAW"),
    (b"IIRS", "RAW"),
    (b"MMOR", "RAW"),
    (b"IIU\0", "RAW"),
    (b"II\x1a\0\0\0HEAPCCDR", "RAW"),
    (b"\0MRM", "RAW"),
    (b"FOVb", "RAW"),
)
_HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}


def is_raw(path: str | Path) -> bool:
    """Say whether the suffix is a camera raw's.

    >>> is_raw("DSC_0001.NEF"), is_raw("DSC_0001.JPG")
    (True, False)
    """
    return Path(path).suffix.lower() in RAW


def sniff(head: bytes, path: Path) -> str | None:
    """Name the format of a file from its first 32 bytes; None where they are no photo's we know."""
    if head[4:8] == b"ftyp":
        if head[8:12] == b"crx ":
            return "RAW"
        return "HEIF" if head[8:12] in _HEIF_BRANDS else None
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    found = next((name for magic, name in _MAGIC if head.startswith(magic)), None)
    # Most camera raws are TIFF files whose first page is a mere preview; only the suffix, or Canon's mark, tells.
    if found == "TIFF" and (is_raw(path) or head[8:10] == b"CR"):
        return "RAW"
    return found
