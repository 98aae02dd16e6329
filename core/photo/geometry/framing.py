"""The frame of a photo: quarter turns, perspective, angle, crop and flips, as one map of positions.

A photo is first turned by quarters, then put right in perspective, then turned by the angle, then cropped, then
flipped; perspective and angle keep its centre where it is. Perspective is that of a pinhole camera turned about its
centre (Hartley and Zisserman, Multiple View Geometry, 2nd edition, 8.4: H = K R inverse(K)). Names, units and signs are
those of Camera Raw's sliders; Adobe publishes no geometry for them: the constants below are ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidRequest, nearest
from ...strict_json import shorten
from .lens import LensCorrection

Flip = Literal["none", "horizontal", "vertical", "both"]
Crop = tuple[float, float, float, float]

WHOLE: Final[Crop] = (0.0, 0.0, 1.0, 1.0)
# The camera's focal length in diagonals of the photo: a 35 mm lens on 24 x 36 mm.
_FOCAL: Final = 35 / math.hypot(24, 36)
_TILT: Final = math.radians(30)  # of the camera, at 100 of `vertical` or `horizontal`
_ASPECT: Final = 200.0  # of `aspect`, that halve or double height over width
_SLACK: Final = 0.25  # pixels by which a crop may reach beyond the photo, as one that a file has rounded does


@dataclass(frozen=True)
class Perspective:
    """What is corrected as if the camera had been turned; 0, and a scale of 100, change nothing.

    Attributes:
        vertical: -100..100; below 0 the top is widened, as for a building seen from below.
        horizontal: -100..100; below 0 the left side is widened.
        rotate: degrees clockwise, -10..10.
        scale: percent, 50..150.
        aspect: -100..100; below 0 wider, above 0 taller.

    Raises:
        InvalidRequest: a value that is no number within its range.
    """

    vertical: float = 0.0
    horizontal: float = 0.0
    rotate: float = 0.0
    scale: float = 100.0
    aspect: float = 0.0

    def __post_init__(self) -> None:
        for each in fields(self):
            low, high = PERSPECTIVE_RANGES[each.name]
            value = _number(getattr(self, each.name), low, high, f"frame.perspective.{each.name}")
            object.__setattr__(self, each.name, value)

    def document(self) -> dict[str, float]:
        """The values that change something, as JSON."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name)) != each.default}


PERSPECTIVE_RANGES: Final = {
    "vertical": (-100.0, 100.0),
    "horizontal": (-100.0, 100.0),
    "rotate": (-10.0, 10.0),
    "scale": (50.0, 150.0),
    "aspect": (-100.0, 100.0),
}
LARGEST_ANGLE: Final = 45.0


