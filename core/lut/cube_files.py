"""Read .cube files in both dialects: Iridas (DOMAIN_MIN,
DOMAIN_MAX) and Resolve (LUT_1D_INPUT_RANGE, LUT_3D_INPUT_RANGE, a shaper).

Sources: Adobe, "Cube LUT Specification 1.0"; Blackmagic Design, DaVinci Resolve's manual, "3D LUT format". A file with
both sizes holds a shaper of LUT_1D_SIZE rows, then the lattice. Comments, blank lines and TITLE may stand in either;
red runs fastest.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from ..contract.slots import FloatArray
from ..errors import InvalidDocument
from ..photo.color.encoding import Floats
from ..strict_json import read_bytes
from .tables import LookUpTable, is_straight, ramp

LARGEST: Final = 96 * 2**20  # bytes: 129 points an axis are 60 MB
LARGEST_CURVE: Final = 65_536
LARGEST_LATTICE: Final = 129
_LONGEST: Final = 4096  # characters of a line that is no comment, as OpenColorIO reads
_SIZES: Final = {"LUT_1D_SIZE": LARGEST_CURVE, "LUT_3D_SIZE": LARGEST_LATTICE}
_RANGES: Final = {"DOMAIN_MIN": 3, "DOMAIN_MAX": 3, "LUT_1D_INPUT_RANGE": 2, "LUT_3D_INPUT_RANGE": 2}
_WHOLE: Final = re.compile(r"[0-9]{1,9}")
_NUMBER: Final = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?"
_ROW: Final = re.compile(rf"[ \t]*{_NUMBER}[ \t]+{_NUMBER}[ \t]+{_NUMBER}[ \t]*$", re.MULTILINE)
_ENDLESS: Final = re.compile(rf"^(?![ \t]*#)[^\n]{{{_LONGEST + 1}}}", re.MULTILINE)
_COMMENT: Final = re.compile(r"^[ \t]*#[^\n]*", re.MULTILINE)
_LINE: Final = re.compile(r"^[ \t]*[^\s#][^\n]*", re.MULTILINE)  # neither blank nor a comment
_NO_ROW: Final = re.compile(rf"^(?!{_ROW.pattern})[ \t]*[^\s#][^\n]*", re.MULTILINE)


def read_cube(path: Path) -> LookUpTable:
    """The table of a .cube file.

    Raises:
        InvalidDocument: a file that cannot be read, is larger than 96 MiB, has a keyword or number that no .cube has,
            sizes or ranges out of bounds, or another number of rows than it announces; the line is named.
    """
    data = read_bytes(path, LARGEST)
    if len(data) > LARGEST:
        raise InvalidDocument(f"has more than {LARGEST:,} bytes", path=str(path), cure="Export it with fewer points.")
    return _Cube(data.decode("utf-8-sig", "replace"), str(path)).table()


def _over_unit(curves: Floats, low: FloatArray, high: FloatArray) -> Floats:
    """Curves (n, 3) given from `low` to `high` (3,), as curves over [0, 1]."""
    if not low.any() and (high == 1).all():
        return curves
    places = np.linspace(low, high, len(curves))
    moved = [np.interp(ramp(), places[:, channel], curves[:, channel]) for channel in range(3)]
    return np.stack(moved, axis=1).astype(np.float32)


class _Cube:
    """A .cube file's head, and the text of its rows."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.sizes: dict[str, int] = {}
        self.ranges: dict[str, tuple[float, ...]] = {}
        # Ctrl-Z ends a text file of DOS and CP/M, zeros fill its last sector; some put commas between numbers.
        plain = text.partition("\x1a")[0].rstrip("\0")
        self.text = plain.replace("\r\n", "\n").replace("\r", "\n").replace(", ", " ")
        if (endless := _ENDLESS.search(self.text)) is not None:
            raise self.error(f"more than {_LONGEST} characters", endless.start())
        self.body = len(self.text)
        for line in _LINE.finditer(self.text):
            if _ROW.match(line[0]):
                self.body = line.start()
                break
            words = line[0].split()
            self.declare(words[0].upper(), words[1:], line.start())

    def declare(self, keyword: str, words: Sequence[str], place: int) -> None:
        """Take the line of a keyword, at this place of the text."""
        said = " ".join(words)[:40]
        if keyword == "TITLE":
            return
        if keyword in self.sizes or keyword in self.ranges:
            raise self.error(f"{keyword} stands there twice", place)
        if keyword in _SIZES:
            if len(words) != 1 or not _WHOLE.fullmatch(words[0]) or not 2 <= int(words[0]) <= _SIZES[keyword]:
                raise self.error(f"{keyword} {said!r} is no whole number from 2 to {_SIZES[keyword]:,}", place)
            self.sizes[keyword] = int(words[0])
        elif keyword in _RANGES:
            if len(words) != _RANGES[keyword] or not all(re.fullmatch(_NUMBER, word) for word in words):
                raise self.error(f"{keyword} {said!r} is not {_RANGES[keyword]} numbers", place)
            self.ranges[keyword] = tuple(map(float, words))
        else:
            raise self.error(f"{keyword[:40]!r} is neither a keyword nor the first of three numbers", place)

    def table(self) -> LookUpTable:
        """The table that head and rows make."""
        curve, edge = self.sizes.get("LUT_1D_SIZE", 0), self.sizes.get("LUT_3D_SIZE", 0)
        if not curve and not edge:
            raise self.error("states neither LUT_1D_SIZE nor LUT_3D_SIZE")
        values = self.values(curve + edge**3)
        curves = np.repeat(ramp()[:, None], 3, axis=1)
        if curve:
            curves = _over_unit(values[:curve], *self.range_of("LUT_1D_INPUT_RANGE", domain=True))
        if not edge:
            return LookUpTable(curves)
        low, high = self.range_of("LUT_3D_INPUT_RANGE", domain=not curve)
        curves = ((curves - low) / (high - low)).clip(0, 1).astype(np.float32)
        lattice = values[curve:].reshape(edge, edge, edge, 3)
        return LookUpTable(None if is_straight(curves) else curves, lattice)

    def range_of(self, keyword: str, *, domain: bool) -> tuple[FloatArray, FloatArray]:
        """The lowest and highest input (3,) by a dialect's keyword, or by the domain where that may be meant."""
        low, high = np.zeros(3), np.ones(3)
        if keyword in self.ranges:
            low, high = (np.full(3, bound) for bound in self.ranges[keyword])
        elif domain:
            low = np.array(self.ranges.get("DOMAIN_MIN", low))
            high = np.array(self.ranges.get("DOMAIN_MAX", high))
        if not (low < high).all():
            raise self.error(f"a range from {low.tolist()} to {high.tolist()} has no room")
        return low, high

    def values(self, count: int) -> Floats:
        """The rows' numbers (count, 3)."""
        rows = sum(1 for _ in itertools.islice(_LINE.finditer(self.text, self.body), count + 1))
        if rows != count:
            there = f"{rows:,} are" if rows < count else "more are"
            raise self.error(f"{count:,} rows of numbers are announced and {there} there")
        if (other := _NO_ROW.search(self.text, self.body)) is not None:
            raise self.error(f"{other[0].strip()[:40]!r} is not three numbers", other.start())
        numbers = np.fromstring(_COMMENT.sub("", self.text[self.body :]), dtype=np.float32, sep=" ")
        if not np.isfinite(numbers).all():
            raise self.error("a number is beyond every range")
        return numbers.reshape(count, 3)

    def error(self, problem: str, place: int | None = None) -> InvalidDocument:
        line = "" if place is None else f"line {self.text.count(chr(10), 0, place) + 1}: "
        return InvalidDocument(f"is no .cube file: {line}{problem}", path=self.name, cure="Export it again.")
