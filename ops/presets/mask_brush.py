"""Strokes of Camera Raw's brush, as the area `brush` has them.

A stroke is a `Mask/Paint`: a radius, a flow, a hardness (`CenterWeight`) and dabs, `d x y`, among which `r`, `f` and
`h` set radius, flow and hardness of those that follow, and `M x y` begins elsewhere. Public programs found this, that
radii are shares of the long side, and dabs 0.3 radii apart, in Lightroom's files; Adobe publishes none of it. Assumed:
dabs that overlap are one stroke, whose flow does not add up within it; a value below 1 paints that much less.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, Final

import numpy as np

from ...core.contract.slots import FloatArray
from ...core.errors import InvalidDocument
from .mask_frame import SensorFrame
from .mask_shapes import MaskShape, Reading, Unrenderable, number, numbers, text_of, truth
from .preset import Settings

MOST_DABS: Final = 20_000  # points of a brush, by its slot
_STEP: Final = 0.3  # radii between dabs, as Lightroom sets them
_JOINED: Final = 0.6  # radii between dabs that are of one stroke
_SETS: Final = {"r": 0, "h": 1, "f": 2}  # columns behind x and y


def read_paint(mask: Settings, place: str, reading: Reading) -> MaskShape:
    """A stroke.

    Raises:
        InvalidDocument: a dab that is none. Unrenderable: more dabs than a brush has points.
    """
    dabs = mask.get("Dabs")
    if not isinstance(dabs, list) or not dabs:
        raise Unrenderable("its strokes are not in the file")
    if len(dabs) > MOST_DABS:
        raise Unrenderable(f"it has more than {MOST_DABS:,} dabs")
    value = number(mask, "MaskValue", place, 1.0) or 1.0
    now = [number(mask, "Radius", place), number(mask, "CenterWeight", place, 0.0), number(mask, "Flow", place, 1.0)]
    rows: list[list[float]] = []
    last: tuple[float, float, float] | None = None
    for dab in dabs:
        words = str(dab).split(maxsplit=1)
        if words and words[0] in _SETS:
            (now[_SETS[words[0]]],) = numbers(words[-1], f"{place}: Dabs", 1, 1)
        elif words and words[0] in ("d", "M"):
            x, y = numbers(words[-1], f"{place}: Dabs", 2, 2)
            joined = words[0] == "d" and last is not None and _gap(last, x, y, reading.frame) <= max(last[2], now[0])
            rows.append([*reading.frame.upright(x, y), now[0], now[1], now[2] * value, float(joined)])
            last = (x, y, now[0])
        else:
            raise InvalidDocument(f"{str(dab)[:40]!r} is no dab", path=f"{place}: Dabs", cure='One is "d 0.5 0.5".')
    if not rows:
        raise Unrenderable("its strokes have no dab")
    return MaskShape((("brush", {"strokes": np.array(rows)}, truth(mask, "MaskInverted", place)),))


def _gap(last: tuple[float, float, float], x: float, y: float, frame: SensorFrame) -> float:
    """The distance between dabs, in radii at which they are joined."""
    across, down = sides(frame)
    return math.hypot((x - last[0]) * across, (y - last[1]) * down) / _JOINED


def sides(frame: SensorFrame) -> tuple[float, float]:
    """Width and height of the sensor as shares of its long side."""
    return min(1.0, frame.aspect), min(1.0, 1 / frame.aspect)


def write_brush(slots: Any, frame: SensorFrame, inverted: bool) -> Settings:
    """Strokes as one mask of several, with as many dabs as Lightroom would set.

    Raises:
        Unrenderable: a slot that XMP cannot say, too many dabs.
    """
    if slots["refine"]:
        raise Unrenderable("XMP cannot say how its brush is refined")
    rows = np.array(slots["strokes"], dtype=np.float64)
    rows[:, 0], rows[:, 1] = np.array([frame.stored(x, y) for x, y in rows[:, :2]]).T
    starts = [0, *(np.flatnonzero(rows[1:, 5] < 0.5) + 1).tolist(), len(rows)]
    strokes = [_filled(rows[a:b, :5], frame) for a, b in pairwise(starts)]
    if sum(map(len, strokes)) > MOST_DABS:
        raise Unrenderable(f"its strokes would need more than {MOST_DABS:,} dabs")
    masks = [_paint(stroke, f"{index + 1}") for index, stroke in enumerate(strokes)]
    return {"What": "Mask/Aggregate", "MaskInverted": str(inverted).lower(), "Masks": masks}


def _filled(points: FloatArray, frame: SensorFrame) -> FloatArray:
    """A stroke's points with others between those that lie too far apart for dabs to overlap."""
    across, down = sides(frame)
    rows = [points[:1]]
    for before, after in pairwise(points):
        gap = math.hypot((after[0] - before[0]) * across, (after[1] - before[1]) * down)
        widest = max(before[2], after[2])
        pieces = 1
        if gap > _JOINED * widest > 0:
            pieces = math.ceil(min(gap / (_STEP * max(min(before[2], after[2]), widest / 10)), MOST_DABS + 1.0))
        rows.append(before + (after - before) * np.linspace(0, 1, pieces + 1)[1:, None])
    return np.concatenate(rows)


def _paint(points: FloatArray, name: str) -> Settings:
    _, _, radius, hardness, flow = points[0]
    paint: Settings = {"What": "Mask/Paint", "MaskActive": "true", "MaskName": name, "MaskBlendMode": "0"}
    paint |= {"MaskInverted": "false", "MaskValue": "1", "Radius": text_of(radius), "Flow": text_of(flow)}
    dabs: list[str] = []
    now = {"r": radius, "h": hardness, "f": flow}
    for x, y, *then in points:
        for letter, column in _SETS.items():
            if then[column] != now[letter]:
                now[letter] = then[column]
                dabs.append(f"{letter} {text_of(now[letter])}")
        dabs.append(f"d {text_of(x)} {text_of(y)}")
    return paint | {"CenterWeight": text_of(hardness), "Dabs": dabs}