@dataclass(frozen=True)
class Framing:
    """Which part of a photo is seen: the `frame` of a plan.

    Attributes:
        crop: left, top, right and bottom edge, in fractions of the photo's width and height, as it stands after
            `quarter_turns`, `perspective` and `angle`, before it is flipped: 0..1, or -1..2 where an angle or
            perspective lets its corners reach beyond. Where a crop would reach beyond the photo, it is made smaller
            about its own centre, its proportions kept: no border is ever seen.
        angle: degrees by which the photo is turned clockwise about its centre, -45..45.
        flip: `horizontal` exchanges left and right, `vertical` top and bottom; `both`, or `none`.
        perspective: see `Perspective`.
        lens: what the lens did is undone before anything else, in the same resampling; None leaves it alone.
        quarter_turns: how often the photo is turned clockwise by 90 degrees, 0..3, before anything but the lens; all
            else is said of the photo as it then stands.

    Raises:
        InvalidRequest: a value of the wrong type or out of range.

    >>> Framing(crop=(0.1, 0, 0.9, 1)).placed(1000, 600).size
    (800, 600)
    """

    crop: Crop = WHOLE
    angle: float = 0.0
    flip: Flip = "none"
    perspective: Perspective = field(default_factory=Perspective)
    lens: LensCorrection | None = None
    quarter_turns: int = 0

    def __post_init__(self) -> None:
        if type(self.quarter_turns) is not int or not 0 <= self.quarter_turns <= 3:
            raise InvalidRequest(f"frame.quarter_turns is {shorten(self.quarter_turns)}", cure="Give 0, 1, 2 or 3.")
        object.__setattr__(self, "angle", _number(self.angle, -LARGEST_ANGLE, LARGEST_ANGLE, "frame.angle"))
        if self.flip not in get_args(Flip):
            hint = nearest(str(self.flip), get_args(Flip))
            raise InvalidRequest(
                f"frame.flip is {shorten(self.flip)}", cure=f"Choose {', '.join(get_args(Flip))}.{hint}"
            )
        if not isinstance(self.perspective, Perspective):
            raise InvalidRequest(
                f"frame.perspective is {shorten(self.perspective)}", cure="Give a Perspective, or its values by name."
            )
        if self.lens is not None and not isinstance(self.lens, LensCorrection):
            raise InvalidRequest(f"frame.lens is {shorten(self.lens)}", cure="Give a LensCorrection, or auto.")
        object.__setattr__(self, "crop", _crop(self.crop, *((-1, 2) if self.turns else (0, 1))))

    @property
    def turns(self) -> bool:
        """Whether pixels are made anew; a crop, flips and quarter turns alone take them as they are."""
        return self.angle != 0 or self.perspective != Perspective()

    @property
    def loses(self) -> bool:
        """Whether something of the photo is lost: flips and quarter turns alone lose nothing."""
        return self.turns or self.crop != WHOLE or self.lens is not None

    def fitted(self, width: int, height: int) -> Framing:
        """The frame with its crop made smaller where it would reach beyond a photo of so many pixels.

        Raises:
            InvalidRequest: the crop's centre lies beyond the photo.
        """
        if self.quarter_turns % 2:
            width, height = height, width
        left, top, right, bottom = self.crop
        box = (left * width, top * height, right * width, bottom * height)
        share = _share_within(self._back(width, height), box, width, height)
        if share <= 0:
            raise InvalidRequest(
                f"the centre of the crop {' '.join(f'{edge:g}' for edge in self.crop)} lies beyond the photo",
                cure="Crop more to the middle, or turn it less.",
            )
        if share == 1:
            return self
        x, y = (left + right) / 2, (top + bottom) / 2
        half_x, half_y = share * (right - left) / 2, share * (bottom - top) / 2
        return replace(self, crop=(x - half_x, y - half_y, x + half_x, y + half_y))

    def placed(self, width: int, height: int) -> PlacedFrame:
        """The frame on a photo of so many pixels; raises as `fitted`."""
        if self.quarter_turns:
            sides = (height, width) if self.quarter_turns % 2 else (width, height)
            seen = replace(self, quarter_turns=0).placed(*sides)
            return PlacedFrame(seen.size, _quarters_back(self.quarter_turns, width, height) @ seen.matrix, exact=False)
        fitted = self.fitted(width, height)
        left, top, right, bottom = (edge * side for edge, side in zip(fitted.crop, (width, height) * 2, strict=True))
        if fitted is self:
            edges = [round(left), round(top), round(right), round(bottom)]
        else:  # no row or column that lies half beyond the photo
            edges = [math.ceil(left), math.ceil(top), math.floor(right), math.floor(bottom)]
        for low, high, side in ((0, 2, width), (1, 3, height)):
            edges[low] = edges[low] if self.turns else min(edges[low], side - 1)
            edges[high] = max(edges[high], edges[low] + 1)  # of a crop of less than a pixel, one is left
        size = (edges[2] - edges[0], edges[3] - edges[1])
        across, down = self.flip in ("horizontal", "both"), self.flip in ("vertical", "both")
        unflip = np.array([[-1 if across else 1, 0, size[0] * across], [0, -1 if down else 1, size[1] * down]])
        matrix = self._back(width, height) @ _moved(edges[0], edges[1]) @ np.vstack((unflip, (0, 0, 1)))
        return PlacedFrame(size, matrix / matrix[2, 2], exact=not self.turns)

    def _back(self, width: int, height: int) -> NDArray[np.float64]:
        """From pixels of the turned photo to those of the photo, both counted from their top left corners."""
        seen = self.perspective
        forth = (
            _turned(self.angle)
            @ np.diag([2 ** (-seen.aspect / _ASPECT), 2 ** (seen.aspect / _ASPECT), 100 / seen.scale])
            @ _turned(seen.rotate)
            @ _tilted(seen.vertical, seen.horizontal, _FOCAL * math.hypot(width, height))
        )
        back: NDArray[np.float64] = _moved(width / 2, height / 2) @ np.linalg.inv(forth)
        return back @ _moved(-width / 2, -height / 2)


