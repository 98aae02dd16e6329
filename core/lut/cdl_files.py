"""ASC Color Decision Lists as files: .cc, .ccc and .cdl, read and written by OpenColorIO.

Source: ASC CDL 1.2. A collection (.ccc, .cdl) holds corrections by id.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..atomic_write import write_file
from ..errors import InvalidDocument, InvalidRequest, nearest
from ..strict_json import read_bytes

SUFFIXES = (".cc", ".ccc", ".cdl")
LARGEST = 4 * 2**20
# OpenColorIO takes 1e999 for 0.
_VALUES = re.compile(rb"<(?:\w+:)?(?:Slope|Offset|Power|Saturation)\b[^<>]*>([^<]*)<")
_NUMBER = re.compile(rb"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,2})?")
_FORMATS = {".cc": "ColorCorrection", ".ccc": "ColorCorrectionCollection", ".cdl": "ColorDecisionList"}


@dataclass(frozen=True)
class ColorDecision:
    """One colour correction: slope, offset and power of red, green and blue, saturation, and its id."""

    slope: tuple[float, ...]
    offset: tuple[float, ...]
    power: tuple[float, ...]
    saturation: float
    id: str = ""

    @property
    def params(self) -> dict[str, Any]:
        """The values by address, as the op `cdl` takes them."""
        return {
            "cdl.slope": list(self.slope),
            "cdl.offset": list(self.offset),
            "cdl.power": list(self.power),
            "cdl.saturation": self.saturation,
        }


def read_decision(path: Path, *, id: str | None = None) -> ColorDecision:
    """Read a colour correction; of several, the one of this id.

    Raises:
        InvalidDocument: no such file, no correction in it. InvalidRequest: several and no id, or an id that it has not.
    """
    import PyOpenColorIO as ocio

    data = read_bytes(path, LARGEST)
    if len(data) > LARGEST or b"<!" in data.replace(b"<!--", b""):
        reason = "has a document type" if len(data) <= LARGEST else f"has more than {LARGEST:,} bytes"
        raise InvalidDocument(reason, path=str(path), cure="This is no colour decision list.")
    for word in (word for text in _VALUES.findall(data) for word in text.split()):
        if not _NUMBER.fullmatch(word):
            said = word[:40].decode("utf-8", "replace")
            raise InvalidDocument(f"{said!r} is not a number", path=str(path), cure='Write it as in "1.05".')
    ocio.ClearAllCaches()  # it would give what a file held when it was first read
    try:
        group = ocio.CDLTransform.CreateGroupFromFile(str(path.absolute()))
    except (ocio.Exception, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise InvalidDocument(
            f"holds no colour correction: {reason}", path=str(path), cure="Export it again."
        ) from None
    found = {part.getFormatMetadata().getID() or str(place): part for place, part in enumerate(group)}
    if id is None and len(found) != 1:
        raise InvalidRequest(
            f"{str(path)!r} holds {len(found)} corrections", cure=f"Choose one by id: {', '.join(list(found)[:20])}."
        )
    chosen = next(iter(found)) if id is None else id
    if chosen not in found:
        raise InvalidRequest(
            f"{str(path)!r} holds no correction {chosen!r}",
            cure=f"{nearest(chosen, found)} It has: {', '.join(list(found)[:20])}.".lstrip(),
        )
    part = found[chosen]
    return ColorDecision(tuple(part.getSlope()), tuple(part.getOffset()), tuple(part.getPower()), part.getSat(), chosen)


def write_decision(decision: ColorDecision, path: Path, *, overwrite: bool = False) -> Path:
    """Write a .cc, .ccc or .cdl file, which appears whole or not at all.

    Raises:
        InvalidRequest: another suffix, a path that exists or cannot be written.
    """
    import PyOpenColorIO as ocio

    form = _FORMATS.get(path.suffix.lower())
    if form is None:
        raise InvalidRequest(f"{path.name!r} is no name of a CDL file", cure=f"End it in {', '.join(SUFFIXES)}.")
    transform = ocio.CDLTransform(
        slope=decision.slope, offset=decision.offset, power=decision.power, sat=decision.saturation
    )
    transform.getFormatMetadata().setID(decision.id or path.stem)
    text = ocio.GroupTransform([transform]).write(form, ocio.Config.CreateRaw())
    write_file(path, text.encode(), overwrite=overwrite)
    return path
