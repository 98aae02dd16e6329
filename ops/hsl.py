"""The colour mixer: hue, saturation and luminance of eight bands of hue.

Bands live in OkLCh (Ottosson 2020) about the hues of the sRGB primaries, secondaries, orange and purple as measured there. Their weights are
smoothstep ramps between neighbours: a partition of unity. Everything is gated by chroma, never by HSL saturation, whose jump at grey
shows as noise in skies and as error in look-up tables.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor

from ..core.color import Lab, chroma, fullness, hue, oklab, shift_oklab, smoothstep, within_headroom
from ..core.op import Op, Params, Stage
from ..core.slots import Bands
from .saturation import grey_of

BANDS: Final = ("red", "orange", "yellow", "green", "aqua", "blue", "purple", "magenta")
CENTRES: Final = (29.2, 52.8, 109.8, 142.5, 194.8, 264.1, 293.8, 328.4)
HUE_REACH: Final = 30.0
GATE: Final = 0.06


class Hsl(Op):
    """Turn, strengthen and lighten the colours of each band of hue; greys stay."""

    id = "hsl"
    version = 1
    stage = Stage.MIXER
    pointwise = True
    hue = Bands(
        8, unit="30 degrees", group="specific_color", doc="Turn each band's hue; positive towards the next band."
    )
    saturation = Bands(8, group="specific_color", doc="Strengthen or mute each band; -1 leaves greys.")
    luminance = Bands(8, group="specific_color", doc="Lighten or darken each band.")

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Turn the chroma plane and scale chroma and lightness by each pixel's bands."""
        lab = oklab(rgb)
        weights = band_weights(hue(lab))
        gate = smoothstep(0.0, GATE, chroma(lab))

        def blend(values: Tensor) -> Tensor:
            return (weights * values.to(weights.dtype)).sum(dim=1, keepdim=True) * gate

        angle = blend(p.hue) * (HUE_REACH * math.pi / 180)
        lightness = torch.exp2(blend(p.luminance) / 2) - 1
        lighter = within_headroom(lightness, lab.L)
        # Darkening keeps the ratios of light; lightening keeps chroma, which would leave the gamut otherwise.
        carried = torch.where(lightness < 0, lighter, torch.ones_like(lighter))
        strength = within_headroom(blend(p.saturation), fullness(rgb, grey_of(lab))) * carried
        cos, sin = torch.cos(angle), torch.sin(angle)
        turned = Lab(lab.L * lighter, (lab.a * cos - lab.b * sin) * strength, (lab.a * sin + lab.b * cos) * strength)
        return shift_oklab(rgb, lab, turned)


def band_weights(degrees: Tensor) -> Tensor:
    """The weights (B, 8, H, W) of the bands at OkLCh hues (B, 1, H, W) in degrees; they sum to 1."""
    following = (*CENTRES[1:], CENTRES[0] + 360)
    weights = []
    rise_before = None
    rises = []
    for centre, after in zip(CENTRES, following, strict=True):
        ahead = torch.remainder(degrees - centre, 360.0)
        rises.append((ahead, smoothstep(0.0, after - centre, ahead), after - centre))
    for index in range(len(CENTRES)):
        ahead, rise, span = rises[index]
        before_ahead, rise_before, before_span = rises[index - 1]
        falling = torch.where(ahead < span, 1 - rise, torch.zeros_like(rise))
        rising = torch.where(before_ahead < before_span, rise_before, torch.zeros_like(rise))
        weights.append(falling + rising)
    return torch.cat(weights, dim=1)
