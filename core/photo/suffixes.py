"""Which suffixes of file names mean which format. No format's reader is imported here: names are judged without one."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple


class Names(NamedTuple):
    """How files of a format are called.

    `suffixes`: lower case, with the dot; files of these names are written, those of `read_only` names are not.
    `package`: the optional package that reads and writes the format. `substitute`: the suffix, no dot, of what is
    written in its place where it cannot be written itself.
    """

    suffixes: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()
    package: str | None = None
    substitute: str = "jpg"


class Extensions(NamedTuple):
    """File suffixes, lower case, with the dot."""

    readable: frozenset[str]
    writable: frozenset[str]


RAW: Final = frozenset(
    {
        *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".k25", ".kdc", ".mef"),
        *(".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw"),
        ".x3f",
    }
)
"""Those of camera raws."""

NAMES: Final = {
    "JPEG": Names(frozenset({".jpg", ".jpeg"}), frozenset({".jpe", ".jfif", ".mpo"})),
    "PNG": Names(frozenset({".png"})),
    "TIFF": Names(frozenset({".tif", ".tiff"})),
    "WEBP": Names(frozenset({".webp"})),
    "HEIF": Names(frozenset({".heic", ".heif", ".hif"}), package="pillow_heif"),
    "AVIF": Names(frozenset({".avif"})),
    "JXL": Names(frozenset({".jxl"}), package="pyjpegxl"),
    "GIF": Names(read_only=frozenset({".gif"}), substitute="png"),
    "BMP": Names(read_only=frozenset({".bmp"}), substitute="png"),
    "RAW": Names(read_only=RAW, package="rawpy"),
}
"""The names of each format of `formats.table`."""

EXTENSIONS: Final = Extensions(
    readable=frozenset(suffix for row in NAMES.values() for suffix in row.suffixes | row.read_only),
    writable=frozenset(suffix for row in NAMES.values() for suffix in row.suffixes),
)


def is_raw(path: str | Path) -> bool:
    """Say whether the suffix is a camera raw's.

    >>> is_raw("DSC_0001.NEF"), is_raw("DSC_0001.JPG")
    (True, False)
    """
    return Path(path).suffix.lower() in RAW


def writer_of(suffix: str) -> str | None:
    """Name the format that a suffix, lower case, is written in; None where it is not written."""
    return next((name for name, row in NAMES.items() if suffix in row.suffixes), None)


def suffix_to_write(path: Path) -> str:
    """Return the suffix (no dot) that a photo is written with by default: its own where possible.

    >>> suffix_to_write(Path("a.JPG")), suffix_to_write(Path("a.nef")), suffix_to_write(Path("a.bmp"))
    ('JPG', 'jpg', 'png')
    """
    suffix = path.suffix.lower()
    row = next((row for row in NAMES.values() if suffix in row.suffixes | row.read_only), NAMES["JPEG"])
    there = row.package is None or find_spec(row.package) is not None
    return path.suffix[1:] if suffix in row.suffixes and there else row.substitute
