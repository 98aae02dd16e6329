"""What a blur took from a plane, given back: the blur's inverse as a short series, held within a pixel's surroundings.

The inverse is Van Cittert's (1931), the first terms of I + (I - G) + (I - G)^2 ..., with a Gaussian G.
"""

from __future__ import annotations

from torch import Tensor

from .gaussian import gaussian_blur
from .windows import window_max


def lost_to_blur(plane: Tensor, sigma: Tensor, reach: int, *, terms: int) -> Tensor:
    """What a Gaussian blur took from (B, 1, H, W), as far as so many terms of its inverse find it.

    Args:
        sigma: the blur's width, (B, 1, 1, 1), in pixels, above 0.
        reach: pixels on either side that its kernel holds, at least 1; each term reaches so far anew.
    """
    lost = residue = plane - gaussian_blur(plane, sigma, reach)
    for _ in range(terms - 1):
        residue = residue - gaussian_blur(residue, sigma, reach)
        lost = lost + residue
    return lost


class Surroundings:
    """How far each pixel of (B, 1, H, W) lies below the lightest and above the darkest around it.

    Args:
        radius: of the surroundings, in pixels, at least 1.
    """

    def __init__(self, plane: Tensor, radius: int) -> None:
        self.above = window_max(plane, radius) - plane
        self.below = window_max(-plane, radius) + plane

    def held(self, change: Tensor, passing: Tensor | float) -> Tensor:
        """A change that stays within the surroundings, but for the share `passing` of what lies beyond them."""
        inside = change.minimum(self.above).maximum(-self.below)
        return inside + passing * (change - inside)
