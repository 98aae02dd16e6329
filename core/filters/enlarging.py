"""Pictures made smaller by averages and larger along straight lines, whole or a part at a time."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def resized(values: Tensor, size: tuple[int, int]) -> Tensor:
    """Pictures (B, C, H, W) of another size (height, width): averages where they shrink, straight lines where they
    grow.
    """
    if size[0] <= values.shape[2] and size[1] <= values.shape[3]:
        return functional.adaptive_avg_pool2d(values, size)
    return functional.interpolate(values, size=size, mode="bilinear", align_corners=False)


def enlarged(values: Tensor, size: tuple[int, ...], *, top: int, left: int, height: int, width: int) -> Tensor:
    """A part of what values (B, C, h, w) give at (height, width), along straight lines, without making the rest.

    Args:
        size: height and width of the part, in pixels.
        top, left: where it lies, in pixels.
        height, width: of the whole, in pixels.
    """
    mixed = _between(values, 2, top, size[0], height)
    if (left, size[1]) == (0, width):
        # Several times as fast as what follows.
        return functional.interpolate(mixed, size=tuple(size), mode="bilinear", align_corners=False)
    return _between(mixed, 3, left, size[1], width)


def _between(values: Tensor, axis: int, start: int, count: int, whole: int) -> Tensor:
    """`count` places from `start` on, of `whole` along an axis."""
    last = values.shape[axis] - 1
    places = torch.arange(start, start + count, dtype=torch.float64, device=values.device)
    places = ((places + 0.5) * ((last + 1) / whole) - 0.5).clamp(0, last)
    before = places.floor().long()
    share = (places - before).to(values.dtype)
    share = share.reshape(1, 1, -1, 1) if axis == 2 else share
    near, far = (values.index_select(axis, index) for index in (before, (before + 1).clamp(max=last)))
    return torch.lerp(near, far, share)
