"""Saturation and vibrance: OkLab chroma, held back before the gamut's wall.

Chroma grows with slope 1 and slows as a colour nears the wall (`core.color.within_headroom`); the little that still overshoots is set on the wall (`hold_in_gamut`): nothing clips to a flat patch and no hue turns on clipping. Vibrance: weight 1 - smoothstep(0, 0.25, C), skin held back by 0.6 about hue 55 degrees (fits to Camera Raw).
OkLab: Ottosson (2020).
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..core.color import (
    Lab,
    chroma,
    chroma_share,
    hold_in_gamut,
    hue,
    oklab,
    shift_oklab,
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
    amount = Slot(
        low=-1.0, high=1.0, group="global_color", doc="Positive strengthens muted colours, negative mutes them more."
    )

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Scale chroma by a weight that falls with chroma."""
        lab = oklab(rgb)
        c = chroma(lab)
        weight = 1 - smoothstep(0.0, 0.25, c)
        distance = torch.remainder(hue(lab) - SKIN_HUE + 180, 360) - 180
        skin = SKIN_SHARE * torch.exp(-((distance / SKIN_WIDTH) ** 2)) * smoothstep(0.0, 0.06, c)
        amount = p.amount.to(c.dtype)
        return scale_chroma(rgb, lab, amount * weight * torch.where(amount > 0, 1 - skin, torch.ones_like(skin)))


class Saturation(Op):
    """Strengthen or mute all colours alike; -1 leaves greys."""

    id = "saturation"
    version = 1
    stage = Stage.SATURATION
    pointwise = True
    amount = Slot(
        low=-1.0, high=1.0, group="global_color", doc="-1 is monochrome, +1 doubles the chroma where there is room."
    )

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Scale chroma."""
        lab = oklab(rgb)
        return scale_chroma(rgb, lab, p.amount.to(lab.L.dtype).expand_as(lab.L))


def scale_chroma(rgb: Tensor, lab: Lab, growth: Tensor) -> Tensor:
    """Chroma times 1 + growth, slowed before the gamut's wall; growth (B, 1, H, W) from -1."""
    gain = within_headroom(growth, chroma_share(rgb, lab))
    return hold_in_gamut(shift_oklab(rgb, lab, Lab(lab.L, lab.a * gain, lab.b * gain)), rgb, lab.L)
