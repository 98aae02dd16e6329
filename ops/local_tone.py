"""Highlights and shadows on the base layer, so that local contrast survives.

The base is that of `core.filters.edge_aware`, a guided filter (He, Sun and Tang 2013); tones are moved on it alone, as
Durand and Dorsey (2002), "Fast bilateral filtering for the display of high-dynamic-range images", do.
"""

from __future__ import annotations

from typing import Final

from torch import Tensor

from ..core.color.elementwise import at_least_single
from ..core.color.gamut import within_headroom
from ..core.color.planes import largest, planes_of
from ..core.color.srgb import luminance
from ..core.contract.op import Op, Params, Stage
from ..core.contract.slots import Slot
from ..core.filters.edge_aware import base_layer, base_reach
from .tone_regions import REACH

RADIUS: Final = 0.02  # of the long side
EDGE: Final = 0.2
FLAT: Final = 0.005


class LocalTone(Op):
    """Brighten or darken shadows and highlights as areas, so that the contrast within them survives."""

    id = "local_tone"
    version = 1
    stage = Stage.TONE + 50
    pointwise = False
    highlights = Slot(low=-1.0, high=1.0, group="detail", doc="Light areas: negative brings back bright skies.")
    shadows = Slot(low=-1.0, high=1.0, group="detail", doc="Dark areas: positive opens shadows.")

    def halo(self, p: Params, size: tuple[int, int]) -> int:
        """The base layer's."""
        return base_reach(RADIUS * max(size))

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Multiply each pixel by the gain of its surroundings; brightening slows before a channel would clip."""
        wide = at_least_single(rgb)
        planes = planes_of(wide)
        v = base_layer(luminance(planes), RADIUS * max(p.frame.height, p.frame.width), edge=EDGE, flat=FLAT).clamp(0, 1)
        growth = REACH * (1 - v) * (p.shadows * (1 - v).square() + p.highlights * v.square())
        return (wide * within_headroom(growth, largest(planes))).to(rgb.dtype)
