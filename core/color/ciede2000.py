"""CIEDE2000: how different two colours look.

Source: Sharma, Wu and Dalal (2005), "The CIEDE2000 color-difference formula: implementation notes, supplementary test
data, and mathematical observations". Lab is CIE 1976 under D65, the white of sRGB.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor

from .cielab import cielab
from .planes import Planes
from .srgb import srgb_to_linear

_FULL_TURN: Final = 2 * math.pi
_POWER: Final = 25.0**7
_SMALL: Final = 1e-3


def ciede2000(a: Tensor, b: Tensor) -> Tensor:
    """The difference of sRGB-encoded colours, pixel by pixel, computed in float64.

    Args:
        a, b: (..., 3) of one shape, clamped to [0, 1]: what a screen shows.

    Returns:
        (...): CIEDE2000; 1 is about the least that is seen side by side.
    """
    return _difference(_lab(a), _lab(b))


def smooth_ciede2000(a: Tensor, b: Tensor) -> Tensor:
    """CIEDE2000 (B, H, W) of encoded pixels (B, 3, H, W) in their own precision, with a finite slope everywhere,
    for descent.

    Roots and angles are held off zero by a thousandth of a unit; the rotation of blues,
    whose seams a descent would feel, is left out.
    """
    (light1, a1, b1), (light2, a2, b2) = (cielab(_planes(srgb_to_linear(rgb), 1)) for rgb in (a, b))
    stretch = stretch_of_a(((_length(a1, b1) + _length(a2, b2)) / 2).clamp(max=200), held=1e-12)
    a1, a2 = a1 * stretch, a2 * stretch
    chroma1, chroma2 = _length(a1, b1), _length(a2, b2)
    light, chroma = (light1 + light2) / 2, (chroma1 + chroma2) / 2
    # The hue of the middle colour: a mean of angles would have a seam.
    hue = torch.atan2(b1 + b2, a1 + a2 + _SMALL).detach()
    by_light = (light2 - light1) / lightness_scale(light)
    by_chroma = (chroma2 - chroma1) / chroma_scale(chroma)
    # (2 sqrt(c1 c2) sin(dh / 2))^2 = |ab1 - ab2|^2 - (c1 - c2)^2, without an angle.
    apart = ((a2 - a1).square() + (b2 - b1).square() - (chroma2 - chroma1).square()).clamp(min=0)
    by_hue = apart / hue_scale(chroma, hue).square()
    return torch.sqrt(by_light.square() + by_chroma.square() + by_hue + _SMALL) - math.sqrt(_SMALL)


def lightness_scale(lightness: Tensor) -> Tensor:
    """The formula's S_L, elementwise: by how much differences of L* (0 to 100) count less at this lightness."""
    middle = (lightness - 50) ** 2
    return 1 + 0.015 * middle / torch.sqrt(20 + middle)


def chroma_scale(chroma: Tensor) -> Tensor:
    """The formula's S_C, elementwise: by how much differences of chroma (from 0) count less at this chroma."""
    return 1 + 0.045 * chroma


def hue_scale(chroma: Tensor, hue: Tensor) -> Tensor:
    """The formula's S_H, elementwise: by how much differences of hue count less at this chroma (from 0) and hue
    (radians).
    """
    weight = (
        1
        - 0.17 * torch.cos(hue - math.radians(30))
        + 0.24 * torch.cos(2 * hue)
        + 0.32 * torch.cos(3 * hue + math.radians(6))
        - 0.20 * torch.cos(4 * hue - math.radians(63))
    )
    return 1 + 0.015 * chroma * weight


def stretch_of_a(chroma: Tensor, *, held: float = 0.0) -> Tensor:
    """The formula's 1 + G, elementwise: the factor on a* for greys of this mean chroma (from 0);
    `held` keeps the root's slope finite.
    """
    power = chroma**7
    return 1.5 - 0.5 * torch.sqrt(power / (power + _POWER) + held)


def _planes(rgb: Tensor, dim: int) -> Planes:
    red, green, blue = rgb.unbind(dim)
    return red, green, blue


def _lab(rgb: Tensor) -> Planes:
    return cielab(_planes(srgb_to_linear(rgb.double().clamp(0, 1)), -1))


def _length(a: Tensor, b: Tensor) -> Tensor:
    return torch.sqrt(a.square() + b.square() + _SMALL**2)


def _difference(one: Planes, two: Planes) -> Tensor:
    """CIEDE2000 of CIE Lab colours."""
    (light1, a1, b1), (light2, a2, b2) = one, two
    stretch = stretch_of_a((torch.hypot(a1, b1) + torch.hypot(a2, b2)) / 2)
    a1, a2 = a1 * stretch, a2 * stretch
    chroma1, chroma2 = torch.hypot(a1, b1), torch.hypot(a2, b2)
    hue1, hue2 = torch.atan2(b1, a1) % _FULL_TURN, torch.atan2(b2, a2) % _FULL_TURN
    coloured = (chroma1 * chroma2) != 0
    turn = torch.where(coloured, torch.remainder(hue2 - hue1 + math.pi, _FULL_TURN) - math.pi, 0.0)
    hue = torch.where(coloured, hue1 + turn / 2, hue1 + hue2)
    light, chroma = (light1 + light2) / 2, (chroma1 + chroma2) / 2
    by_light = (light2 - light1) / lightness_scale(light)
    by_chroma = (chroma2 - chroma1) / chroma_scale(chroma)
    by_hue = 2 * torch.sqrt(chroma1 * chroma2) * torch.sin(turn / 2) / hue_scale(chroma, hue)
    blue = torch.exp(-(((torch.remainder(torch.rad2deg(hue), 360.0) - 275) / 25) ** 2))
    rotation = -2 * torch.sqrt(chroma**7 / (chroma**7 + _POWER)) * torch.sin(torch.deg2rad(60 * blue))
    return torch.sqrt((by_light**2 + by_chroma**2 + by_hue**2 + rotation * by_chroma * by_hue).clamp(min=0))
