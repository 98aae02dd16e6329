"""Exposure in linear light, with white held in both directions.

Darkening follows the DNG SDK's exposure tone (dng_render, dng_function_exposure_tone): proportional up to a quarter,
then a quadratic that ends at white. Brightening is its exact inverse, a shoulder that keeps highlights apart: +e undoes
-e. For e below 0, with s = 2^e: out = s x, and 16/9 (1 - s) (x - 1/4)^2 more above 1/4. Hue kept:
see `core.color.tone_map.tone_map`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..core.color.srgb import linear_to_srgb, srgb_to_linear
from ..core.color.tone_map import tone_map
from ..core.contract.op import Op, Params, Stage
from ..core.contract.slots import Slot

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
        return tone_map(rgb, lambda x: linear_to_srgb(expose(srgb_to_linear(x), p.ev)))


def expose(light: Tensor, ev: Tensor) -> Tensor:
    """Linear light after `ev` stops: monotone in light and in ev; 0 and 1 stay."""
    # One of the two does nothing. At 0 both have the same slope, and `minimum` and `maximum` pass half of it each.
    zero = torch.zeros_like(ev)
    darker = _darker(light, torch.exp2(torch.minimum(ev, zero)))
    return _brighter(darker, torch.exp2(-torch.maximum(ev, zero)))


def _darker(light: Tensor, scale: Tensor) -> Tensor:
    above = (light - _KNEE).clamp(min=0)
    return scale * light + _bend(scale) * above * above


def _brighter(light: Tensor, scale: Tensor) -> Tensor:
    """The inverse of `_darker`, by the quadratic formula in the form that does not cancel when the bend is near 0."""
    above = (light - scale * _KNEE).clamp(min=0)
    root = 2 * above / (scale + torch.sqrt(scale * scale + 4 * _bend(scale) * above))
    return (light - above) / scale + root


def _bend(scale: Tensor) -> Tensor:
    """How strongly the quadratic above the knee bends so that it ends at white."""
    return 16 / 9 * (1 - scale)
