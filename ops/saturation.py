"""Saturation and vibrance: OkLab chroma, held back before the gamut's wall.

Chroma grows with slope 1 and slows as a colour nears the wall (`core.color.within_headroom`); the little that still overshoots is set on the wall (`hold_in_gamut`): nothing clips to a flat patch and no hue turns on clipping. Vibrance: weight 1 - smoothstep(0, 0.25, C), skin held back by 0.6 about hue 55 degrees (fits to Camera Raw).
OkLab: Ottosson (2020).
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..core.color import (
    Lab,
    Planes,
    chroma,
    chroma_share,
    hold_in_gamut,
    hue,
    join,
    lab_of,
    moved_light,
    planes_of,
    smoothstep,
    within_headroom,
)
from ..core.op import Op, Params, Stage
from ..core.slots import Slot

SKIN_HUE = 55.0
SKIN_WIDTH = 22.0
SKIN_SHARE = 0.6


class Vibrance(Op):
    """Strengthen muted colours more than strong ones, skin least."""

    id = "vibrance"
    version = 1
    stage = Stage.VIBRANCE
    pointwise = True
    linear = True
    amount = Slot(
        low=-1.0, high=1.0, group="global_color", doc="Positive strengthens muted colours, negative mutes them more."
    )

    def apply(self, light: Tensor, p: Params) -> Tensor:
        """Scale chroma by a weight that falls with chroma."""
        planes = planes_of(light)
        lab = lab_of(planes)
        c = chroma(lab)
        weight = 1 - smoothstep(0.0, 0.25, c)
        distance = torch.remainder(hue(lab) - SKIN_HUE + 180, 360) - 180
        skin = SKIN_SHARE * torch.exp(-(distance / SKIN_WIDTH).square()) * smoothstep(0.0, 0.06, c)
        growth = p.amount * weight
        return join(scale_chroma(planes, lab, growth - growth.clamp(min=0) * skin))


class Saturation(Op):
    """Strengthen or mute all colours alike; -1 leaves greys."""

    id = "saturation"
    version = 1
    stage = Stage.SATURATION
    pointwise = True
    linear = True
    amount = Slot(
        low=-1.0, high=1.0, group="global_color", doc="-1 is monochrome, +1 doubles the chroma where there is room."
    )

    def apply(self, light: Tensor, p: Params) -> Tensor:
        """Scale chroma."""
        planes = planes_of(light)
        lab = lab_of(planes)
        return join(scale_chroma(planes, lab, p.amount.expand_as(lab.L)))


def scale_chroma(light: Planes, lab: Lab, growth: Tensor) -> Planes:
    """Linear light with chroma times 1 + growth, slowed before the gamut's wall; growth (B, 1, H, W) from -1."""
    gain = within_headroom(growth, chroma_share(light, lab))
    moved = moved_light(light, lab, Lab(lab.L, lab.a * gain, lab.b * gain))
    return hold_in_gamut(moved, light, lab.L)
