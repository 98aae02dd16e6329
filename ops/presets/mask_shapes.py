"""The shapes of Camera Raw's masks and the areas that they are here; each is read by one function, written by another.

Names of properties: ExifTool's table of the namespace `crs` (sCorrectionMask, sCorrRangeMask). Adobe publishes neither
scales nor falloffs. Public programs found in Lightroom's files: the four numbers of a gradient and of a circle's box,
feather in percent, `Flipped` for a circle that covers its inside, the four corners of a range of luminance, and the
numbers of what Adobe's networks find. Assumed: colours of a range are sRGB-encoded and its amount is our radius; the
older range of luminance fades out over its feather; `Midpoint` and `Roundness` change nothing at 50 and 0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from ...core.contract.slots import FloatArray
from ...core.errors import InvalidDocument
from ...core.plan.local import AreaPart, area_of
from ...core.plugins.registry import registry
from ..areas.luminance import HARDEST
from .mask_frame import SensorFrame
from .preset import Settings

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{1,17})?")

AREAS: Final = {
    ("2", ""): ("sky", False),
    ("1", ""): ("person", False),
    ("3", ""): ("person", False),
    ("0", "22"): ("person", True),
    ("0", "20036"): ("person", False),
    ("0", "2"): ("skin", False),
    ("3", "2"): ("skin", False),
    ("0", "4"): ("skin", False),
    ("3", "4"): ("skin", False),
    ("0", "50003"): ("ground", False),
    ("0", "50004"): ("ground", False),
    ("0", "50005"): ("foliage", False),
    ("0", "50006"): ("sky", False),
    ("0", "50007"): ("water", False),
}
"""What Adobe's networks find, by MaskSubType and MaskSubCategoryID, and the nearest area here, perhaps inverted.
Source: third parties' lists of the masks in Adobe's own presets; what is not here has no area of ours."""

_FOUND: Final = {
    "0": "an object that was pointed at",
    "3": "eyes",
    "5": "hair",
    "6": "lips",
    "7": "beards",
    "8": "eyes",
    "9": "brows",
    "11": "clothes",
    "12": "teeth",
    "50001": "buildings",
    "50002": "mountains",
    "50008": "snow",
}


@dataclass
class Reading:
    """What is known and told while the masks of one file are read."""

    source: str
    frame: SensorFrame
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Tell something once."""
        if text not in self.notes:
            self.notes.append(text)


@dataclass(frozen=True)
class MaskShape:
    """A mask: what all parts cover together, each an area's id, its values, and whether it is inverted.

    Attributes:
        invert: whether the mask covers what they leave out.
    """

    parts: tuple[tuple[str, dict[str, Any], bool], ...]
    invert: bool = False


class Unrenderable(Exception):
    """A mask has no equivalent here; the text says why."""


def number(mask: Settings, name: str, place: str, default: float | None = None) -> float:
    """A property as a number.

    Raises:
        InvalidDocument: it is none, or is missing and has no default.
    """
    value = mask.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or not _NUMBER.fullmatch(value.strip()):
        raise InvalidDocument(
            f"{str(value)[:40]!r} is not a number", path=f"{place}: {name}", cure='Write it as "0.5".'
        )
    return float(value)


def numbers(text: Any, place: str, least: int, most: int) -> list[float]:
    """Numbers with blanks or commas between them.

    Raises:
        InvalidDocument
    """
    words = text[:1000].replace(",", " ").split() if isinstance(text, str) else []
    if not least <= len(words) <= most or not all(map(_NUMBER.fullmatch, words)):
        raise InvalidDocument(
            f"{str(text)[:40]!r} is no list of numbers", path=place, cure='Write them as "0 0.2 1 1".'
        )
    return [float(word) for word in words]


def truth(mask: Settings, name: str, place: str, default: bool = False) -> bool:
    """A property as a truth.

    Raises:
        InvalidDocument
    """
    value = mask.get(name, str(default))
    if not isinstance(value, str) or value.lower() not in ("true", "false"):
        raise InvalidDocument(
            f"{str(value)[:40]!r} is neither True nor False", path=f"{place}: {name}", cure="Give one."
        )
    return value.lower() == "true"


