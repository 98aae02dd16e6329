"""Sharpening that undoes a blur of the luma: see `core.filters.deblurring`.

The luma is held between the darkest and the lightest around the pixel, so that edges grow steep without a light or dark
line beside them; `detail` lets some pass. Radii are pixels of photos up to 12 megapixels, and grow with larger ones.
Version 1 was `lens.sharpen` of contrib/lens.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from torch import Tensor

from ..core.color.elementwise import at_least_single
from ..core.color.planes import planes_of
from ..core.color.srgb import luminance
from ..core.contract.op import Op, Params, Stage
from ..core.contract.slots import Slot
from ..core.filters.deblurring import Surroundings, lost_to_blur

# Long side in pixels from which on radii grow with the photo.
UNIT: Final = 4000
# A thumbnail does not show the sharpening of its photo: from one long side to the other it fades in.
THUMBNAIL: Final = 256
SMALL: Final = 640
TERMS: Final = 3
WIDEST: Final = 3.0  # the radius slot's end
AROUND: Final = 2  # pixels: the surroundings that hold an edge's overshoot
EDGE: Final = 0.25  # the difference around a pixel that counts half at the end of the masking slot


class Sharpening(Op):
    """Sharpen edges and fine detail, as if a blur were undone."""

    id = "sharpening"
    version = 2
    stage = Stage.FINISH
    pointwise = False
    amount = Slot(0.0, low=0.0, high=1.5, group="detail", doc="How much of the blur is undone: 1 is all of it.")
    radius = Slot(1.0, low=0.5, high=3.0, unit="px", group="detail", doc="Width of the blur, in pixels of 12 MP.")
    detail = Slot(0.25, low=0.0, high=1.0, group="detail", doc="How far finest detail may overshoot.")
    masking = Slot(0.0, low=0.0, high=1.0, group="detail", doc="How far skies and skin are left alone.")

    def halo(self, p: Params, size: tuple[int, int]) -> int:
        """The blurs, one after the other."""
        scale = max(1.0, max(size) / UNIT)
        return TERMS * _kernel(scale) + math.ceil(AROUND * scale)

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Add what undoes the blur of the luma to all channels alike."""
        long = max(p.frame.height, p.frame.width)
        shown = min(max((long - THUMBNAIL) / (SMALL - THUMBNAIL), 0.0), 1.0)
        if shown == 0:
            return rgb
        wide = at_least_single(rgb)
        luma = luminance(planes_of(wide))
        scale = max(1.0, long / UNIT)
        lost = lost_to_blur(luma, p.radius * scale, _kernel(scale), terms=TERMS)
        around = Surroundings(luma, math.ceil(AROUND * scale))
        contrast = (around.above + around.below).square() + 1e-6
        wanted = shown * lost * p.amount * contrast / (contrast + (EDGE * p.masking).square())
        return (wide + around.held(wanted, p.detail)).to(rgb.dtype)

    @classmethod
    def migrate(cls, values: Mapping[str, Any], version: int) -> Mapping[str, Any] | None:
        """Take over the amount of `lens.sharpen`."""
        if set(values) - {"amount"}:
            return None
        return {"amount": 0.75 * min(max(float(values.get("amount", 0.0)), 0.0), 1.0), "detail": 1.0}


def _kernel(scale: float) -> int:
    """Pixels on either side of the widest kernel."""
    return math.ceil(2.5 * WIDEST * scale)
