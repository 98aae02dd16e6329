"""Ops that look at neighbouring pixels, or at where in the photo they are.

Clarity: guided filter, He, Sun and Tang (2010), "Guided image filtering", eq. 5 and 6, of the luma by itself.
Sharpening: unsharp mask. Grain: value noise on a lattice of hashed integers (Perlin 2002's interpolation), which needs
no state, so that tiles agree.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, pad

from veraretouch import Op, Params, Slot, Stage

LUMA = (0.2126, 0.7152, 0.0722)


def luma(rgb: Tensor) -> Tensor:
    """BT.709 luma (B, 1, H, W) of encoded pixels."""
    return (rgb * torch.tensor(LUMA, dtype=rgb.dtype, device=rgb.device).reshape(1, 3, 1, 1)).sum(dim=1, keepdim=True)


def share(p: Params, of_long_side: float) -> int:
    """A radius in pixels, at least 1, as a share of the photo's long side."""
    return max(1, round(of_long_side * max(p.frame.height, p.frame.width)))


def box(x: Tensor, radius: int) -> Tensor:
    """The mean of the square of this radius; beyond the border only what is there counts."""
    across = avg_pool2d(x, (1, 2 * radius + 1), 1, (0, radius), count_include_pad=False)
    return avg_pool2d(across, (2 * radius + 1, 1), 1, (radius, 0), count_include_pad=False)


class Vignette(Op):
    """Darken or lighten the corners, as a lens does."""

    id = "lens.vignette"
    version = 1
    stage = Stage.EFFECTS + 20
    pointwise = False
    linear = True
    amount = Slot(low=-1.0, high=1.0, unit="2 EV", group="effects", doc="Light of the corners: negative darkens.")
    midpoint = Slot(
        0.3, low=0.0, high=0.8, group="effects", doc="How far from the middle it begins, 1 being the corner."
    )

    def halo(self, p: Params, size: tuple[int, int]) -> int:
        """No neighbour counts, only the place."""
        return 0

    def apply(self, light: Tensor, p: Params) -> Tensor:
        """Scale linear light by a power of two that grows smoothly towards the corners."""
        f = p.frame
        y = torch.arange(light.shape[2], device=light.device, dtype=light.dtype)[:, None] + (f.top + 0.5 - f.height / 2)
        x = torch.arange(light.shape[3], device=light.device, dtype=light.dtype) + (f.left + 0.5 - f.width / 2)
        distance = torch.sqrt(y * y + x * x) / (0.5 * (f.height**2 + f.width**2) ** 0.5)
        t = ((distance - p.midpoint) / (1 - p.midpoint)).clamp(0, 1)
        return light * torch.exp2(2 * p.amount * t * t * (3 - 2 * t))


class Clarity(Op):
    """Strengthen or soften local contrast, without halos along edges."""

    id = "lens.clarity"
    version = 1
    stage = Stage.EFFECTS
    pointwise = False
    amount = Slot(low=-1.0, high=1.0, group="effects", doc="Local contrast: +1 doubles it, -1 takes most of it away.")

    REACH = 0.008
    EDGE = 0.01  # variances of the luma well above it are edges, which the filter keeps

    def halo(self, p: Params, size: tuple[int, int]) -> int:
        """Two box filters, one after the other."""
        return 2 * share(p, self.REACH)

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Add detail to all channels alike, least at black and white."""
        y, radius = luma(rgb), share(p, self.REACH)
        mean = box(y, radius)
        variance = (box(y * y, radius) - mean * mean).clamp(min=0)
        slope = variance / (variance + self.EDGE)
        base = box(slope, radius) * y + box(mean - slope * mean, radius)
        tone = y.clamp(0, 1)
        return rgb + p.amount * (y - base) * 4 * tone * (1 - tone)


class Sharpen(Op):
    """Sharpen fine detail."""

    id = "lens.sharpen"
    version = 1
    stage = Stage.FINISH
    pointwise = False
    amount = Slot(0.0, low=0.0, high=1.0, group="effects", doc="How much of the finest detail is added again.")

    REACH = 0.0004

    def halo(self, p: Params, size: tuple[int, int]) -> int:
        """The blur's radius."""
        return 2 * share(p, self.REACH)

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Add what a Gaussian blur takes from the luma."""
        radius = self.halo(p, (p.frame.height, p.frame.width))
        place = torch.arange(-radius, radius + 1, dtype=rgb.dtype, device=rgb.device)
        weights = torch.exp(-0.5 * (place / (radius / 2)) ** 2)
        weights = weights / weights.sum()
        y = luma(rgb)
        framed = pad(y, (radius, radius, radius, radius), mode="replicate")
        blurred = conv2d(conv2d(framed, weights.reshape(1, 1, 1, -1)), weights.reshape(1, 1, -1, 1))
        return rgb + 1.5 * p.amount * (y - blurred)


class Grain(Op):
    """Add noise like film's: coarser than pixels, strongest in the midtones, the same for the same seed."""

    id = "lens.grain"
    version = 1
    stage = Stage.FINISH + 20
    pointwise = False
    amount = Slot(0.0, low=0.0, high=1.0, group="effects", doc="How strong the grain is.")

    CELLS = 1500.0  # grains along the long side

    def halo(self, p: Params, size: tuple[int, int]) -> int:
        """No neighbour counts, only the place."""
        return 0

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Add noise of the place to all channels alike."""
        f = p.frame
        cell = max(1.0, max(f.height, f.width) / self.CELLS)
        y = (torch.arange(rgb.shape[2], device=rgb.device, dtype=torch.float64) + f.top) / cell
        x = (torch.arange(rgb.shape[3], device=rgb.device, dtype=torch.float64) + f.left) / cell
        noise = _noise(y, x, f.seed).to(rgb.dtype)
        tone = luma(rgb).clamp(0, 1)
        return rgb + 0.25 * p.amount * noise * 4 * tone * (1 - tone)


def _noise(y: Tensor, x: Tensor, seed: int) -> Tensor:
    """Smooth noise (H, W) in [-0.5, 0.5] at places (H,) and (W,), in units of its lattice."""
    top, left = y.floor().long(), x.floor().long()
    v, u = ((t * t * (3 - 2 * t)) for t in (y - top, x - left))
    corners = [[_hash(top + i, left + j, seed) for j in (0, 1)] for i in (0, 1)]
    above, below = (torch.lerp(a, b, u.expand_as(a)) for a, b in corners)
    return torch.lerp(above, below, v[:, None].expand_as(above))


def _hash(y: Tensor, x: Tensor, seed: int) -> Tensor:
    """A number in [-0.5, 0.5] of each pair of whole numbers (32-bit finaliser of MurmurHash3)."""
    h = (y[:, None] * 0x27D4EB2D + x * 0x165667B1 + (seed % 2**31) * 0x3C6EF372) & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        h = ((h ^ (h >> shift)) * factor) & 0xFFFFFFFF
    return (h ^ (h >> 16)).double() / 0xFFFFFFFF - 0.5
