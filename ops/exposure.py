"""Exposure in linear light, with white held in both directions.

Darkening follows the DNG SDK's exposure tone (dng_render, dng_function_exposure_tone): proportional up to a quarter, then a quadratic
that ends at white. Brightening is its exact inverse, a shoulder that keeps highlights apart: +e undoes -e.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..core.color import encode, linear, tone_map
from ..core.op import Op, Params, Stage
from ..core.slots import Slot

_KNEE = 0.25


class Exposure(Op):
    """Scale light by a power of two, as a longer or shorter exposure does, without pushing white out."""

    id = "exposure"
    version = 1
    stage = Stage.EXPOSURE
    pointwise = True
    ev = Slot(
        low=-5.0, high=5.0, unit="EV", group="lighting", doc="Exposure: +1 doubles the light of darks and midtones."
    )

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Expose by p.ev stops."""
        return tone_map(rgb, lambda x: encode(expose(linear(x), p.ev)))


def expose(light: Tensor, ev: Tensor) -> Tensor:
    """Linear light after `ev` stops: monotone in light and in ev; 0 and 1 stay."""
    scale = torch.exp2(-ev.abs())
    bend = 16 / 9 * (1 - scale)
    above = (light - _KNEE).clamp(min=0)
    darker = scale * torch.minimum(light, _at(light, _KNEE)) + scale * above + bend * above * above
    knee = scale * _KNEE
    rest = (light - knee).clamp(min=0)
    # The quadratic formula in the form that does not cancel when bend is near 0.
    root = 2 * rest / (scale + torch.sqrt(scale * scale + 4 * bend * rest))
    brighter = torch.minimum(light, knee.expand_as(light)) / scale + root
    return torch.where(ev < 0, darker, brighter)


def _at(like: Tensor, value: float) -> Tensor:
    return torch.full_like(like, value)
