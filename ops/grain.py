"""Grain like film's: noise of a place and the seed, which needs no state, so that tiles and strips agree.

White noise on lattices, a hash of each lattice point (the 32-bit finaliser of MurmurHash3, Appleby, public domain), is
joined by cubic B-splines (Unser 1999, "Splines: a perfect fit for signal and image processing", table 1): normal by the
central limit, and alike in all directions. The lattices are fixed shares of the long side, an octave apart; size and
roughness weigh them. Grain finer than a pixel is noise from pixel to pixel, as weak as its mean over a pixel. Version 1
was `lens.grain` of contrib/lens.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor

from ..core.color.elementwise import at_least_single
from ..core.color.planes import planes_of
from ..core.color.srgb import luminance
from ..core.contract.op import Frame, Op, Params, Stage
from ..core.contract.slots import Slot

# Lattice cells along the long side, an octave apart, the finest first.
LATTICES: Final = (4096, 2048, 1024, 512, 256)
STRONGEST: Final = 0.1  # standard deviation of a middle grey, encoded
# Mean sum of squares of the four cubic B-splines at a place (151/315).
_SQUARES: Final = 151 / 315


class Grain(Op):
    """Add noise like film's: strongest in the midtones, the same for the same seed."""

    id = "grain"
    version = 2
    stage = Stage.FINISH + 40
    pointwise = False
    amount = Slot(0.0, low=0.0, high=1.0, group="effects", doc="How strong the grain is.")
    size = Slot(
        0.25, low=0.0, high=1.0, group="effects", doc="Size of the grains, of the long side: 0 is 1/4000, 1 is 1/500."
    )
    roughness = Slot(0.5, low=0.0, high=1.0, group="effects", doc="How uneven: 0 has grains of one size.")

    def halo(self, p: Params, size: tuple[int, int]) -> int:
        """No neighbour counts, only the place."""
        return 0

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Add noise of the place to all channels alike, none to black and white."""
        wide = at_least_single(rgb)
        tone = luminance(planes_of(wide)).clamp(0, 1)
        strength = STRONGEST * p.amount * 4 * tone * (1 - tone)
        return (wide + strength.to(wide.dtype) * _noise(wide, p)).to(rgb.dtype)

    @classmethod
    def migrate(cls, values: Mapping[str, Any], version: int) -> Mapping[str, Any] | None:
        """Take over the amount of `lens.grain`, whose cells were 1/1500 of the long side."""
        if set(values) - {"amount"}:
            return None
        return {"amount": 0.4 * min(max(float(values.get("amount", 0.0)), 0.0), 1.0), "size": 0.5, "roughness": 0.0}


def _noise(rgb: Tensor, p: Params) -> Tensor:
    """Noise of standard deviation 1, or less where grains are finer than pixels, (B, 1, H, W)."""
    centre, width = p.size * (len(LATTICES) - 2), 0.5 + 1.2 * p.roughness
    weights = [torch.exp(-0.5 * ((octave - centre) / width).square()).to(rgb.dtype) for octave in range(len(LATTICES))]
    noise = torch.zeros_like(rgb[:, :1])
    for octave, weight in enumerate(weights):
        noise = noise + weight * _octave(rgb, p.frame, octave)
    return noise * torch.stack(weights).square().sum(dim=0).rsqrt()


def _octave(rgb: Tensor, frame: Frame, octave: int) -> Tensor:
    """The noise of one lattice at the pixels of a tile, (H, W)."""
    height, width = rgb.shape[2:]
    cell = max(frame.height, frame.width) / LATTICES[octave]  # in pixels
    seed = frame.seed * len(LATTICES) + octave
    if cell < 1:
        y, x = (torch.arange(n, device=rgb.device) + first for n, first in ((height, frame.top), (width, frame.left)))
        return min(1.0, cell / _SQUARES) * _hashed(y, x, seed).to(rgb.dtype)
    rows, columns = _Splines.along(frame.top, height, cell, rgb), _Splines.along(frame.left, width, cell, rgb)
    points = _hashed(rows.points, columns.points, seed).to(rgb.dtype) / _SQUARES
    return columns.join(rows.join(points, 0), 1)


class _Splines(NamedTuple):
    """Pixels of one axis on a lattice: the points around them, and of each pixel the first of its four points and
    their weights.
    """

    points: Tensor
    first: Tensor
    weights: tuple[Tensor, ...]

    @classmethod
    def along(cls, start: int, count: int, cell: float, like: Tensor) -> _Splines:
        """Of `count` pixels from `start` on, on cells of so many pixels."""
        place = (torch.arange(count, device=like.device, dtype=torch.float64) + (start + 0.5)) / cell
        below = place.floor()
        t = (place - below).to(like.dtype)
        low, high = int((start + 0.5) // cell) - 1, int((start + count - 0.5) // cell) + 2
        weights = (
            (1 - t) ** 3 / 6,
            (3 * t**3 - 6 * t**2 + 4) / 6,
            (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6,
            t**3 / 6,
        )
        return cls(torch.arange(low, high + 1, device=like.device), below.long() - 1 - low, weights)

    def join(self, values: Tensor, axis: int) -> Tensor:
        """Values at the points joined at the pixels."""
        shape = (-1, 1) if axis == 0 else (1, -1)
        parts = (
            weight.reshape(shape) * values.index_select(axis, self.first + i) for i, weight in enumerate(self.weights)
        )
        return functools.reduce(torch.add, parts)


def _hashed(y: Tensor, x: Tensor, seed: int) -> Tensor:
    """A number of each pair of whole numbers, uniform with mean 0 and standard deviation 1."""
    h = (y[:, None] * 0x27D4EB2D + x * 0x165667B1 + (seed % 2**31) * 0x3C6EF372) & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        h = ((h ^ (h >> shift)) * factor) & 0xFFFFFFFF
    return ((h ^ (h >> 16)).double() / 0xFFFFFFFF - 0.5) * 12**0.5
