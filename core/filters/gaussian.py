"""Gaussian blur whose width is a value of each row: on a kernel of fixed size widths have slopes, and halos a bound."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad


def gaussian_blur(values: Tensor, sigma: Tensor, reach: int) -> Tensor:
    """Blur (B, C, H, W) along both axes; of a kernel, what lies within the picture counts.

    Args:
        sigma: (B, 1, 1, 1), in pixels, above 0; nothing of the kernel is lost up to a third of `reach`.
        reach: pixels on either side that the kernel holds, at least 1.
    """
    for axis in (3, 2):
        held = min(reach, values.shape[axis] - 1)
        weights = [torch.exp(-0.5 * (place / sigma).square()).to(values.dtype) for place in range(held + 1)]
        line = torch.ones_like(values[:1, :1].narrow(5 - axis, 0, 1))
        values = _gather(values, weights, axis) / _gather(line, weights, axis)
    return values


def _gather(values: Tensor, weights: list[Tensor], axis: int) -> Tensor:
    """The weighted sum of each value and its neighbours on both sides, zeros beyond the ends."""
    reach, count = len(weights) - 1, values.shape[axis]
    framed = pad(values, (reach, reach) if axis == 3 else (0, 0, reach, reach))
    total = weights[0] * values
    for place in range(1, reach + 1):
        pair = framed.narrow(axis, reach - place, count) + framed.narrow(axis, reach + place, count)
        total = torch.addcmul(total, weights[place], pair)
    return total
