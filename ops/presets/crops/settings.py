"""Crop, angle, perspective and the lens's correction in XMP, as a frame.

Adobe publishes no word on the geometry. That `CropLeft`, `CropTop` and `CropRight`, `CropBottom` are two opposite
corners of a rectangle that is turned by `CropAngle` degrees clockwise within the picture, in shares of the picture as
the sensor holds it, is what darktable's importer does, what J. R. Ellis published of Lightroom's own settings (Adobe's
community, 2022, "Computing the corners of a crop rectangle"), and what an example by R. Cole shows (ibid.: a crop from
0.3, 0.4 to 0.8, 0.9, whose slider is moved to 10 degrees, is stored as -10, from 0.36916, 0.374965). So the photo is
turned by -`CropAngle` clockwise. `Perspective*` are Lightroom's sliders as they stand; how far each goes is ours to say
(`core/photo/geometry/framing.py`), and so is it that they are meant in the upright photo. A lens is corrected by
lensfun's profile of it where Camera Raw would by Adobe's.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any, Final

import numpy as np

from ....core.errors import InvalidDocument
from ....core.photo.geometry.framing import LARGEST_ANGLE, PERSPECTIVE_RANGES, WHOLE, Framing, Perspective
from ....core.photo.geometry.lens import AUTO, LENS_RANGES, LensCorrection
from ..mask_frame import SensorFrame
from ..mask_shapes import text_of
from ..preset import Settings

EDGES: Final = {"CropLeft": "0", "CropTop": "0", "CropRight": "1", "CropBottom": "1"}
PERSPECTIVE: Final = {f"Perspective{name.capitalize()}": name for name in PERSPECTIVE_RANGES}
PROFILE: Final = {"LensProfileDistortionScale": "distortion", "LensProfileVignettingScale": "vignetting"}
FIELDS_OF_FRAME: Final = frozenset(
    {"HasCrop", "CropAngle", "LensProfileEnable", "AutoLateralCA", *EDGES, *PERSPECTIVE, *PROFILE}
)
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{1,12})?([eE]-[0-9]{1,3})?")
_HEIGHT: Final = 2**22  # pixels of the picture that a crop is fitted into
_MIRRORED: Final = (2, 4, 5, 7)
_LANDSCAPE: Final = (1, 2, 3, 4)  # orientations in which the sensor's sides keep their places


def read_crop(settings: Settings, sensor: SensorFrame, source: str) -> Framing | None:
    """The frame that settings state; None where they state none.

    Raises:
        InvalidDocument: a number that is none, or out of range.
    """
    seen = {
        name: _number(settings[key], PERSPECTIVE_RANGES[name], f"{source}: crs:{key}")
        for key, name in PERSPECTIVE.items()
        if key in settings
    }
    perspective, lens = Perspective(**seen), _lens(settings, source)
    if str(settings.get("HasCrop", "")).lower() != "true":
        found = Framing(perspective=perspective, lens=lens)
        return None if found == Framing() else found
    left, top, right, bottom = (
        _number(settings.get(key, rest), (-1.0, 2.0), f"{source}: crs:{key}") for key, rest in EDGES.items()
    )
    turn = _number(settings.get("CropAngle", "0"), (-LARGEST_ANGLE, LARGEST_ANGLE), f"{source}: crs:CropAngle")
    corners = np.array([_turned(x, y, -turn, sensor.aspect) for x, y in ((left, top), (right, bottom))])
    if not (corners[0] < corners[1]).all():
        raise InvalidDocument("the crop has no area", path=f"{source}: crs:CropRight", cure="Export it again.")
    ends = np.array([sensor.upright(x, y) for x, y in corners]).round(9)
    if not turn and perspective == Perspective():
        ends = ends.clip(0, 1)
    edges = (*ends.min(axis=0).tolist(), *ends.max(axis=0).tolist())
    found = Framing(edges, turn if sensor.orientation in _MIRRORED else -turn, perspective=perspective, lens=lens)
    return None if found == Framing() else found


def _lens(settings: Settings, source: str) -> LensCorrection | None:
    """The correction of a lens that settings state; None where they state none."""
    by_profile, colours = (
        _number(settings.get(key, "0"), (0, 1), f"{source}: crs:{key}")
        for key in ("LensProfileEnable", "AutoLateralCA")
    )
    if not by_profile and not colours:
        return None
    distortion, vignetting = (
        by_profile * _number(settings.get(key, "100"), LENS_RANGES[name], f"{source}: crs:{key}")
        for key, name in PROFILE.items()
    )
    return LensCorrection(distortion=distortion, vignetting=vignetting, chromatic_aberration=100 * colours)


def _settings_of_lens(lens: LensCorrection) -> tuple[Settings, list[str]]:
    """A lens's correction as settings, and what XMP cannot say of it."""
    by_profile = bool(lens.distortion or lens.vignetting)
    settings: Settings = {
        "LensProfileEnable": str(int(by_profile)),
        "AutoLateralCA": str(int(bool(lens.chromatic_aberration))),
    }
    if by_profile:
        settings |= {"LensProfileSetup": "LensDefaults"}
        settings |= {key: text_of(getattr(lens, name)) for key, name in PROFILE.items()}
    beyond = [] if lens.profile == AUTO else [f"the frame's lens, {lens.profile}"]
    if lens.chromatic_aberration not in (0, 100):
        beyond.append(f"the frame's correction of chromatic aberration by {lens.chromatic_aberration:g} %")
    return settings, beyond


