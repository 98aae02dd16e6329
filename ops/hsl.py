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
from ..core.color.oklab import OkLab, angle, chroma, lab_of, moved, moved_light, roots_of
from ..core.color.planes import join, largest, planes_of
from ..core.color.srgb import linear_to_srgb
from ..core.contract.op import Op, Params, Stage
from ..core.contract.slots import Bands

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


def band_weights(degrees: Tensor) -> Tensor:
    """The weights (B, 8, H, W) of the bands at OkLCh hues (B, 1, H, W) in degrees; they sum to 1."""
    each = torch.eye(len(BANDS), dtype=degrees.dtype, device=degrees.device)[:, None, :, None, None]
    return torch.cat(by_hue(degrees, *each), dim=1)


def by_hue(degrees: Tensor, *bands: Tensor) -> list[Tensor]:
    """Each setting's eight bands (B, 8, 1, 1), weighted for each pixel's hue (B, 1, H, W): (B, 1, H, W).

    Going round from the first band's centre, each band has a ramp that rises once, from its centre to the next,
    and stays.
    """
    round_trip = torch.remainder(degrees - CENTRES[0], 360.0)
    ends = zip(CENTRES, (*CENTRES[1:], CENTRES[0] + 360), strict=True)
    ramps = [smoothstep(start - CENTRES[0], end - CENTRES[0], round_trip) for start, end in ends]
    found = []
    for values in bands:
        steps = (values.roll(-1, dims=1) - values).unbind(1)
        done = values[:, :1]
        for step, ramp in zip(steps, ramps, strict=True):
            done = torch.addcmul(done, step.unsqueeze(1), ramp)
        found.append(done)
    return found
