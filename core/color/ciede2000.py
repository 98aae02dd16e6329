"""CIEDE2000: how different two colours look.

Source: Sharma, Wu and Dalal (2005), "The CIEDE2000 color-difference formula: implementation notes, supplementary test data, and mathematical
observations". Lab is CIE 1976 under D65, the white of sRGB.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor

from .oklab import linear

TO_XYZ: Final = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_FULL_TURN: Final = 2 * math.pi
_POWER: Final = 25.0**7


def ciede2000(a: Tensor, b: Tensor) -> Tensor:
    """The difference of sRGB-encoded colours, pixel by pixel, computed in float64.

    Args:
        a, b: (..., 3) of one shape, clamped to [0, 1]: what a screen shows.

    Returns:
        (...): 1 is about the smallest difference that is seen side by side.
    """
    return _difference(_lab(a), _lab(b))


def hue_weight(hue: Tensor) -> Tensor:
    """The formula's T: how much less differences of hue are seen at some hues (radians) than at others."""
    return (
        1
        - 0.17 * torch.cos(hue - math.radians(30))
        + 0.24 * torch.cos(2 * hue)
        + 0.32 * torch.cos(3 * hue + math.radians(6))
        - 0.20 * torch.cos(4 * hue - math.radians(63))
    )


def _lab(rgb: Tensor) -> Tensor:
    xyz = linear(rgb.double().clamp(0, 1)) @ rgb.new_tensor(TO_XYZ, dtype=torch.float64).T
    xyz = xyz / xyz.new_tensor([sum(row) for row in TO_XYZ])
    f = torch.where(xyz > (6 / 29) ** 3, xyz.clamp(min=1e-9) ** (1 / 3), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = f.unbind(-1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=-1)


def _difference(one: Tensor, two: Tensor) -> Tensor:
    """CIEDE2000 of CIE Lab colours (..., 3)."""
    (light1, a1, b1), (light2, a2, b2) = one.unbind(-1), two.unbind(-1)
    mean = (torch.hypot(a1, b1) + torch.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * torch.sqrt(mean**7 / (mean**7 + _POWER))
    a1, a2 = a1 * stretch, a2 * stretch
    chroma1, chroma2 = torch.hypot(a1, b1), torch.hypot(a2, b2)
    hue1, hue2 = torch.atan2(b1, a1) % _FULL_TURN, torch.atan2(b2, a2) % _FULL_TURN
    coloured = (chroma1 * chroma2) != 0
    turn = torch.where(coloured, torch.remainder(hue2 - hue1 + math.pi, _FULL_TURN) - math.pi, 0.0)
    hue = torch.where(coloured, hue1 + turn / 2, hue1 + hue2)
    light, chroma = (light1 + light2) / 2, (chroma1 + chroma2) / 2
    degrees = torch.rad2deg(hue)
    weight = hue_weight(hue)
    middle = (light - 50) ** 2
    by_light = (light2 - light1) / (1 + 0.015 * middle / torch.sqrt(20 + middle))
    by_chroma = (chroma2 - chroma1) / (1 + 0.045 * chroma)
    by_hue = 2 * torch.sqrt(chroma1 * chroma2) * torch.sin(turn / 2) / (1 + 0.015 * chroma * weight)
    blue = torch.exp(-(((torch.remainder(degrees, 360.0) - 275) / 25) ** 2))
    rotation = -2 * torch.sqrt(chroma**7 / (chroma**7 + _POWER)) * torch.sin(torch.deg2rad(60 * blue))
    return torch.sqrt((by_light**2 + by_chroma**2 + by_hue**2 + rotation * by_chroma * by_hue).clamp(min=0))