def settings_of_crop(frame: Framing, sensor: SensorFrame) -> tuple[Settings, list[str]]:
    """A frame as settings, and what XMP cannot say of it."""
    beyond = [] if frame.flip == "none" else [f"the frame's flip, {frame.flip}"]
    if frame.quarter_turns:
        beyond.append(f"the frame's quarter turns, {frame.quarter_turns}")
        frame = _without_quarter_turns(frame)
    settings: Settings = {
        key: text_of(getattr(frame.perspective, name))
        for key, name in PERSPECTIVE.items()
        if name in frame.perspective.document()
    }
    if frame.crop != WHOLE or frame.angle:
        left, top, right, bottom = frame.fitted(*upright_size(sensor)).crop
        ends = np.array([sensor.stored(left, top), sensor.stored(right, bottom)])
        turn = frame.angle if sensor.orientation in _MIRRORED else -frame.angle
        corners = [_turned(x, y, turn, sensor.aspect) for x, y in (ends.min(axis=0), ends.max(axis=0))]
        settings |= {"HasCrop": "True", "CropAngle": text_of(turn)}
        settings |= {key: text_of(edge) for key, edge in zip(EDGES, (*corners[0], *corners[1]), strict=True)}
    if frame.lens is not None:
        of_lens, more = _settings_of_lens(frame.lens)
        return settings | of_lens, beyond + more
    return settings, beyond


def _without_quarter_turns(frame: Framing) -> Framing:
    """The frame that shows the same part of the photo, as it stood before it was turned by quarters."""
    for _ in range(frame.quarter_turns):
        left, top, right, bottom = frame.crop
        seen = frame.perspective
        tilted = replace(seen, vertical=-seen.horizontal, horizontal=seen.vertical, aspect=-seen.aspect)
        frame = replace(frame, crop=(top, 1 - right, bottom, 1 - left), perspective=tilted)
    return replace(frame, quarter_turns=0)


def upright_size(sensor: SensorFrame) -> tuple[int, int]:
    """Width and height of the upright photo, in pixels so small that whole ones count for nothing."""
    sides = (round(sensor.aspect * _HEIGHT), _HEIGHT)
    return sides if sensor.orientation in _LANDSCAPE else (sides[1], sides[0])


def _turned(x: float, y: float, degrees: float, aspect: float) -> tuple[float, float]:
    """A point in shares of the picture, turned clockwise about its middle."""
    turn = math.radians(degrees)
    across, down = (x - 0.5) * aspect, y - 0.5
    return (
        0.5 + (across * math.cos(turn) - down * math.sin(turn)) / aspect,
        0.5 + across * math.sin(turn) + down * math.cos(turn),
    )


def _number(value: Any, bounds: tuple[float, float], place: str) -> float:
    if not isinstance(value, str) or not _NUMBER.fullmatch(value.strip()):
        raise InvalidDocument(f"{str(value)[:40]!r} is not a number", path=place, cure='Write it as "0.5".')
    if not bounds[0] <= float(value) <= bounds[1]:
        low, high = bounds
        raise InvalidDocument(
            f"{value[:40]} lies outside {low:g} to {high:g}", path=place, cure="Give a value in this range."
        )
    return float(value)
