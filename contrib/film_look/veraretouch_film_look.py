"""Looks of film, each pixel by itself.

Faded blacks and the curve are fits by eye; the bleach bypass overlays a picture on its own luma (the look that skipping
the bleach leaves), with a smooth step between the overlay's two branches.
"""

from __future__ import annotations

import torch
from torch import Tensor

from veraretouch import Op, Params, Slot, Stage

LUMA = (0.2126, 0.7152, 0.0722)


class FadedBlacks(Op):
    """Lift the black point, as an aged print does."""

    id = "film.faded_blacks"
    version = 1
    stage = Stage.TONE + 10
    pointwise = True
    amount = Slot(0.0, low=0.0, high=1.0, unit="1", group="lighting", doc="How far black is lifted.")

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Add most at black, nothing at white."""
        return rgb + 0.25 * p.amount * (1 - rgb).clamp(min=0) ** 4


class FilmCurve(Op):
    """Bend each channel by a film's S-curve: a toe, a shoulder, and the strong colours that come with them."""

    id = "film.curve"
    version = 1
    stage = Stage.TONE_CURVE + 10
    pointwise = True
    amount = Slot(0.0, low=0.0, high=1.0, group="lighting", doc="How strongly the curve bends.")
    pivot = Slot(0.4, low=0.2, high=0.7, group="lighting", doc="The encoded value that stays.")

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Move towards x^2 / (x^2 + c (1-x)^2), with c such that the pivot stays; black and white stay too."""
        x = rgb.clamp(0, 1)
        c = p.pivot / (1 - p.pivot)
        curve = x * x / (x * x + c * (1 - x) * (1 - x))
        return rgb + 0.6 * p.amount * (curve - x)


class BleachBypass(Op):
    """Leave the silver in: a hard picture of pale colours."""

    id = "film.bleach_bypass"
    version = 1
    stage = Stage.LOOK + 10
    pointwise = True
    amount = Slot(0.0, low=0.0, high=1.0, group="global_color", doc="How much silver is left in.")

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Blend with the picture overlaid on its own luma."""
        x = rgb.clamp(0, 1)
        luma = (x * torch.tensor(LUMA, dtype=x.dtype, device=x.device).reshape(1, 3, 1, 1)).sum(dim=1, keepdim=True)
        t = (luma * 2 - 0.5).clamp(0, 1)
        light = t * t * (3 - 2 * t)
        overlay = (1 - light) * 2 * x * luma + light * (1 - 2 * (1 - x) * (1 - luma))
        return rgb + 0.8 * p.amount * (overlay - x)
