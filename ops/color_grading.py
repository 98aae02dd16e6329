"""Colour grading: tints and lightness for shadows, midtones, highlights and the whole.

Weights depend on lightness alone (as Lightroom's do, by fits): two logistic ramps, shadows and highlights, with
midtones between them. The more blending, the nearer the ramps, until at 1 shadows and highlights share the whole range
and midtones reach over both. A tint moves OkLab a and b, by nothing at black and white; its reach and its rise were
fitted to what Lightroom made of a split-toned preset on five photos (tests/data/presets). Hues are those of the HSL
wheel, as the crs fields carry them; OkLab: Ottosson (2020).
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from ..core.color.elementwise import at_least_single, smoothstep
from ..core.color.gamut import within_headroom
from ..core.color.oklab import OkLab, chroma, lab_of, moved, moved_light, oklab, roots_of
from ..core.color.planes import join, planes_of
from ..core.contract.op import Op, Params, Stage
from ..core.contract.slots import Slot

TINT_REACH: Final = 0.16
# A tint has all its strength from this lightness on.
TINTED: Final = 0.4
LUMINANCE_REACH: Final = 0.35
REGIONS: Final = ("shadow", "midtone", "highlight")


def _wheel_hue(region: str) -> Slot:
    return Slot(
        low=0.0,
        high=360.0,
        period=360.0,
        unit="degree",
        group="global_color",
        doc=f"Hue of the {region} tint on the HSL wheel.",
    )


def _wheel_saturation(region: str) -> Slot:
    return Slot(low=0.0, high=1.0, group="global_color", doc=f"Strength of the {region} tint.")


def _wheel_luminance(region: str) -> Slot:
    return Slot(low=-1.0, high=1.0, group="global_color", doc=f"Lightness of the {region} tones.")


class ColorGrading(Op):
    """Tint and lighten shadows, midtones and highlights apart; black and white stay pure."""

    id = "color_grading"
    version = 1
    stage = Stage.GRADING
    pointwise = True
    linear = True
    shadow_hue = _wheel_hue("shadow")
    shadow_saturation = _wheel_saturation("shadow")
    shadow_luminance = _wheel_luminance("shadow")
    midtone_hue = _wheel_hue("midtone")
    midtone_saturation = _wheel_saturation("midtone")
    midtone_luminance = _wheel_luminance("midtone")
    highlight_hue = _wheel_hue("highlight")
    highlight_saturation = _wheel_saturation("highlight")
    highlight_luminance = _wheel_luminance("highlight")
    global_hue = _wheel_hue("global")
    global_saturation = _wheel_saturation("global")
    global_luminance = _wheel_luminance("global")
    blending = Slot(0.5, low=0.0, high=1.0, group="global_color", doc="How far the regions run into each other.")
    balance = Slot(low=-1.0, high=1.0, group="global_color", doc="Positive gives more of the range to highlights.")

    def prepare(self, p: Params) -> dict[str, Tensor]:
        """Each region's tint in OkLab, and its gain in stops."""
        moves: dict[str, Tensor] = {}
        for region in (*REGIONS, "global"):
            degrees, saturation = getattr(p, f"{region}_hue"), getattr(p, f"{region}_saturation")
            a, b = (TINT_REACH * saturation * wheel_direction(at_least_single(degrees))).chunk(2, dim=1)
            stops = LUMINANCE_REACH * getattr(p, f"{region}_luminance")
            moves |= {f"{region}_a": a, f"{region}_b": b, f"{region}_stops": stops}
        return moves

    def apply(self, light: Tensor, p: Params) -> Tensor:
        """Add up the regions' tints and lightness gains."""
        planes = planes_of(light)
        roots = roots_of(planes)
        lab = lab_of(roots)
        a_shift, b_shift, stops = p.global_a, p.global_b, p.global_stops
        for region, weight in zip(REGIONS, region_weights(lab.L, p.blending, p.balance), strict=True):
            a_shift = torch.addcmul(a_shift, weight, getattr(p, f"{region}_a"))
            b_shift = torch.addcmul(b_shift, weight, getattr(p, f"{region}_b"))
            stops = torch.addcmul(stops, weight, getattr(p, f"{region}_stops"))
        tone = lab.L.clamp(0, 1)
        fade = smoothstep(0.0, TINTED, tone) * (1 - tone.square().square().square())
        lift = within_headroom(torch.exp2(stops) - 1, lab.L)
        # Lightening stops at white; so does the chroma it carries.
        graded = OkLab(lab.L * lift, (lab.a + fade * a_shift) * lift, (lab.b + fade * b_shift) * lift)
        return join(moved_light(planes, roots, moved(roots, lab, graded)))


def region_weights(tone: Tensor, blending: Tensor, balance: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Weights of shadows, midtones and highlights at lightness `tone`, each from 0 to 1."""
    pivot = 0.5 - 0.3 * balance
    width = (0.22 + 0.23 * blending) / 4
    apart = 0.34 * (1 - blending)
    shadow = torch.sigmoid((pivot - apart - tone) / width)
    highlight = torch.sigmoid((tone - pivot - apart) / width)
    return shadow, 1 - shadow - highlight + 4 * shadow * highlight, highlight


def wheel_direction(degrees: Tensor) -> Tensor:
    """The unit vector (B, 2, 1, 1) in OkLab's a-b plane of a pure HSL hue (B, 1, 1, 1) in degrees."""
    offset = torch.tensor([0.0, 240.0, 120.0], dtype=degrees.dtype, device=degrees.device).reshape(1, 3, 1, 1)
    sector = torch.remainder(degrees + offset, 360.0) / 60
    pure = ((sector - 3).abs() - 1).clamp(0, 1)
    lab = oklab(pure)
    return torch.cat([lab.a, lab.b], dim=1) / chroma(lab)
