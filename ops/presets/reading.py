"""Read a preset: XMP or .lrtemplate into settings, settings into slot values and a list of what is left over."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from ...core.contract.slots import FloatArray
from ...core.errors import InvalidDocument
from ...core.plugins.registry import registry
from ...core.strict_json import read_bytes
from ..crs import CURVES, FIELDS, LEGACY_BLENDING, LIGHT_STYLES, PAINT_STYLE, VIGNETTE_STYLE, CrsField
from . import xmp
from .crops.moving import all_into_frame
from .crops.settings import FIELDS_OF_FRAME, read_crop
from .curves import FULL, knots_of
from .fields import DEFAULT_LOOKS, MONOCHROME_LOOK, OLD_SLIDERS, PROFILE, known
from .lrtemplate import read_lua
from .mask_frame import UNTURNED, SensorFrame, facts_of
from .masks import CORRECTIONS, read_corrections
from .preset import Preset, Settings, Unrendered

LARGEST: Final = 4 * 2**20
OLDEST: Final = (6, 7)
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{1,9})?")
_VERSION: Final = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})")
_MOST_POINTS: Final = 64


def read_preset(path: str | os.PathLike[str]) -> Preset:
    """Read a preset or sidecar of Lightroom or Camera Raw, process version 6.7 or later.

    Args:
        path: .xmp, or .lrtemplate.

    Raises:
        InvalidDocument: a file that cannot be read, is malformed, of an older process version,
            or holds a value out of range.
    """
    path = Path(path)
    data = read_small(path)
    frame = SensorFrame()
    if path.suffix.lower() == ".lrtemplate":
        document = read_lua(_text(data, path), str(path))
        settings = _settings_of_template(document, str(path))
        name = document.get("title") or document.get("internalName")
    else:
        tree = xmp.parse(data, str(path))
        settings, frame = xmp.settings_of(tree, str(path)), SensorFrame.of(facts_of(xmp.descriptions(tree)))
        name = settings.get("Name")
    title = name if isinstance(name, str) and name else path.stem
    return interpret(settings, name=title, source=str(path), frame=frame)


def read_small(path: Path) -> bytes:
    """A file's bytes, at most 4 MiB.

    Raises:
        InvalidDocument
    """
    data = read_bytes(path, LARGEST)
    if len(data) > LARGEST:
        raise InvalidDocument(f"has more than {LARGEST:,} bytes", path=str(path), cure="This is no preset.")
    return data


def interpret(settings: Settings, *, name: str, source: str, frame: SensorFrame = UNTURNED) -> Preset:
    """The preset that settings make, masks placed by the frame.

    Raises:
        InvalidDocument: an older process version, a value of the wrong type or out of range.
    """
    _check_version(settings, source)
    values: dict[str, dict[str, FloatArray]] = {}
    left: list[Unrendered] = []
    notes: list[str] = []
    idle: list[str] = []
    for key, value in settings.items():
        place = f"{source}: crs:{key}"
        if key in FIELDS:
            _set(values, FIELDS[key], _number(value, FIELDS[key], place))
        elif key in CURVES:
            knots, error = knots_of(_points(value, place))
            values.setdefault("tone_curve", {})[CURVES[key]] = knots
            if error >= 1:
                notes.append(f"{key} is followed to within {error:.1f} of 255")
        elif key == VIGNETTE_STYLE:
            values.setdefault("vignette", {})["paint"] = np.array(float(_paints(value, place)))
        elif key == "ConvertToGrayscale":
            values.setdefault("grey_mixer", {}).setdefault("monochrome", np.array(float(_truth(value, place))))
        elif key == "Look" and isinstance(value, dict) and value.get("Name") == MONOCHROME_LOOK:
            values.setdefault("grey_mixer", {})["monochrome"] = np.array(1.0)
        elif key in CORRECTIONS or key in FIELDS_OF_FRAME:
            continue
        elif (item := _left_over(key, value)) is not None:
            left.append(item)
        else:
            idle.append(key)
    if "ProcessVersion" not in settings and not any(key.endswith("2012") for key in settings):
        # Nothing says that it is newer: then the sliders of older versions are what it is made of.
        left = [replace(item, essential=True) if item.name in OLD_SLIDERS else item for item in left]
    grading = values.get("color_grading", {})
    if grading and "blending" not in grading:
        # Files from before colour grading mean the blending that Lightroom converts them to.
        grading["blending"] = np.array(LEGACY_BLENDING)
    masks = read_corrections(settings, frame=frame, source=source)
    left, notes, idle = left + masks.unrendered, notes + masks.notes, idle + masks.idle
    crop = read_crop(settings, frame, source)
    idle += [key for key in settings if key in FIELDS_OF_FRAME and crop is None]
    local = tuple(masks.local)
    placed = () if crop is None else all_into_frame(local, crop, frame)
    return Preset(name, values, tuple(left), tuple(notes), tuple(idle), local, crop, placed)


def _check_version(settings: Settings, source: str) -> None:
    version = settings.get("ProcessVersion")
    if version is None:
        return
    match = _VERSION.fullmatch(version) if isinstance(version, str) else None
    if match is None:
        raise InvalidDocument(f"{str(version)[:40]!r} is no process version", path=source, cure='One is "11.0".')
    if (int(match[1]), int(match[2])) < OLDEST:
        raise InvalidDocument(
            f"is of process version {version}; 6.7 and later are read",
            path=source,
            cure="Update it in Lightroom and export it again.",
        )


def _set(values: dict[str, dict[str, FloatArray]], field: CrsField, number: float) -> None:
    slots = values.setdefault(field.op, {})
    value = field.from_xmp(number)
    if field.index is None:
        slots[field.slot] = np.array(value)
    else:
        identity = registry.ops.load(field.op).slots[field.slot].identity
        slots.setdefault(field.slot, np.array(identity, dtype=np.float64))[field.index] = value


def _number(value: Any, field: CrsField, place: str) -> float:
    if not isinstance(value, str) or not _NUMBER.fullmatch(value.strip()):
        raise InvalidDocument(f"{str(value)[:40]!r} is not a number", path=place, cure='Write it as in "+0.50".')
    number = float(value)
    if not field.low <= number <= field.high:
        raise InvalidDocument(
            f"{value[:40]} lies outside {field.low:g} to {field.high:g}", path=place, cure="Give a value in this range."
        )
    return number


def _truth(value: Any, place: str) -> bool:
    if not isinstance(value, str) or value.lower() not in ("true", "false"):
        raise InvalidDocument(f"{str(value)[:40]!r} is neither True nor False", path=place, cure="Give one of them.")
    return value.lower() == "true"


def _paints(value: Any, place: str) -> bool:
    if value not in (*LIGHT_STYLES, PAINT_STYLE):
        raise InvalidDocument(f"{str(value)[:40]!r} is no style of a vignette", path=place, cure="Give 1, 2 or 3.")
    return bool(value == PAINT_STYLE)


def _points(value: Any, place: str) -> list[tuple[float, float]]:
    """Pairs as XMP has them ("32, 22"), or numbers in a row as .lrtemplate has them."""
    parts = [part.strip() for item in value for part in item.split(",")] if _is_texts(value) else []
    if not 4 <= len(parts) <= 2 * _MOST_POINTS or len(parts) % 2 or not all(map(_NUMBER.fullmatch, parts)):
        raise InvalidDocument("is no list of points", path=place, cure='Points are pairs such as "32, 22".')
    numbers = [float(part) for part in parts]
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    rising = all(before[0] < after[0] for before, after in itertools.pairwise(points))
    if not rising or not all(0 <= number <= FULL for number in numbers):
        raise InvalidDocument("does not run from left to right in 0..255", path=place, cure="Order its points.")
    return points


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _left_over(key: str, value: Any) -> Unrendered | None:
    """What a setting leaves unrendered; None where it does nothing."""
    if key == "Look":
        return _look(value)
    row = known(key)
    if row is None:
        return Unrendered(key, _shown(value), "it is not known here")
    if row.rest is None or not value or _rests(value, row.rest) or _is_off(value):
        return None
    size = abs(float(value)) if isinstance(value, str) and _NUMBER.fullmatch(value) else 0.0
    return Unrendered(key, _shown(value), row.why, essential=size >= row.essential)


def _look(value: Any) -> Unrendered | None:
    name = value.get("Name", "") if isinstance(value, dict) else str(value)
    if not name and not (isinstance(value, dict) and value.get("Parameters")):
        return None
    return Unrendered("Look", _shown(name or value), PROFILE, essential=name not in DEFAULT_LOOKS)


def _rests(value: Any, rest: Collection[str]) -> bool:
    """Whether a setting does nothing: its text, or every number in its list, is one of those that do nothing."""
    if _is_texts(value):
        return all(_plain(part.strip()) in rest for item in value for part in item.split(","))
    return isinstance(value, str) and _plain(value) in rest


def _is_off(value: Any) -> bool:
    """Whether a setting of several parts says of itself that it is not active."""
    return isinstance(value, dict) and str(value.get("Active", "")).lower() == "false"


def _plain(text: str) -> str:
    """A text as tables have it: without plus signs, truths as 0, whole numbers without decimals."""
    text = text.lstrip("+").replace("False", "0").replace("false", "0")
    return f"{float(text):g}" if _NUMBER.fullmatch(text) and float(text).is_integer() else text


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"({len(value)} parts)"
    if isinstance(value, dict):
        return f"({', '.join(list(value)[:4])})"
    return str(value)[:80]


def _text(data: bytes, path: Path) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidDocument(f"is no UTF-8 text: {error.reason}", path=str(path), cure="Export it again.") from None


def _settings_of_template(document: dict[str, Any], source: str) -> Settings:
    value = document.get("value")
    settings = value.get("settings") if isinstance(value, dict) else None
    if not isinstance(settings, dict) or not settings:
        raise InvalidDocument("holds no value.settings", path=source, cure="Give a develop preset.")
    return settings
