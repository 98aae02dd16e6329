"""The reward `similarity`: how like its target a picture is, in colour and in structure.

Colour: CIEDE2000, Sharma, Wu and Dalal (2005). Structure: SSIM, Wang, Bovik, Sheikh and Simoncelli (2004), with their
Gaussian window (sigma 1.5, 11 pixels) and constants, on CIE L*. How the two are joined and scaled is ours.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from ...core.color.ciede2000 import ciede2000
from ...core.color.cielab import cielab
from ...core.color.srgb import srgb_to_linear
from ...core.contract.reward import Reward, Rollouts
from ...core.filters.gaussian import gaussian_blur

# A mean CIEDE2000 of so much gives 1/e: a difference that everybody sees.
SCALE: Final = 10.0
_SIGMA, _REACH = 1.5, 5
_C1, _C2 = 0.01**2, 0.03**2


class Similarity(Reward):
    """Judge how like its target a picture is: the mean of exp(-CIEDE2000 / 10) and of SSIM on lightness.

    Args:
        structure: the share of SSIM, from 0 to 1.
    """

    id = "similarity"
    version = 1

    def __init__(self, *, structure: float = 0.5) -> None:
        self.structure = structure

    def score(self, rollouts: Rollouts) -> Tensor:
        """(B,) from 0 to 1; 1 for the target itself."""
        pictures, targets = rollouts.pictures, rollouts.targets
        apart = ciede2000(pictures.movedim(1, -1), targets.movedim(1, -1)).flatten(1).mean(dim=1)
        colour = torch.exp(-apart / SCALE)
        alike = structural_similarity(pictures, targets).clamp(0, 1).double()
        return ((1 - self.structure) * colour + self.structure * alike).clamp(0, 1).float()


def structural_similarity(one: Tensor, other: Tensor) -> Tensor:
    """SSIM (B,), from -1 to 1, of the lightness of pictures (B, 3, H, W) in [0, 1]; of a window, what lies within the
    picture counts.
    """
    a, b = (_lightness(picture) for picture in (one, other))
    means_and_squares = torch.cat([a, b, a * a, b * b, a * b], dim=1)
    sigma = torch.full((len(a), 1, 1, 1), _SIGMA, dtype=a.dtype, device=a.device)
    mean_a, mean_b, aa, bb, ab = gaussian_blur(means_and_squares, sigma, _REACH).unbind(dim=1)
    spread_a, spread_b, joint = aa - mean_a**2, bb - mean_b**2, ab - mean_a * mean_b
    light = (2 * mean_a * mean_b + _C1) / (mean_a**2 + mean_b**2 + _C1)
    alike: Tensor = light * (2 * joint + _C2) / (spread_a + spread_b + _C2)
    return alike.flatten(1).mean(dim=1)


def _lightness(rgb: Tensor) -> Tensor:
    """CIE L* as (B, 1, H, W) in [0, 1], in double precision: SSIM takes differences of squares."""
    red, green, blue = srgb_to_linear(rgb.double().clamp(0, 1)).unbind(1)
    return cielab((red, green, blue))[0].unsqueeze(1) / 100
