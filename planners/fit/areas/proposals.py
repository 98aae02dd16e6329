"""Areas that may explain what is left: many rough ones, judged at once by what a linear step over their place gains.

For each mask a ridge regression over the slopes of the local sliders and of those for the whole photo says how far the
squared error would fall; nothing counts that the latter could do alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from ....core.color.oklab import oklab
from ....core.contract.area import Area, sides
from ....core.contract.op import Frame
from ....core.plugins.registry import registry
from ..pairs import Array
from .layered import AreaNumbers
from .places import Places

BUILT_IN: Final = ("linear", "ellipse", "luminance", "color")
# What moving a slider by its whole reach costs, in CIEDE2000 squared, in the linear step.
RIDGE: Final = 0.5
# Two proposals of one kind are another one where their masks correlate by less.
ALIKE: Final = 0.85

Values = dict[str, float]


@dataclass(frozen=True)
class Candidate:
    """An area at rough values, and by how much a linear step lowers the mean squared error (CIEDE2000)."""

    area: AreaNumbers
    values: Values
    gain: float


def proposals(
    ids: Sequence[str], places: Places, left: Array, whole: Array, own: Array, weight: Array, *, each: int
) -> list[Candidate]:
    """The best areas of each kind, the best first.

    Args:
        left: (3, N), what is left at each place, row by row.
        whole, own: (sliders, 3, N), its slopes by the sliders for the whole photo, and by local ones where a mask is 1.
        weight: (N,), how much each place counts.
        each: how many of a kind.
    """
    root = np.sqrt(np.tile(weight, 3)).astype(np.float32)
    ground = _Ground.of(whole.reshape(len(whole), -1) * root, left.reshape(-1) * root)
    slopes = (own.reshape(len(own), -1) * root).astype(np.float32)
    found: list[Candidate] = []
    for id in ids:
        area = AreaNumbers(registry.areas.load(id)())
        values = list(_candidates(area.area, places, np.square(left).sum(axis=0) * weight))
        masks = area.masks([area.free(value) for value in values], places.photo).numpy()
        gains = [ground.gain(slopes * np.tile(mask, 3)) for mask in masks]
        taken: list[int] = []
        for place in np.argsort(gains)[::-1]:
            if all(_correlation(masks[place], masks[other]) < ALIKE for other in taken):
                taken.append(int(place))
            if len(taken) == each:
                break
        found += [Candidate(area, values[place], gains[place]) for place in taken]
    return sorted(found, key=lambda proposal: -proposal.gain)


@dataclass(frozen=True)
class _Ground:
    """What sliders for the whole photo can do about what is left: slopes, target, the inverse of their curvature."""

    slopes: Array
    target: Array
    inverse: Array
    step: Array

    @classmethod
    def of(cls, slopes: Array, target: Array) -> _Ground:
        slopes, target = slopes.astype(np.float32), target.astype(np.float32)
        inverse = np.linalg.inv(slopes @ slopes.T + RIDGE * np.eye(len(slopes), dtype=np.float32))
        return cls(slopes, target, inverse, inverse @ (slopes @ target))

    def gain(self, own: Array) -> float:
        """How far a linear step of local sliders lowers the squared error beyond what the others can do."""
        crossed = self.slopes @ own.T
        normal = own @ own.T - crossed.T @ self.inverse @ crossed
        gradient = own @ self.target - crossed.T @ self.step
        return float(gradient @ np.linalg.solve(normal + RIDGE * np.eye(len(own), dtype=own.dtype), gradient))


def _correlation(one: Array, two: Array) -> float:
    one, two = one - one.mean(), two - two.mean()
    return float(one @ two / (np.sqrt((one @ one) * (two @ two)) + 1e-9))


def _candidates(area: Area, places: Places, odd: Array) -> Iterator[Values]:
    """Rough values of an area; of one that is not built in, those it begins with."""
    known: dict[str, Callable[[Places, Array], Iterator[Values]]] = {
        "linear": _linear,
        "ellipse": _ellipse,
        "luminance": _luminance,
        "color": _color,
    }
    yield from known[area.id](places, odd) if area.id in known else iter([{}])


def _linear(places: Places, _: Array) -> Iterator[Values]:
    """Ramps in twelve directions, at five places, of three widths."""
    width, height = sides(Frame(0, 0, *places.before.shape[:2]))
    for turn in range(0, 360, 30):
        right, down = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        extent = abs(right) * width + abs(down) * height
        for middle in (-0.3, -0.15, 0.0, 0.15, 0.3):
            for half in (0.08, 0.2, 0.4):
                full, zero = ((middle + sign * half) * extent for sign in (1, -1))
                yield {
                    "full_x": 0.5 + full * right / width,
                    "full_y": 0.5 + full * down / height,
                    "zero_x": 0.5 + zero * right / width,
                    "zero_y": 0.5 + zero * down / height,
                }


def _ellipse(places: Places, _: Array) -> Iterator[Values]:
    """Spots at a grid of centres, of four sizes and three shapes."""
    width, height = sides(Frame(0, 0, *places.before.shape[:2]))
    for x in np.linspace(0.1, 0.9, 6):
        for y in np.linspace(0.1, 0.9, 5):
            for radius in (0.12, 0.2, 0.33, 0.5):
                for shape in (0.65, 1.0, 1.55):
                    across, down = radius * shape**0.5 / width, radius / shape**0.5 / height
                    yield {"x": float(x), "y": float(y), "radius_x": across, "radius_y": down, "feather": 0.7}


@cache
def _bands() -> list[tuple[float, float]]:
    dark = [(0.0, high) for high in (0.1, 0.2, 0.3, 0.4, 0.5)]
    light = [(low, 1.0) for low in (0.5, 0.6, 0.7, 0.8, 0.9)]
    middle = [(low, low + wide) for low in (0.2, 0.3, 0.4, 0.5, 0.6) for wide in (0.1, 0.25)]
    return dark + light + middle


def _luminance(_: Places, __: Array) -> Iterator[Values]:
    """Shadows, highlights and what lies between."""
    for low, high in _bands():
        for feather in (0.08, 0.2):
            yield {"low": low, "high": high, "feather": feather}


def _color(places: Places, odd: Array) -> Iterator[Values]:
    """The colours of which most is left, and ranges of three sizes about each."""
    lab = oklab(places.photo)
    light, a, b = (plane.reshape(-1).double().numpy() for plane in (lab.L, lab.a, lab.b))
    points = np.stack([0.3 * light, a, b], axis=1)
    for _ in range(8):
        some = points[:: max(1, len(points) // 400)]
        near = np.exp(-np.square((points[:, None] - some[None]) / 0.04).sum(axis=2))
        centre = some[int((odd @ near).argmax())]
        chroma, hue = math.hypot(centre[1], centre[2]), math.degrees(math.atan2(centre[2], centre[1])) % 360
        for radius in (0.06, 0.12, 0.2):
            yield {
                "lightness": float(np.clip(centre[0] / 0.3, 0, 1)),
                "chroma": min(chroma, 0.4),
                "hue": hue,
                "radius": radius,
                "feather": 0.7,
                "lightness_weight": 0.3,
            }
        odd = odd * (1 - np.exp(-np.square((points - centre) / 0.06).sum(axis=1)))
