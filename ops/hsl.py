"""The colour mixer: hue, saturation and luminance of eight bands of hue.

Bands live in OkLCh (Ottosson 2020) about the hues of the sRGB primaries, secondaries, orange and purple as measured there. Their weights are
smoothstep ramps between neighbours: a partition of unity. Everything is gated by chroma, never by HSL saturation, whose jump at grey
shows as noise in skies and as error in look-up tables; lightness by a wider gate, so that a sky darkens without an edge where it pales.
Darkening scales light and gives back half of the chroma that this takes, as deep skies have it.
"""

from __future__ import annotations

import math
from typing import Final

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
from ..core.slots import Bands

BANDS: Final = ("red", "orange", "yellow", "green", "aqua", "blue", "purple", "magenta")
CENTRES: Final = (29.2, 52.8, 109.8, 142.5, 194.8, 264.1, 293.8, 328.4)
HUE_REACH: Final = 30.0
GATE: Final = 0.06
LIGHTNESS_GATE: Final = 0.15


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
            return (weights * values.to(weights.dtype)).sum(dim=1, keepdim=True)

        angle = blend(p.hue) * gate * (HUE_REACH * math.pi / 180)
        stops = blend(p.luminance) * smoothstep(0.0, LIGHTNESS_GATE, chroma(lab)) / 2
        # Strong colours have a channel near its end long before their lightness is: they lighten less.
        lighter = within_headroom(torch.exp2(stops) - 1, (lab.L + rgb.amax(dim=1, keepdim=True)) / 2)
        # Darkening keeps the ratios of light; lightening keeps chroma, which would leave the gamut otherwise.
        darker = torch.exp2(stops.clamp(max=0))
        richer = (1 + blend(p.saturation) * gate) / torch.sqrt(darker) - 1
        strength = within_headroom(richer, chroma_share(rgb, lab)) * darker
        cos, sin = torch.cos(angle), torch.sin(angle)
        turned = Lab(lab.L * lighter, (lab.a * cos - lab.b * sin) * strength, (lab.a * sin + lab.b * cos) * strength)
        return hold_in_gamut(shift_oklab(rgb, lab, turned), rgb, lab.L)


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