def text_of(value: float) -> str:
    """A number as masks have it, to nine decimals."""
    text = f"{value:.9f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def checked(id: str, params: Mapping[str, Any]) -> dict[str, FloatArray]:
    """The values of an area.

    Raises:
        Unrenderable: a value beyond the slot's bounds.
    """
    slots = area_of(id).slots
    for name, value in params.items():
        slot = slots[name]
        if slot.low is not None and not np.all((np.asarray(value) >= slot.low) & (np.asarray(value) <= slot.high)):
            raise Unrenderable(f"it reaches beyond what our area {id!r} can cover")
    return {name: np.asarray(value, dtype=np.float64) for name, value in params.items()}


def _read_linear(mask: Settings, place: str, reading: Reading) -> MaskShape:
    at = {name: number(mask, name, place) for name in ("ZeroX", "ZeroY", "FullX", "FullY")}
    full, zero = reading.frame.upright(at["FullX"], at["FullY"]), reading.frame.upright(at["ZeroX"], at["ZeroY"])
    slots = {"full_x": full[0], "full_y": full[1], "zero_x": zero[0], "zero_y": zero[1]}
    return MaskShape((("linear", slots, truth(mask, "MaskInverted", place)),))


def _write_linear(slots: Mapping[str, float], frame: SensorFrame, inverted: bool) -> Settings:
    full, zero = frame.stored(slots["full_x"], slots["full_y"]), frame.stored(slots["zero_x"], slots["zero_y"])
    at = {"ZeroX": zero[0], "ZeroY": zero[1], "FullX": full[0], "FullY": full[1]}
    return {"What": "Mask/Gradient", "MaskInverted": _said(inverted)} | {key: text_of(at[key]) for key in at}


def _read_ellipse(mask: Settings, place: str, reading: Reading) -> MaskShape:
    left, top, right, bottom = (number(mask, side, place) for side in ("Left", "Top", "Right", "Bottom"))
    slots = reading.frame.read_ellipse(left, top, right, bottom, number(mask, "Angle", place, 0.0))
    slots["feather"] = number(mask, "Feather", place, 0.0) / 100
    if number(mask, "Midpoint", place, 50.0) != 50 or number(mask, "Roundness", place, 0.0) != 0:
        reading.note("midpoint and roundness of a circular mask are not followed")
    # The two say the same where both are there; files before groups of masks have Flipped alone.
    inside = truth(mask, "Flipped", place, default=not truth(mask, "MaskInverted", place))
    return MaskShape((("ellipse", slots, not inside),))


def _write_ellipse(slots: Mapping[str, float], frame: SensorFrame, inverted: bool) -> Settings:
    at = frame.write_ellipse(dict(slots))
    shape: Settings = {"What": "Mask/CircularGradient", "MaskInverted": _said(inverted)}
    shape |= {name: text_of(value) for name, value in at.items()}
    shape |= {"Midpoint": "50", "Roundness": "0", "Feather": text_of(slots["feather"] * 100)}
    return shape | {"Flipped": _said(not inverted), "Version": "2"}


def _read_range_mask(mask: Settings, place: str, reading: Reading) -> MaskShape:
    given = mask.get("CorrectionRangeMask")
    if not isinstance(given, dict):
        raise InvalidDocument("holds no range", path=f"{place}: CorrectionRangeMask", cure="Export it again.")
    shape = read_range(given, f"{place}: CorrectionRangeMask", reading)
    if shape is None:
        raise Unrenderable("its range is empty")
    return MaskShape(shape.parts, shape.invert != truth(mask, "MaskInverted", place))


def read_range(given: Settings, place: str, reading: Reading) -> MaskShape | None:
    """A range of luminance or colour; None where it is off.

    Raises:
        Unrenderable: another range. InvalidDocument.
    """
    kind, invert = given.get("Type", "0"), truth(given, "Invert", place)
    if kind == "0":
        return None
    if kind == "1":
        return MaskShape(_read_colors(given, place, reading), not invert)
    if kind != "2":
        raise Unrenderable("ranges of depth are not rendered")
    return MaskShape(_read_luminance(given, place, reading), invert)


