"""How far a photo hangs, by its horizon: the straight line from side to side that has sky above it and none below.

Lines are found by sums of brightness steps along lines of every small slope (the Radon transform of the gradient), each
step limited, so that a long faint line counts for more than a short strong one. What is sky, the scene network says.
Thresholds were chosen on photos of 89 sources and judged on others; see the guide to framing for the figures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...core.contract.planner import Thought, Tilt
from ...core.photo import Photo
from .network import CLASSES
from .scene import Scene

Numbers = NDArray[np.float64]

_SIDE: Final = 384  # pixels
_FURTHEST: Final = 8.0  # degrees
_STEP: Final = 0.2
_FINE: Final = 0.05
_COVERED: Final = 0.9  # of the width that a line has to run through
_MOST: Final = 12  # lines that are looked at
_APART: Final = 0.04  # of the height between lines
_AROUND: Final = 0.03  # of the height, where a sharper step than the line's own would show that it is not straight
_NEAR: Final = (0.02, 0.1)  # of the height, above and below a line: where sky is looked for

_STRAIGHT: Final = 0.55  # the mean limited step along a horizon
_EXACT: Final = 0.82
_SKY_ABOVE: Final = 0.6
_SKY_BELOW: Final = 0.25
_RIVAL: Final = 0.85  # of a line's worth: another so good, elsewhere and at another slope, leaves it open which it is
_SAME: Final = 0.7  # degrees
_PLACE: Final = 0.06  # of the height
LEAST: Final = 0.3  # degrees that are worth a turn


@dataclass(frozen=True)
class HorizonLine:
    """A line that may be the horizon.

    Attributes:
        degrees: how far it falls to the right: clockwise from level.
        height: where it crosses the middle, as a share of the height from the top.
        straight: 0..1, how much of its length is one sharp step of the same sign.
        exact: 0..1, along how much of its length the sharpest step nearby lies on it.
        above, below: the shares of sky beside it.
    """

    degrees: float
    height: float
    straight: float
    exact: float
    above: float
    below: float

    @property
    def worth(self) -> float:
        """0..1: a straight line with sky on one side only."""
        return self.straight * max(0.0, self.above - self.below)


def tilt_of(photo: Photo, scene: Scene) -> Tilt:
    """How far a photo hangs; 0 where no horizon is seen, or it is not clear which line it is."""
    line = horizon(lines_in(photo, scene))
    if line is None:
        return Tilt(0.0, Thought(problem="No clear horizon was seen.", plan="Leave the photo as it stands."))
    if abs(line.degrees) < LEAST:
        return Tilt(0.0, Thought(problem="The horizon is level.", plan="Leave the photo as it stands."))
    way = "right" if line.degrees > 0 else "left"
    problem = f"The horizon falls to the {way} by {abs(line.degrees):.1f} degrees."
    return Tilt(line.degrees, Thought(problem=problem, plan="Turn the photo level and crop what then lies beyond it."))


def horizon(lines: list[HorizonLine]) -> HorizonLine | None:
    """The line that is the horizon for sure; None where there is none."""
    sharp = [line for line in lines if line.straight >= _STRAIGHT and line.exact >= _EXACT]
    fit = [line for line in sharp if line.above >= _SKY_ABOVE and line.below <= _SKY_BELOW]
    if not fit:
        return None
    best = max(fit, key=lambda line: line.worth)
    if abs(best.degrees) > _FURTHEST - 2 * _STEP:
        return None  # the best slope may lie beyond those that were tried
    rivals = (
        line for line in sharp if abs(line.degrees - best.degrees) > _SAME and abs(line.height - best.height) > _PLACE
    )
    return None if any(line.worth >= _RIVAL * best.worth for line in rivals) else best


def lines_in(photo: Photo, scene: Scene) -> list[HorizonLine]:
    """The straightest lines of a photo that run from side to side and are nearly level."""
    step = _limited_steps(photo.resized(_SIDE).working().clip(0, 1) @ np.array([0.299, 0.587, 0.114]))
    sky = scene.shares[CLASSES.index("sky")].double().numpy()
    slopes = np.arange(-_FURTHEST, _FURTHEST + _STEP / 2, _STEP)
    found = np.abs(_sums(step, slopes))
    lines: list[HorizonLine] = []
    for _ in range(_MOST):
        slope, row = np.unravel_index(int(found.argmax()), found.shape)
        if found[slope, row] == 0:
            break
        near = max(2, round(_APART * len(step)))
        rows = slice(max(0, int(row) - near), int(row) + near + 1)
        lines.append(_refined(step, float(slopes[slope]), rows, sky))
        found[:, rows] = 0
    return lines


def _refined(step: Numbers, degrees: float, rows: slice, sky: Numbers) -> HorizonLine:
    """The best line about a slope and among these rows of the middle, found in smaller steps."""
    slopes = np.arange(degrees - _STEP, degrees + _STEP + _FINE / 2, _FINE)
    sums = np.abs(_sums(step, slopes))[:, rows]
    slope, row = np.unravel_index(int(sums.argmax()), sums.shape)
    straight, row = float(sums[slope, row]), rows.start + int(row)
    height = (row + 0.5) / len(step)
    fall = math.tan(math.radians(float(slopes[slope]))) * step.shape[1] / len(step)
    above, below = (_beside(sky, height, fall, side) for side in (-1, 1))
    exact = _exact(step, float(slopes[slope]), row)
    return HorizonLine(float(slopes[slope]), height, straight, exact, above, below)


def _limited_steps(grey: Numbers) -> Numbers:
    """The change of brightness down each column, smoothed, between -1 and 1: half of that at twice the mean change."""
    smooth = _smoothed(_smoothed(grey, 0), 1)
    step = np.gradient(smooth, axis=0)
    limited: Numbers = step / (np.abs(step) + 2 * np.abs(step).mean() + 1e-4)
    return limited


def _smoothed(values: Numbers, axis: int) -> Numbers:
    """A Gaussian blur along one axis, so wide that no slope of a line has an advantage on the grid of pixels."""
    reach = np.arange(-4, 5)
    kernel = np.exp(-(reach**2) / (2 * 1.3**2))
    width = [(0, 0), (0, 0)]
    width[axis] = (4, 4)
    padded = np.pad(values, width, mode="edge")
    count = values.shape[axis]
    parts = [share * np.take(padded, range(i, i + count), axis) for i, share in enumerate(kernel / kernel.sum())]
    total: Numbers = np.sum(parts, axis=0)
    return total


def _sums(step: Numbers, slopes: Numbers) -> Numbers:
    """The mean of `step` (H, W) along the line of each slope in degrees through each row of the middle: (slopes, H); 0
    for lines that leave the photo early.
    """
    height, width = step.shape
    across = np.arange(width) - (width - 1) / 2
    rows, columns = np.arange(height)[:, None], np.arange(width)[None]
    found = np.zeros((len(slopes), height))
    for i, slope in enumerate(slopes):
        fall = across * math.tan(math.radians(float(slope)))
        whole = np.floor(fall).astype(int)
        place = rows + whole
        inside = (place >= 0) & (place < height - 1)
        place = place.clip(0, height - 2)
        share = fall - whole
        values = (step[place, columns] * (1 - share) + step[place + 1, columns] * share) * inside
        count = inside.sum(axis=1)
        found[i] = np.where(count >= _COVERED * width, values.sum(axis=1) / np.maximum(count, 1), 0)
    return found


def _exact(step: Numbers, degrees: float, row: int) -> float:
    """Along how much of a line the sharpest step of its sign, within a band around it, lies on it to a pixel."""
    height, width = step.shape
    reach = max(3, round(_AROUND * height))
    line = row + (np.arange(width) - (width - 1) / 2) * math.tan(math.radians(degrees))
    place = np.rint(line).astype(int) + np.arange(-reach, reach + 1)[:, None]
    band = np.where((place >= 0) & (place < height), step[place.clip(0, height - 1), np.arange(width)], 0)
    band = band * np.sign(band[reach].sum())
    return float((np.abs(band.argmax(axis=0) - reach) <= 1).mean())


def _beside(sky: Numbers, height: float, fall: float, side: int) -> float:
    """The mean share of sky in a band along a line, above (-1) or below (1) it."""
    tall, wide = sky.shape
    line = (height + fall * (np.arange(wide) / wide - 0.5)) * tall
    rows = np.arange(tall)[:, None] + 0.5
    apart = side * (rows - line) / tall
    band = (apart >= _NEAR[0]) & (apart <= _NEAR[1])
    return float(sky[band].mean()) if band.any() else 0.0
