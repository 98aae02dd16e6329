"""Pixels that break careless formulas, and paths through colour along which nothing may jump.

Simple pixels come first: the first that shows a fault is the smallest that does.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

_CORNERS: Final = [(r, g, b) for r in (0.0, 1.0) for g in (0.0, 1.0) for b in (0.0, 1.0)]
_GREYS: Final = [(v, v, v) for v in (0.5, 0.25, 0.75, 1e-3, 1e-6, 1e-12, 0.0031308, 0.04045, 0.999999)]
_NEAR_GREYS: Final = [
    tuple(v + (d if channel == axis else 0.0) for channel in range(3))
    for v in (0.0, 0.18, 0.5, 0.999)
    for d in (1e-7, 1e-5, 1e-3)
    for axis in range(3)
]
_OUTSIDE: Final = [
    *((v, v, v) for v in (-1e-6, -0.1, -0.5, 1.000001, 1.5, 4.0)),
    *((-0.2, 0.5, 0.5), (0.5, -0.2, 1.2), (1.3, 1.0, 0.2), (1.1, -0.1, -0.1), (-0.1, 1.1, -0.1), (-0.1, -0.1, 1.1)),
    *((4.0, 0.0, 0.0), (0.0, 4.0, 4.0), (-0.5, 4.0, -0.5)),
]


def hostile(dtype: torch.dtype = torch.float32) -> Tensor:
    """(1, 3, 1, N): corners of the cube (black first, white next), greys, near-greys, ramps,
    colours in and outside [0, 1].
    """
    corners = sorted(_CORNERS, key=lambda c: (len(set(c)), c))  # black and white before the colours
    ramps = [
        tuple(a + (b - a) * step / 8 for a, b in zip(start, end, strict=True))
        for start, end in (
            ((0, 0, 0), (1, 0, 0)),
            ((0, 0, 0), (0, 0, 1)),
            ((1, 1, 1), (0, 1, 1)),
            ((1, 0, 0), (0, 1, 0)),
        )
        for step in range(1, 8)
    ]
    pixels = [*corners, *_GREYS, *_NEAR_GREYS, *ramps, *_OUTSIDE]
    return torch.tensor(pixels, dtype=torch.float64).T.reshape(1, 3, 1, -1).to(dtype)


def ordinary(batch: int, height: int, width: int, *, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    """(B, 3, H, W) random colours well inside the cube, no two channels of a pixel alike: away from usual kinks."""
    generator = torch.Generator().manual_seed(seed)
    spread = torch.tensor([0.16, 0.42, 0.68], dtype=torch.float64).reshape(1, 3, 1, 1)
    order = torch.rand(batch, 3, height, width, generator=generator, dtype=torch.float64).argsort(dim=1)
    jitter = 0.2 * torch.rand(batch, 3, height, width, generator=generator, dtype=torch.float64)
    return (spread.expand(batch, 3, height, width).gather(1, order) + jitter).to(dtype)


def scene(height: int, width: int, *, dtype: torch.dtype = torch.float64) -> Tensor:
    """(1, 3, H, W): smooth shading with edges and fine texture, as spatial ops need it."""
    y = torch.linspace(0, 1, height, dtype=torch.float64).reshape(-1, 1)
    x = torch.linspace(0, 1, width, dtype=torch.float64).reshape(1, -1)
    texture = 0.1 * torch.sin(40 * x + 25 * y)
    edge = 0.3 * ((x + 0.3 * y) > 0.6)
    return torch.stack([0.2 + 0.4 * x + edge + texture, 0.6 - 0.4 * y + texture, 0.3 + edge + 0 * x * y])[None].to(
        dtype
    )


def paths(n: int = 513) -> dict[str, Tensor]:
    """Fine paths (3, n) in float64 through the RGB cube, by name: ramps, hue wheels, ways through grey."""
    lines = {
        "the grey ramp from -0.1 to 1.1": ((-0.1, -0.1, -0.1), (1.1, 1.1, 1.1)),
        "blue to orange through grey": ((0.2, 0.45, 0.8), (0.8, 0.55, 0.2)),
        "green to magenta through grey": ((0.3, 0.7, 0.3), (0.7, 0.3, 0.7)),
        "black to red": ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0)),
        "black to blue": ((0.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
        "white to yellow": ((1.0, 1.0, 1.0), (1.0, 1.0, 0.0)),
        "white to cyan": ((1.0, 1.0, 1.0), (0.0, 1.0, 1.0)),
    }
    t = torch.linspace(0, 1, n, dtype=torch.float64)
    found = {}
    for name, (start, end) in lines.items():
        first, last = (torch.tensor(point, dtype=torch.float64)[:, None] for point in (start, end))
        found[name] = first + (last - first) * t
    for saturation, value in ((1.0, 1.0), (0.9, 0.8), (0.5, 0.7), (0.6, 0.15), (0.1, 0.5), (0.004, 0.5)):
        found[f"the hue wheel of saturation {saturation:g} and value {value:g}"] = wheel(saturation, value, n)
    return found


def wheel(saturation: float, value: float, n: int) -> Tensor:
    """(3, n): once around the HSV hues."""
    sector = torch.linspace(0, 6, n, dtype=torch.float64) + torch.tensor([[0.0], [4.0], [2.0]], dtype=torch.float64)
    pure = ((sector.remainder(6) - 3).abs() - 1).clamp(0, 1)
    return value * (1 - saturation * (1 - pure))
