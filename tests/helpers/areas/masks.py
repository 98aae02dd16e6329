"""Masks of areas by slots as numbers, and the pieces that tests look at."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from veraretouch import Area, Frame
from veraretouch.core.contract.area import small_view


def mask_of(area: type[Area], rgb: Tensor, frame: Frame | None = None, **slots: Any) -> Tensor:
    """The mask (B, 1, H, W) of photos (B, 3, H, W), slots that are not given at their beginning."""
    frame = frame or Frame(0, 0, *rgb.shape[2:])
    values = {
        name: torch.as_tensor(slots[name] if name in slots else np.array(slot.identity), dtype=torch.float32)
        for name, slot in area.slots.items()
    }
    rows = {
        name: value if value.ndim > area.slots[name].identity.ndim else value.expand(len(rgb), *value.shape)
        for name, value in values.items()
    }
    small = small_view(rgb) if area.view else rgb[:, :, :0, :0]
    made = area()
    return made.mask(rgb, made.params(rows, frame, small))


def slack_of(area: type[Area], height: int, width: int, **slots: float) -> tuple[float, ...]:
    """How far the bounds of an area without a view lie beyond its mask: above, below, left and right, as shares of a
    photo's sides.
    """
    mask = mask_of(area, grey(height, width), **slots)[0, 0] > 0
    values = {name: torch.tensor([slots.get(name, float(slot.identity))]) for name, slot in area.slots.items()}
    frame = Frame(0, 0, height, width)
    found = area().bounds(area().params(values, frame, grey(0, 0)))
    assert found is not None
    rows, columns = (np.flatnonzero(mask.any(dim=axis).numpy()) for axis in (1, 0))
    top, bottom, left, right = (min(max(end, 0.0), 1.0) for end in found)
    return (
        rows[0] / height - top,
        bottom - (rows[-1] + 1) / height,
        columns[0] / width - left,
        right - (columns[-1] + 1) / width,
    )


def grey(height: int, width: int, value: float = 0.5) -> Tensor:
    """A photo (1, 3, H, W) of one grey."""
    return torch.full((1, 3, height, width), value)


def at(mask: Tensor, x: float, y: float) -> float:
    """The mask at a place that is given by shares of width and height."""
    height, width = mask.shape[2:]
    return float(mask[0, 0, min(int(y * height), height - 1), min(int(x * width), width - 1)])