class PlacedFrame(NamedTuple):
    """A frame on a photo of one size.

    Attributes:
        size: width and height of what is seen, in pixels.
        matrix: 3 x 3, from positions in what is seen to positions in the photo, in pixels from the top left corner of
            each, homogeneous: the middle of the first pixel is (0.5, 0.5, 1).
        exact: whether it takes whole pixels as they are, row by row.
    """

    size: tuple[int, int]
    matrix: NDArray[np.float64]
    exact: bool

    @property
    def window(self) -> tuple[slice, slice]:
        """The rows and columns that an exact frame takes."""
        columns, rows = (
            _taken(round(float(self.matrix[i, 2])), side, backwards=self.matrix[i, i] < 0)
            for i, side in enumerate(self.size)
        )
        return rows, columns


def _taken(start: int, count: int, *, backwards: bool) -> slice:
    """So many pixels from an edge on."""
    if not backwards:
        return slice(start, start + count, 1)
    return slice(start - 1, start - count - 1 if start > count else None, -1)


def _moved(x: float, y: float) -> NDArray[np.float64]:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], dtype=np.float64)


def _quarters_back(count: int, width: int, height: int) -> NDArray[np.float64]:
    """From pixels of a photo that is turned clockwise by quarters to those of the photo, of so many pixels."""
    across, down = {
        1: ((0, 1, 0), (-1, 0, height)),
        2: ((-1, 0, width), (0, -1, height)),
        3: ((0, -1, width), (1, 0, 0)),
    }[count]
    return np.array([across, down, (0, 0, 1)], dtype=np.float64)


def _turned(degrees: float) -> NDArray[np.float64]:
    """Clockwise, as y points down."""
    turn = math.radians(degrees)
    cos, sin = math.cos(turn), math.sin(turn)
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])


def _tilted(vertical: float, horizontal: float, focal: float) -> NDArray[np.float64]:
    """The photo as by a camera turned about its centre, which stays where it is and keeps its area."""
    if vertical == 0 == horizontal:
        return np.eye(3)
    up, aside = -vertical / 100 * _TILT, -horizontal / 100 * _TILT
    about_x = np.array([[1, 0, 0], [0, math.cos(up), -math.sin(up)], [0, math.sin(up), math.cos(up)]])
    about_y = np.array([[math.cos(aside), 0, -math.sin(aside)], [0, 1, 0], [math.sin(aside), 0, math.cos(aside)]])
    lens = np.diag([focal, focal, 1])
    seen = lens @ about_y @ about_x @ np.linalg.inv(lens)
    seen = seen / seen[2, 2]
    slopes = seen[:2, :2] - np.outer(seen[:2, 2], seen[2, :2])
    area = 1 / math.sqrt(np.linalg.det(slopes))
    centred: NDArray[np.float64] = np.diag([area, area, 1]) @ _moved(-seen[0, 2], -seen[1, 2]) @ seen
    return centred


def _share_within(back: NDArray[np.float64], box: Crop, width: int, height: int) -> float:
    """How large, 0..1, a box about its own centre may be to lie within the photo; below 0 where its centre does not.

    Along the way from the centre to a corner each edge of the photo is crossed where something linear is 0.
    """
    left, top, right, bottom = box
    centre = back @ ((left + right) / 2, (top + bottom) / 2, 1)
    share = 1.0
    for across, down in ((-1, -1), (1, -1), (-1, 1), (1, 1)):
        way = back @ (across * (right - left) / 2, down * (bottom - top) / 2, 0)
        for edge in ((1, 0, 0), (0, 1, 0), (-1, 0, width), (0, -1, height), (0, 0, 1)):
            start, change = float(np.dot(edge, centre)), float(np.dot(edge, way))
            if start <= 0:
                return -1.0
            if start + change < -_SLACK:
                share = min(share, -start / change)
    return share


def _crop(given: Any, low: int, high: int) -> Crop:
    try:
        left, top, right, bottom = (float(edge) + 0.0 for edge in given)
        within = low <= left < right <= high and low <= top < bottom <= high
    except (TypeError, ValueError):
        within = False
    if not within:
        raise InvalidRequest(
            f"frame.crop is {shorten(given)}",
            cure=f"Give left, top, right and bottom as fractions from {low} to {high}, such as 0.1 0 0.9 1.",
        )
    return (left, top, right, bottom)


def _number(value: Any, low: float, high: float, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InvalidRequest(f"{path} is {shorten(value)}", cure=f"Give a number from {low:g} to {high:g}.")
    return float(value) + 0.0