def _read_luminance(given: Settings, place: str, reading: Reading) -> tuple[tuple[str, dict[str, Any], bool], ...]:
    if "LumRange" in given:
        corners = numbers(given["LumRange"], f"{place}: LumRange", 4, 4)
    else:
        low, high = number(given, "LumMin", place, 0.0), number(given, "LumMax", place, 1.0)
        feather = number(given, "LumFeather", place, 0.0)
        corners = [max(0.0, low - feather), low, high, min(1.0, high + feather)]
    if corners != sorted(corners) or corners[0] < 0 or corners[3] > 1:
        raise InvalidDocument("its corners do not rise from 0 to 1", path=f"{place}: LumRange", cure="Order them.")
    dark, low, high, light = corners
    below, above = (max(0.0, (width - HARDEST) / (1 - HARDEST)) for width in (low - dark, light - high))
    if low == 0 or high == 1 or abs(below - above) < 1e-9:
        feather = above if low == 0 else below
        return (("luminance", {"low": low, "high": high, "feather": feather}, False),)
    lower = ("luminance", {"low": low, "high": 1.0, "feather": below}, False)
    return lower, ("luminance", {"low": 0.0, "high": high, "feather": above}, False)


def luminance_range(slots: Mapping[str, float], above: float | None = None) -> str | None:
    """The four corners of a range of luminance, `above` the feather towards white where that is another; None where it
    fades out beyond black or white.
    """
    below, above = slots["feather"], slots["feather"] if above is None else above
    widths = [0.0 if feather == 0 else HARDEST + (1 - HARDEST) * feather for feather in (below, above)]
    low, high = slots["low"], slots["high"]
    dark, light = (low if low == 0 else low - widths[0]), (high if high == 1 else high + widths[1])
    if not -1e-9 <= dark <= low <= high <= light <= 1 + 1e-9:
        return None
    return " ".join(text_of(corner) for corner in (max(dark, 0.0), low, high, min(light, 1.0)))


def _write_luminance(slots: Mapping[str, float], frame: SensorFrame, inverted: bool) -> Settings:
    corners = luminance_range(slots)
    if corners is None:
        raise Unrenderable("its range of luminance fades out beyond black or white")
    return range_mask({"Type": "2", "LumRange": corners}, inverted)


def range_mask(given: Settings, inverted: bool) -> Settings:
    """A range as a mask of its own."""
    whole: Settings = {"Version": "3", "Invert": "false", "SampleType": "0"} | given
    return {"What": "Mask/RangeMask", "MaskInverted": _said(inverted), "CorrectionRangeMask": whole}


def _read_colors(given: Settings, place: str, reading: Reading) -> tuple[tuple[str, dict[str, Any], bool], ...]:
    points = given.get("PointModels")
    if not isinstance(points, list) or not points or given.get("AreaModels"):
        raise Unrenderable("the colours of its range come from areas of the picture, whose form is not published")
    reading.note(
        "the colours of a range are taken as sRGB, which Adobe does not say; look whether it covers what it did"
    )
    radius = number(given, "ColorAmount", place, 0.5)
    parts = []
    for point in points[:5]:
        rgb = numbers(point, f"{place}: PointModels", 3, 19)[:3]
        if not all(0 <= value <= 1 for value in rgb):
            raise Unrenderable("the colours of its range are in no space that is known here")
        parts.append(("color", oklch_of(rgb) | {"radius": radius}, True))
    return tuple(parts)


def _write_color(slots: Mapping[str, float], frame: SensorFrame, inverted: bool) -> Settings:
    other = [name for name in ("feather", "lightness_weight") if slots[name] != area_of("color").slots[name].identity]
    rgb = rgb_of(slots["lightness"], slots["chroma"], slots["hue"])
    if other or not all(-1e-9 <= value <= 1 + 1e-9 for value in rgb):
        raise Unrenderable(f"XMP cannot say its {' and '.join(other) or 'colour, which lies outside sRGB'}")
    point = " ".join(text_of(min(max(value, 0.0), 1.0)) for value in rgb) + " 0.5 0.5 0"
    return range_mask({"Type": "1", "ColorAmount": text_of(slots["radius"]), "PointModels": [point]}, inverted)


