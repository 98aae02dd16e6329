"""Differences of colour as three numbers whose length is close to CIEDE2000, with slopes, for least squares.

CIE Lab differences are divided by CIEDE2000's own weights of lightness, chroma and hue at the wanted colour (Sharma, Wu
and Dalal 2005), as they hold for small differences. A channel that was clipped says only that it lies beyond: it does
not count where the fit is beyond, too.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from ...core.color.ciede2000 import chroma_scale, hue_scale, lightness_scale, stretch_of_a
from ...core.color.cielab import cielab
from ...core.color.srgb import srgb_to_linear

# Within one and a half code values of an end a channel of an encoded picture may have been clipped.
CLIPPED: Final = 1.5 / 255


class Wanted:
    """The colours that are to be reached, (N, 3, 1, 1) sRGB-encoded."""

    def __init__(self, colours: Tensor) -> None:
        self.colours = colours
        self.lab = _lab(colours)
        self.weights = _weights(self.lab)

    def differences(self, colours: Tensor) -> Tensor:
        """How far colours lie from these: (N, 3), along lightness, chroma and hue; differentiable."""
        wanted = self.colours
        beyond = ((wanted > 1 - CLIPPED) & (colours > wanted)) | ((wanted < CLIPPED) & (colours < wanted))
        apart = _lab(torch.where(beyond, wanted, colours)) - self.lab
        return torch.einsum("rcn,nc->nr", self.weights, apart)


def _lab(rgb: Tensor) -> Tensor:
    """CIE Lab (N, 3) of (N, 3, 1, 1), going on in straight lines below black."""
    red, green, blue = srgb_to_linear(rgb)[:, :, 0, 0].unbind(1)
    return torch.stack(cielab((red, green, blue)), dim=1)


def _weights(lab: Tensor) -> Tensor:
    """For each colour the matrix (3, 3, N) from Lab differences to differences in lightness,
    chroma and hue as they are seen.
    """
    lightness, a, b = lab.unbind(1)
    chroma = torch.hypot(a, b)
    stretch = stretch_of_a(chroma)
    a = a * stretch
    chroma, turn = torch.hypot(a, b), torch.atan2(b, a)
    by_light, by_chroma, by_hue = lightness_scale(lightness), chroma_scale(chroma), hue_scale(chroma, turn)
    cos, sin, nought = torch.cos(turn), torch.sin(turn), torch.zeros_like(a)
    return torch.stack(
        [
            torch.stack([1 / by_light, nought, nought]),
            torch.stack([nought, cos * stretch / by_chroma, sin / by_chroma]),
            torch.stack([nought, -sin * stretch / by_hue, cos / by_hue]),
        ]
    )
