"""Contrast about a fixed pivot in encoded values.

Each side of the pivot is Schlick's gain curve, r(t) = t / (t + m (1 - t)) (Schlick 1994, "Fast alternatives to Perlin's
bias and gain functions"): slope m at the pivot on both sides, 1/m at black and white, so that neither end is crushed;
-a undoes +a exactly. Pivot: 0.46, as fitted to Camera Raw's slider.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..core.color.tone_map import tone_map
from ..core.contract.op import Op, Params, Stage
from ..core.contract.slots import Slot

PIVOT = 0.46


class Contrast(Op):
    """Spread or flatten the midtones; black and white stay."""

    id = "contrast"
    version = 1
    stage = Stage.CONTRAST
    pointwise = True
    amount = Slot(low=-1.0, high=1.0, group="lighting", doc="Slope of the midtones: +1 doubles it, -1 halves it.")

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Bend both sides of the pivot."""
        return tone_map(rgb, lambda x: bend(x, torch.exp2(p.amount)))


def bend(x: Tensor, slope: Tensor) -> Tensor:
    """Encoded values with slope `slope` at the pivot; beyond [0, 1] straight lines go on."""
    below = (PIVOT - x).clamp(min=0) / PIVOT
    above = (x - PIVOT).clamp(min=0) / (1 - PIVOT)
    return PIVOT - PIVOT * _away(below, slope) + (1 - PIVOT) * _away(above, slope)


def _away(distance: Tensor, slope: Tensor) -> Tensor:
    """Distance from the pivot, 0..1, after the gain: slope at 0, 1/slope at 1 and beyond."""
    inside = distance.clamp(max=1)
    bent = slope * inside / (1 + (slope - 1) * inside)
    return bent + (distance - inside) / slope
