"""A range of luma: the weighted sum of ITU-R BT.709 over sRGB-encoded values, as photographers see brightness."""

from __future__ import annotations

from typing import Final

from torch import Tensor

from ...core.color.elementwise import at_least_single, smoothstep
from ...core.color.planes import planes_of
from ...core.color.srgb import luminance
from ...core.contract.area import GROUP, Area
from ...core.contract.op import Params
from ...core.contract.slots import Slot

HARDEST: Final = 0.01
"""The width of the hardest edge in luma: two and a half steps of 8 bits."""


class Luminance(Area):
    """Cover the tones of a range of brightness."""

    id = "luminance"
    version = 1
    placed = False
    low = Slot(0.6, low=0.0, high=1.0, group=GROUP, doc="The darkest luma that is covered fully.")
    high = Slot(1.0, low=0.0, high=1.0, group=GROUP, doc="The brightest luma that is covered fully.")
    feather = Slot(0.2, low=0.0, high=1.0, group=GROUP, doc="How far beyond either end the mask fades out, in luma.")

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        """1 within the range, 0 a feather beyond it."""
        luma = luminance(planes_of(at_least_single(rgb).clamp(0, 1)))
        low, high = at_least_single(p.low), at_least_single(p.high)
        width = HARDEST + (1 - HARDEST) * at_least_single(p.feather)
        return (smoothstep(low - width, low, luma) * (1 - smoothstep(high, high + width, luma))).to(rgb.dtype)
