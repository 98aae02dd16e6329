"""The frame of masks in XMP: the whole picture as the sensor holds it, before it is turned upright and cropped.

Adobe publishes no word on it. That positions are shares of the uncropped picture in the sensor's orientation, that
corners of a turned ellipse are opposite corners of its turned box, in pixels, and that lengths are shares of the long
side, is what public programs measured on Lightroom's own files and exports.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

# EXIF's orientations: where a point of the sensor lies in the upright photo.
_UPRIGHT: Final = {
    1: lambda x, y: (x, y),
    2: lambda x, y: (1 - x, y),
    3: lambda x, y: (1 - x, 1 - y),
    4: lambda x, y: (x, 1 - y),
    5: lambda x, y: (y, x),
    6: lambda x, y: (1 - y, x),
    7: lambda x, y: (1 - y, 1 - x),
    8: lambda x, y: (y, 1 - x),
}
_BACK: Final = {6: 8, 8: 6}  # the others undo themselves
_MIRRORED: Final = (2, 4, 5, 7)
_SIDEWAYS: Final = (5, 6, 7, 8)
_DIMENSIONS: Final = (
    ("{http://ns.adobe.com/tiff/1.0/}ImageWidth", "{http://ns.adobe.com/tiff/1.0/}ImageLength"),
    ("{http://ns.adobe.com/exif/1.0/}PixelXDimension", "{http://ns.adobe.com/exif/1.0/}PixelYDimension"),
)
_ORIENTATION: Final = "{http://ns.adobe.com/tiff/1.0/}Orientation"


@dataclass(frozen=True)
class SensorFrame:
    """How positions in a file belong to the upright photo.

    Attributes:
        aspect: the sensor's width over its height; 3:2 where a file, as presets do, says nothing.
        orientation: EXIF's, from 1 to 8.
    """

    aspect: float = 1.5
    orientation: int = 1

    @classmethod
    def of(cls, facts: dict[str, str]) -> SensorFrame:
        """The frame that a sidecar's `tiff:` and `exif:` properties state."""
        aspect = next((found for pair in _DIMENSIONS if (found := _aspect(facts, *pair))), cls.aspect)
        stated = facts.get(_ORIENTATION, "1")
        return cls(aspect, int(stated) if stated in "12345678" and len(stated) == 1 else 1)

    def upright(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the file lies in the upright photo."""
        return _UPRIGHT[self.orientation](x, y)

    def stored(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the upright photo lies in the file."""
        return _UPRIGHT[_BACK.get(self.orientation, self.orientation)](x, y)

    def read_ellipse(self, left: float, top: float, right: float, bottom: float, angle: float) -> dict[str, Any]:
        """The slots of `ellipse`, less its feather, of an ellipse in a file."""
        turn = math.radians(angle)
        half_x, half_y = (right - left) / 2 * self.aspect, (bottom - top) / 2
        along = half_x * math.cos(turn) + half_y * math.sin(turn)
        across = half_y * math.cos(turn) - half_x * math.sin(turn)
        radii = [abs(along) / self.aspect, abs(across)]
        x, y = self.upright((left + right) / 2, (top + bottom) / 2)
        across_x, across_y = reversed(radii) if self.orientation in _SIDEWAYS else radii
        return {"x": x, "y": y, "radius_x": across_x, "radius_y": across_y, "angle": self._turned(angle)}

    def write_ellipse(self, slots: dict[str, Any]) -> dict[str, float]:
        """An ellipse in a file, of the slots of `ellipse`; undoes `read_ellipse`."""
        angle = self._turned(slots["angle"])
        radii = [slots["radius_x"], slots["radius_y"]]
        radius_x, radius_y = reversed(radii) if self.orientation in _SIDEWAYS else radii
        turn, along = math.radians(angle), radius_x * self.aspect
        half_x = (along * math.cos(turn) - radius_y * math.sin(turn)) / self.aspect
        half_y = along * math.sin(turn) + radius_y * math.cos(turn)
        x, y = self.stored(slots["x"], slots["y"])
        return {"Top": y - half_y, "Left": x - half_x, "Bottom": y + half_y, "Right": x + half_x, "Angle": angle}

    def _turned(self, angle: float) -> float:
        turned = -angle if self.orientation in _MIRRORED else angle
        return turned if -180 <= turned <= 180 else (turned + 180) % 360 - 180


UNTURNED: Final = SensorFrame()
"""The frame of presets, which belong to no photo."""


def _aspect(facts: dict[str, str], across: str, down: str) -> float | None:
    width, height = facts.get(across, ""), facts.get(down, "")
    if not (width.isascii() and width.isdigit() and height.isascii() and height.isdigit()):
        return None
    sides = [int(side) for side in (width[:9], height[:9])]
    return sides[0] / sides[1] if all(sides) else None


def facts_of(descriptions: list[Any]) -> dict[str, str]:
    """The properties of a document that `SensorFrame.of` asks for."""
    wanted = {_ORIENTATION, *(name for pair in _DIMENSIONS for name in pair)}
    facts: dict[str, str] = {}
    for description in descriptions:
        facts |= {key: text.strip() for key, text in description.attrib.items() if key in wanted}
        facts |= {child.tag: (child.text or "").strip() for child in description if child.tag in wanted}
    return facts
