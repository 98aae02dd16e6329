"""Local adjustments moved from the whole photo, where XMP places them, into what a frame shows, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from ....core.contract.slots import FloatArray
from ....core.photo.geometry.framing import Framing, Perspective
from ....core.plan.local import AreaPart, LocalAdjustment
from ..mask_frame import SensorFrame
from ..mask_shapes import Unrenderable, checked, slots_of
from .settings import upright_size


def all_into_frame(
    entries: Sequence[LocalAdjustment], frame: Framing, sensor: SensorFrame
) -> tuple[LocalAdjustment, ...]:
    """Local adjustments of the whole upright photo, as they lie in what a frame shows; less those whose areas have no
    equivalent there.
    """
    whole = upright_size(sensor)
    placed = frame.placed(*whole)
    way = _Way(np.asarray(np.linalg.inv(placed.matrix), np.float64), whole, placed.size, frame, into=True)
    found = []
    for entry in entries:
        with suppress(Unrenderable):
            found.append(_moved(entry, way))
    return tuple(found)


def out_of_frame(entry: LocalAdjustment, frame: Framing, sensor: SensorFrame) -> LocalAdjustment:
    """A local adjustment within what a frame shows, as it lies in the whole upright photo.

    Raises:
        Unrenderable: an area that has no equivalent there.
    """
    whole = upright_size(sensor)
    placed = frame.placed(*whole)
    return _moved(entry, _Way(placed.matrix, placed.size, whole, frame, into=False))


@dataclass(frozen=True)
class _Way:
    """From positions in one picture to those in another, both in pixels of the same size."""

    matrix: FloatArray
    given: tuple[int, int]
    wanted: tuple[int, int]
    frame: Framing
    into: bool

    def point(self, x: float, y: float) -> tuple[float, float]:
        across, down, depth = self.matrix @ (x * self.given[0], y * self.given[1], 1)
        return across / depth / self.wanted[0], down / depth / self.wanted[1]

    def angle(self, clockwise: float) -> float:
        mirror = -1 if self.frame.flip in ("horizontal", "vertical") else 1
        own = self.frame.angle + 90 * self.frame.quarter_turns
        turned = mirror * (clockwise + own) if self.into else mirror * clockwise - own
        return (turned + 180) % 360 - 180


def _moved(entry: LocalAdjustment, way: _Way) -> LocalAdjustment:
    parts: list[AreaPart] = []
    for part in entry.area:
        if part.id == "bitmap" or (part.id in _SHAPES and way.frame.perspective != Perspective()):
            raise Unrenderable("it lies elsewhere in the frame, which its area cannot say")
        if part.id in _SHAPES:
            part = replace(part, params=checked(part.id, _SHAPES[part.id](slots_of(part), way)))
        parts.append(part)
    return replace(entry, area=tuple(parts))


def _linear(slots: Mapping[str, Any], way: _Way) -> dict[str, Any]:
    full, zero = way.point(slots["full_x"], slots["full_y"]), way.point(slots["zero_x"], slots["zero_y"])
    return {"full_x": full[0], "full_y": full[1], "zero_x": zero[0], "zero_y": zero[1]}


def _ellipse(slots: Mapping[str, Any], way: _Way) -> dict[str, Any]:
    x, y = way.point(slots["x"], slots["y"])
    return {
        "x": x,
        "y": y,
        "radius_x": slots["radius_x"] * way.given[0] / way.wanted[0],
        "radius_y": slots["radius_y"] * way.given[1] / way.wanted[1],
        "angle": way.angle(slots["angle"]),
        "feather": slots["feather"],
    }


def _brush(slots: Mapping[str, Any], way: _Way) -> dict[str, Any]:
    rows = np.array(slots["strokes"], dtype=np.float64)
    rows[:, :2] = [way.point(x, y) for x, y in rows[:, :2]]
    rows[:, 2] *= max(way.given) / max(way.wanted)
    return {"strokes": rows, "refine": slots["refine"]}


_SHAPES: Final[Mapping[str, Callable[[Mapping[str, Any], _Way], dict[str, Any]]]] = {
    "linear": _linear,
    "ellipse": _ellipse,
    "brush": _brush,
}
