"""Purple and green fringes along strong edges, which lenses draw where they do not bring colours to one focus.

That fringes are found by their colour beside steep gradients and desaturated is Kim and Park's (2008), "Automatic
detection and correction of purple fringing using the gradient information and desaturation", EUSIPCO; the form is ours.
How purple a pixel is, is how far its red and its blue lie above its green; how green, how far its green lies above
both. What of it stands out from the surroundings, beside a strong edge of the luma, is taken away; luma and the colours
of things stay. Widths are those of photos up to 12 megapixels, and grow with larger ones.
"""

from __future__ import annotations

import math
from typing import Final

from torch import Tensor

from ..core.color.elementwise import at_least_single
from ..core.color.planes import Planes, join, planes_of
from ..core.color.srgb import LUMINANCE, luminance
from ..core.contract.op import Op, Params, Stage
from ..core.contract.slots import Slot
from ..core.filters.windows import window_max, window_mean

UNIT: Final = 4000  # long side in pixels from which on widths grow with the photo
NEAR: Final = 4  # pixels from an edge that a fringe reaches
AROUND: Final = 24  # pixels: a fringe is narrower by far
EDGE: Final = 0.3  # the difference of luma around a pixel that counts half


class Defringe(Op):
    """Take purple and green fringes away from edges."""

    id = "defringe"
    version = 1
    stage = Stage.WHITE_BALANCE - 70
    pointwise = False
    purple = Slot(low=0.0, high=1.0, group="detail", doc="How much of purple fringes is taken away.")
    green = Slot(low=0.0, high=1.0, group="detail", doc="How much of green fringes is taken away.")

    def halo(self, p: Params, size: tuple[int, int]) -> int:
        """The surroundings that a fringe stands out from."""
        return math.ceil(AROUND * _scale(*size))

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Lower the channels that make a fringe, and give its luma to all."""
        wide = at_least_single(rgb)
        red, green, blue = planes = planes_of(wide)
        scale = _scale(p.frame.height, p.frame.width)
        luma, near = luminance(planes), max(1, round(NEAR * scale))
        contrast = (window_max(luma, near) + window_max(-luma, near)).square().square()
        edge = contrast / (contrast + EDGE**4)
        purple = edge * p.purple * _standing_out(red.minimum(blue) - green, AROUND * scale)
        greens = edge * p.green * _standing_out(green - red.maximum(blue), AROUND * scale)
        kept = (LUMINANCE[0] + LUMINANCE[2]) * purple + LUMINANCE[1] * greens
        done: Planes = (red - purple + kept, green - greens + kept, blue - purple + kept)
        return join(done).to(rgb.dtype)


def _scale(height: int, width: int) -> float:
    return max(1.0, max(height, width) / UNIT)


def _standing_out(excess: Tensor, radius: float) -> Tensor:
    """What of a colour's excess lies above that of its surroundings, (B, 1, H, W)."""
    found = excess.clamp(min=0)
    return (found - window_mean(found, radius)).clamp(min=0)
