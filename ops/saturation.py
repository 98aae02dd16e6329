"""Saturation and vibrance: OkLab chroma, held back before the gamut's wall.

Chroma grows with slope 1 and slows as a colour nears the wall (`core.color.gamut.within_headroom`); the little that
still overshoots is set on the wall (`hold_in_gamut`): nothing clips to a flat patch and no hue turns on clipping.
Saturation: C' = C (1 + amount). Vibrance: C' = C (1 + amount w), weight w = 1 - smoothstep(0, 0.25, C), skin held back
by 0.6 about hue 55 degrees (fits to Camera Raw). OkLab: Ottosson (2020).
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..core.color.elementwise import smoothstep
from ..core.color.gamut import chroma_share, hold_in_gamut, within_headroom
from ..core.color.oklab import angle, chroma, lab_of, lightness, moved_light, roots_of, with_chroma
from ..core.color.planes import Planes, join, planes_of
from ..core.contract.op import Op, Params, Stage
from ..core.contract.slots import Slot

SKIN_HUE = 55.0
SKIN_WIDTH = 22.0
SKIN_SHARE = 0.6
# Beyond this exponent the weight is 1e-11; numbers near the smallest that floats hold take ten times as long.
FARTHEST = 25.0


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
        roots = roots_of(planes)
        lab = lab_of(roots)
        c = chroma(lab)
        weight = 1 - smoothstep(0.0, 0.25, c)
        # Not the shorter way round: skin's weight is 0 long before the two ways differ.
        distance = angle(lab) - SKIN_HUE
        skin = SKIN_SHARE * torch.exp(-(distance / SKIN_WIDTH).square().clamp(max=FARTHEST)) * smoothstep(0.0, 0.06, c)
        growth = p.amount * weight
        return join(scale_chroma(planes, roots, lab.L, growth - growth.clamp(min=0) * skin))


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
        roots = roots_of(planes)
        L = lightness(roots)
        return join(scale_chroma(planes, roots, L, p.amount.expand_as(L)))


def scale_chroma(light: Planes, roots: Planes, L: Tensor, growth: Tensor) -> Planes:
    """Linear light with chroma times 1 + growth, slowed before the gamut's wall; growth (B, 1, H, W) from -1."""
    gain = within_headroom(growth, chroma_share(light, roots, L))
    return hold_in_gamut(moved_light(light, roots, with_chroma(roots, L, gain)), light, L)
