"""Darker or lighter corners, in linear light, as a lens gives them.

The distance of a place is that of a superellipse (Lamé), 1 at the corners: of power 2 at roundness 0 and above, where
the axes go from those of the photo to a circle's, and up to 8 at roundness -1, nearly a rectangle. The change of light
rises by a smoothstep (Perlin 1985) around the midpoint. Camera Raw does not publish its shapes: the slots are its own,
the curves are ours. Version 1 was `lens.vignette` of contrib/lens.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor

from ..core.color.elementwise import power
from ..core.color.gamut import within_headroom
from ..core.color.planes import largest, planes_of
from ..core.color.srgb import luminance
from ..core.contract.op import Op, Params, Stage
from ..core.contract.slots import Slot

STOPS: Final = 3.0
# Half the width of the hardest and of the softest transition; 1 is the way from the middle to a corner.
HARDEST: Final = 0.02
SOFTEST: Final = 0.65
# Where the middle of the transition lies at midpoint 0 and 1.
NEAREST: Final = 0.3
FARTHEST: Final = 1.0


class Vignette(Op):
    """Darken or lighten the corners, as a lens does."""

    id = "vignette"
    version = 2
    stage = Stage.EFFECTS + 20
    pointwise = False
    linear = True
    amount = Slot(low=-1.0, high=1.0, group="effects", doc="Light of the corners: negative darkens, up to 3 stops.")
    midpoint = Slot(0.5, low=0.0, high=1.0, group="effects", doc="How far out it lies: 1 leaves the corners alone.")
    roundness = Slot(low=-1.0, high=1.0, group="effects", doc="Its shape: -1 nearly the frame, 0 an oval, 1 a circle.")
    feather = Slot(0.5, low=0.0, high=1.0, group="effects", doc="How softly it begins: 0 gives it an edge.")
    highlights = Slot(0.0, low=0.0, high=1.0, group="effects", doc="How far highlights are spared by dark corners.")
    paint = Slot(0.0, low=0.0, high=1.0, group="effects", doc="Share of black or white paint in place of less light.")

    def halo(self, p: Params, size: tuple[int, int]) -> int:
        """No neighbour counts, only the place."""
        return 0

    def apply(self, light: Tensor, p: Params) -> Tensor:
        """Scale linear light by a power of two that grows towards the corners, or mix it with black or white."""
        reach = p.amount * _reach(light, p)
        planes = planes_of(light)
        bright = luminance(planes).clamp(0, 1)
        spared = 1 - p.highlights * bright * (2 - bright)
        lighter = reach.clamp(min=0)
        change = STOPS * (lighter + (reach - lighter) * spared)
        # Light grows no further than white, so that no channel is cut off and colours stay.
        scaled = light * within_headroom(torch.expm1(change * (1 - p.paint) * math.log(2)), largest(planes))
        painted = p.paint * reach
        whiter = painted.clamp(min=0)
        return scaled + whiter * (1 - scaled) + (painted - whiter) * scaled

    @classmethod
    def migrate(cls, values: Mapping[str, Any], version: int) -> Mapping[str, Any] | None:
        """Take over values of `lens.vignette`: 2 stops at the end, from the midpoint to the corner."""
        if set(values) - {"amount", "midpoint"}:
            return None
        begins = min(max(float(values.get("midpoint", 0.3)), 0.0), 0.8)
        middle, width = (1 + begins) / 2, (1 - begins) / 2
        amount = min(max(float(values.get("amount", 0.0)), -1.0), 1.0)
        return {
            "amount": 2 / STOPS * amount,
            "midpoint": (middle - NEAREST) / (FARTHEST - NEAREST),
            "feather": (width - HARDEST) / (SOFTEST - HARDEST),
            "roundness": 1.0,
        }


def _reach(light: Tensor, p: Params) -> Tensor:
    """How far the vignette has come, from 0 in the middle to 1, (B, 1, H, W)."""
    distance = _distance(light, p)
    middle = NEAREST + (FARTHEST - NEAREST) * p.midpoint
    half = HARDEST + (SOFTEST - HARDEST) * p.feather
    t = ((distance - middle) / (2 * half) + 0.5).clamp(0, 1)
    return t.square() * (3 - 2 * t)


def _distance(light: Tensor, p: Params) -> Tensor:
    """The distance from the middle of the photo, 1 at the corners, (B, 1, H, W)."""
    f = p.frame
    y = torch.arange(light.shape[2], device=light.device, dtype=light.dtype)[:, None] + (f.top + 0.5 - f.height / 2)
    x = torch.arange(light.shape[3], device=light.device, dtype=light.dtype) + (f.left + 0.5 - f.width / 2)
    circle = p.roundness.clamp(min=0)
    squared = (f.height**2 + f.width**2) / 8
    # Half axes, whose squares go from the photo's own halves to one mean of both.
    v = y.square() / ((f.height / 2) ** 2 * (1 - circle) + squared * circle)
    u = x.square() / ((f.width / 2) ** 2 * (1 - circle) + squared * circle)
    exponent = 1 - 3 * (p.roundness - circle)
    # Squares to the power of half the exponent; a small constant, as powers have no slope at 0.
    total = power(u + 1e-6, exponent) + power(v + 1e-6, exponent)
    return power(total / 2, 0.5 / exponent)
