"""Tone curves: one that keeps hue, and one for each channel.

out = channel(luma(rgb)): `luma` moves the largest and the smallest channel and keeps the middle one's place between
them (DNG SDK, RGBTone: see `core.color.tone_map.tone_map`). Monotone cubic through the knots, Fritsch and Butland
(1984): see `core.color.curves`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..core.color.curves import follow
from ..core.color.tone_map import tone_map
from ..core.contract.op import Op, Params, Stage
from ..core.contract.slot_kinds import Curve

KNOTS = 17


class ToneCurve(Op):
    """Map tones through curves: `luma` for all channels with hue kept, then one curve for each channel."""

    id = "tone_curve"
    version = 1
    stage = Stage.TONE_CURVE
    pointwise = True
    luma = Curve(
        KNOTS, group="lighting", doc="The curve of all channels; the middle channel keeps its place, so hue stays."
    )
    red = Curve(KNOTS, group="lighting", doc="The curve of red alone.")
    green = Curve(KNOTS, group="lighting", doc="The curve of green alone.")
    blue = Curve(KNOTS, group="lighting", doc="The curve of blue alone.")

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Follow the curves' departures from the straight line, which leave a straight curve exactly straight."""
        line = torch.linspace(0, 1, KNOTS, dtype=p.luma.dtype, device=p.luma.device)
        luma = p.luma.flatten(1) - line
        channels = torch.stack([curve.flatten(1) for curve in (p.red, p.green, p.blue)], dim=1) - line
        toned = tone_map(rgb, lambda x: x + _depart(x, luma, line))
        return toned + _depart(toned, channels, line)


def _depart(x: Tensor, departure: Tensor, line: Tensor) -> Tensor:
    """How far the monotone curve `line + departure` lies from the line at x."""
    return follow(x, departure + line) - x
