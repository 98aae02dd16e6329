"""A range around a colour, by distance in OkLab (Ottosson 2020), where greys have no hue that could jump.

The colour is given in OkLCh, as people name colours: lightness, chroma, hue.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor

from ...core.color.elementwise import at_least_single, smoothstep
from ...core.color.oklab import oklab
from ...core.contract.area import GROUP, Area
from ...core.contract.op import Params
from ...core.contract.slots import Slot

HARDEST: Final = 0.005
"""The width of the hardest edge, in OkLab: a difference that is just seen is about 0.02."""


class Color(Area):
    """Cover the colours near one colour."""

    id = "color"
    version = 1
    placed = False
    lightness = Slot(0.65, low=0.0, high=1.0, group=GROUP, doc="The colour's OkLab lightness.")
    chroma = Slot(0.12, low=0.0, high=0.4, group=GROUP, doc="The colour's OkLab chroma: 0 is grey.")
    hue = Slot(
        250.0, low=0.0, high=360.0, period=360.0, unit="degree", group=GROUP, doc="The colour's hue: 250 is sky blue."
    )
    radius = Slot(0.15, low=0.0, high=1.0, group=GROUP, doc="How far from the colour the mask reaches, in OkLab.")
    feather = Slot(0.7, low=0.0, high=1.0, group=GROUP, doc="How much of the radius fades out: 0 is a hard edge.")
    lightness_weight = Slot(
        0.3, low=0.0, high=1.0, group=GROUP, doc="How much lightness counts: 0 covers the hue in light and shade."
    )

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        """1 near the colour, 0 from the radius on."""
        lab = oklab(rgb)
        chroma, hue = at_least_single(p.chroma), at_least_single(p.hue) * (math.pi / 180)
        lighter = (lab.L - p.lightness) * p.lightness_weight
        a, b = lab.a - chroma * torch.cos(hue), lab.b - chroma * torch.sin(hue)
        # The small constant is for the slope at the colour itself.
        distance = torch.sqrt(lighter * lighter + a * a + b * b + 1e-10)
        radius = at_least_single(p.radius) + HARDEST
        inner = (1 - p.feather) * (radius - HARDEST)
        return (1 - smoothstep(inner, radius, distance)).to(rgb.dtype)
