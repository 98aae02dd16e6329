"""Point curves of Camera Raw (pairs of 0..255) and the 17 knots of `tone_curve`.

Camera Raw joins points by the cubic of continuous curvature with natural ends (DNG SDK, dng_spline_solver); ours is
monotone between its knots. Points that we wrote, one at each knot, come back as they were.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch

from ...core.color.curves import follow
from ...core.contract.slots import FloatArray
from ..tone_curve import KNOTS

FULL: Final = 255
_PLACES: Final = [round(FULL * knot / (KNOTS - 1)) for knot in range(KNOTS)]


def knots_of(points: list[tuple[float, float]]) -> tuple[FloatArray, float]:
    """The knots of a point curve, and how far at most our curve is from the point curve, in steps of 1/255."""
    x, y = (np.array(axis) for axis in zip(*points, strict=True))
    if x.tolist() == _PLACES:
        return y / FULL, 0.0
    grid = np.linspace(0, 1, FULL + 1)
    wanted = _spline(x / FULL, y / FULL, grid)
    knots = _spline(x / FULL, y / FULL, np.linspace(0, 1, KNOTS))
    made = follow(torch.tensor(grid).reshape(1, 1, 1, -1), torch.tensor(knots).unsqueeze(0)).flatten().numpy()
    return knots, float(np.abs(made - wanted).max() * FULL)


def points_of(knots: FloatArray) -> list[tuple[int, int]]:
    """The points of 17 knots; two where they lie on the straight line."""
    points = list(zip(_PLACES, np.rint(np.asarray(knots) * FULL).astype(int).tolist(), strict=True))
    return [points[0], points[-1]] if all(x == y for x, y in points) else points


def _spline(x: FloatArray, y: FloatArray, at: FloatArray) -> FloatArray:
    """The natural cubic through the points, level before the first and after the last, clipped to [0, 1]."""
    h, slope = np.diff(x), np.diff(y) / np.diff(x)
    matrix, right = np.eye(len(x)), np.zeros(len(x))
    for k in range(1, len(x) - 1):
        matrix[k, k - 1 : k + 2] = h[k - 1], 2 * (h[k - 1] + h[k]), h[k]
        right[k] = 6 * (slope[k] - slope[k - 1])
    bend = np.linalg.solve(matrix, right)
    place = np.clip(at, x[0], x[-1])
    i = np.clip(np.searchsorted(x, place, side="right") - 1, 0, len(x) - 2)
    t = place - x[i]
    first = slope[i] - h[i] * (2 * bend[i] + bend[i + 1]) / 6
    found: FloatArray = y[i] + t * (first + t * (bend[i] / 2 + t * (bend[i + 1] - bend[i]) / (6 * h[i])))
    return found.clip(0, 1)
