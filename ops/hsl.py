"""The colour mixer: hue, saturation and luminance of eight bands of hue.

Bands live in OkLCh (Ottosson 2020) about the hues of the sRGB primaries, secondaries, orange and purple as measured
there. Their weights are smoothstep ramps between neighbours: a partition of unity. Everything is gated by chroma, never
by HSL saturation, whose jump at grey shows as noise in skies and as error in look-up tables; lightness by a wider gate,
so that a sky darkens without an edge where it pales. Darkening scales light and gives back half of the chroma that this
takes, as deep skies have it.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor

from ..core.color.elementwise import smoothstep
from ..core.color.gamut import chroma_share, hold_in_gamut, within_headroom
from ..core.color.hue_bands import by_hue
from ..core.color.oklab import OkLab, angle, chroma, lab_of, moved, moved_light, roots_of
from ..core.color.planes import join, largest, planes_of
from ..core.color.srgb import linear_to_srgb
from ..core.contract.op import Op, Params, Stage
from ..core.contract.slot_kinds import Bands

HUE_REACH: Final = 30.0
GATE: Final = 0.06
LIGHTNESS_GATE: Final = 0.15


class Hsl(Op):
    """Turn, strengthen and lighten the colours of each band of hue; greys stay."""

    id = "hsl"
    version = 1
    stage = Stage.MIXER
    pointwise = True
    linear = True
    hue = Bands(
        8, unit="30 degrees", group="specific_color", doc="Turn each band's hue; positive towards the next band."
    )
    saturation = Bands(8, group="specific_color", doc="Strengthen or mute each band; -1 leaves greys.")
    luminance = Bands(8, group="specific_color", doc="Lighten or darken each band.")

    def apply(self, light: Tensor, p: Params) -> Tensor:
        """Turn the chroma plane and scale chroma and lightness by each pixel's bands."""
        planes = planes_of(light)
        roots = roots_of(planes)
        lab = lab_of(roots)
        colour = chroma(lab)
        gate = smoothstep(0.0, GATE, colour)
        turn, saturation, lightness = by_hue(angle(lab), p.hue, p.saturation, p.luminance)
        radians = turn * gate * (HUE_REACH * math.pi / 180)
        stops = lightness * smoothstep(0.0, LIGHTNESS_GATE, colour) / 2
        # Strong colours have a channel near its end long before their lightness is: they lighten less.
        lighter = within_headroom(torch.exp2(stops) - 1, (lab.L + linear_to_srgb(largest(planes))) / 2)
        # Darkening keeps the ratios of light; lightening keeps chroma, which would leave the gamut otherwise.
        darker = torch.exp2(stops.clamp(max=0))
        richer = (1 + saturation * gate) / torch.sqrt(darker) - 1
        strength = within_headroom(richer, chroma_share(planes, roots, lab.L)) * darker
        cos, sin = torch.cos(radians), torch.sin(radians)
        turned = OkLab(lab.L * lighter, (lab.a * cos - lab.b * sin) * strength, (lab.a * sin + lab.b * cos) * strength)
        return join(hold_in_gamut(moved_light(planes, roots, moved(roots, lab, turned)), planes, lab.L))
