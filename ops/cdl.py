"""The ASC Color Decision List: slope, offset, power, then saturation about Rec. 709 luma.

Source: ASC CDL 1.2, in the form without clamping (OpenColorIO's CDL_NO_CLAMP): below 0 the power is left out. Values
are the encoded ones. Only within 1e-5 of 0 a straight line stands for the power, whose slope is infinite there.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..core.color.planes import planes_of
from ..core.color.srgb import luminance
from ..core.contract.op import Op, Params, Stage
from ..core.contract.slot_kinds import Bands
from ..core.contract.slots import Slot

_NEAR_ZERO = 1e-5


class Cdl(Op):
    """Grade by slope, offset and power for each channel, and by saturation."""

    id = "cdl"
    version = 1
    stage = Stage.CDL
    pointwise = True
    slope = Bands(3, 1.0, low=0.0, high=4.0, group="global_color", doc="Gain of red, green and blue.")
    offset = Bands(3, low=-1.0, high=1.0, group="global_color", doc="Added to red, green and blue.")
    power = Bands(
        3, 1.0, low=0.1, high=4.0, group="global_color", doc="Exponent of red, green and blue; above 1 darkens."
    )
    saturation = Slot(1.0, low=0.0, high=4.0, group="global_color", doc="Distance from Rec. 709 luma; 0 is monochrome.")

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """out = (rgb * slope + offset) ^ power, then saturation."""
        sloped = rgb * p.slope + p.offset
        floor = torch.full_like(sloped, _NEAR_ZERO)
        power = torch.pow(torch.maximum(sloped, floor), p.power)
        straight = sloped * torch.pow(floor, p.power - 1)
        bent = torch.where(sloped >= _NEAR_ZERO, power, torch.where(sloped > 0, straight, sloped))
        grey = luminance(planes_of(bent))
        return bent + (p.saturation - 1) * (bent - grey)
