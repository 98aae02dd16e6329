"""The black-and-white mixer: how light each band of hue becomes in a monochrome picture.

grey = encode(L'^3), L' = L 2^(0.75 m g(C)), with OkLab's lightness L, the bands' amount m at the pixel's hue and a gate
g that opens from chroma C = 0 to 0.15; brightening slows before white. out = rgb + monochrome (grey - rgb). OkLab:
Ottosson (2020); bands: see `ops.hsl`. No source is recorded for the reach of 0.75.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from ..core.color.elementwise import smoothstep
from ..core.color.gamut import within_headroom
from ..core.color.hue_bands import by_hue
from ..core.color.oklab import chroma, hue, oklab
from ..core.color.srgb import linear_to_srgb
from ..core.contract.op import Op, Params, Stage
from ..core.contract.slot_kinds import Bands
from ..core.contract.slots import Slot
from .hsl import LIGHTNESS_GATE

STOPS: Final = 0.75


class GreyMixer(Op):
    """Turn a photo to black and white, with each band of hue as light as wished."""

    id = "grey_mixer"
    version = 1
    stage = Stage.MONOCHROME
    pointwise = True
    monochrome = Slot(low=0.0, high=1.0, group="specific_color", doc="0 keeps the colours, 1 is black and white.")
    bands = Bands(8, group="specific_color", doc="Lightness of each band in the black-and-white picture.")

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Blend towards the grey of the mixed lightness."""
        lab = oklab(rgb)
        mixed = by_hue(hue(lab), p.bands)[0]
        # Lightness follows colourfulness: muted colours move less than strong ones.
        growth = torch.exp2(mixed * smoothstep(0.0, LIGHTNESS_GATE, chroma(lab)) * STOPS) - 1
        lightness = lab.L * within_headroom(growth, lab.L)
        grey = linear_to_srgb(lightness * lightness * lightness).to(rgb.dtype)
        return rgb + p.monochrome * (grey - rgb)