def oklch_of(rgb: list[float]) -> dict[str, float]:
    """Lightness, chroma and hue of an sRGB-encoded colour, in float64."""
    import torch

    from ...core.color.oklab import lab_of, light_at
    from ...core.color.srgb import srgb_to_linear

    light = srgb_to_linear(torch.tensor(rgb, dtype=torch.float64)).numpy()
    roots = np.cbrt(np.linalg.solve(_matrix(light_at), light))
    lightness, a, b = _matrix(lab_of) @ roots
    return {
        "lightness": float(lightness),
        "chroma": float(np.hypot(a, b)),
        "hue": float(np.degrees(np.arctan2(b, a)) % 360),
    }


def rgb_of(lightness: float, chroma: float, hue: float) -> list[float]:
    """The sRGB-encoded colour of lightness, chroma and hue; undoes `oklch_of`."""
    import torch

    from ...core.color.oklab import lab_of, light_at
    from ...core.color.srgb import linear_to_srgb

    turn = np.radians(hue)
    roots = np.linalg.solve(_matrix(lab_of), [lightness, chroma * np.cos(turn), chroma * np.sin(turn)])
    rgb: list[float] = linear_to_srgb(torch.from_numpy(_matrix(light_at) @ roots**3)).tolist()
    return rgb


def _matrix(linear: Callable[[Any], Any]) -> FloatArray:
    """The matrix of a map of planes that is linear, or linear in their cubes."""
    import torch

    from ...core.color.planes import planes_of

    units = torch.eye(3, dtype=torch.float64).reshape(3, 3, 1, 1)
    return torch.cat(list(linear(planes_of(units))), dim=1).reshape(3, 3).T.numpy()


def _read_found(mask: Settings, place: str, reading: Reading) -> MaskShape:
    kind, part = (str(mask.get(name, "")) for name in ("MaskSubType", "MaskSubCategoryID"))
    area, outside = AREAS.get((kind, part if part != "0" else ""), ("", False))
    if "Gesture" in mask or not area or area not in registry.areas:
        what = _FOUND.get(part or kind, "")
        raise Unrenderable(f"Adobe's network finds {what or 'it'}, ours does not")
    reading.note("what masks cover that networks find, such as sky and people, is for our network to decide")
    return MaskShape(((area, {}, outside != truth(mask, "MaskInverted", place)),))


def _write_sky(slots: Mapping[str, float], frame: SensorFrame, inverted: bool) -> Settings:
    if any(slots[name] != slot.identity for name, slot in area_of("sky").slots.items()):
        raise Unrenderable("XMP cannot say how its sky is refined")
    # As the presets have it that Adobe ships: what is looked for, without what was found.
    wish = {"MaskVersion": "1", "MaskSubType": "2", "ReferencePoint": "0.500000 0.500000", "ErrorReason": "0"}
    return {"What": "Mask/Image", "MaskInverted": _said(inverted)} | wish


def _said(value: bool) -> str:
    return str(value).lower()


READERS: Final[Mapping[str, Callable[[Settings, str, Reading], MaskShape]]] = {
    "Mask/Gradient": _read_linear,
    "Mask/CircularGradient": _read_ellipse,
    "Mask/RangeMask": _read_range_mask,
    "Mask/Image": _read_found,
}

WRITERS: Final[Mapping[str, Callable[[Mapping[str, Any], SensorFrame, bool], Settings]]] = {
    "linear": _write_linear,
    "ellipse": _write_ellipse,
    "luminance": _write_luminance,
    "color": _write_color,
    "sky": _write_sky,
}


def written(part: AreaPart, frame: SensorFrame, inverted: bool) -> Settings:
    """A part of an area as a mask.

    Raises:
        Unrenderable: it has no equivalent there.
    """
    if part.id not in WRITERS:
        raise Unrenderable(f"XMP cannot say what its area {part.id!r} covers")
    return WRITERS[part.id](slots_of(part), frame, inverted)


def slots_of(part: AreaPart) -> dict[str, Any]:
    """The values of all slots of a part, as Python's numbers and lists."""
    resting = {name: np.asarray(slot.identity) for name, slot in area_of(part.id).slots.items()}
    return {name: value.tolist() for name, value in (resting | dict(part.params)).items()}
