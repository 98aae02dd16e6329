"""The wall of the sRGB gamut in OkLab: how near a colour is, and how edits are held before it.

Source: Ottosson (2021), "sRGB gamut clipping", whose adaptive anchor is made fixed here.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from .oklab import cube, light_at, with_chroma
from .planes import Planes, each, largest, smallest

MIDDLE: Final = 0.6


def within_headroom(growth: Tensor, full: Tensor) -> Tensor:
    """A gain 1 + growth, elementwise, that slows down before the wall: slope 1 at no growth,
    never past fullness 1; shrinking is untouched.

    Args:
        growth: the wanted relative change; negative shrinks.
        full: how full it is already: `chroma_share`, OkLab's L, or the largest channel of an encoded pixel.
    """
    full = full.clamp(min=1e-4)
    room = (1 - full).clamp(min=0)
    grown = growth.clamp(min=0)
    # tanh(t) = e / (-2 - e) with e = expm1(-2 t): faster than torch.tanh, and as precise near 0,
    # unlike forms with a sigmoid.
    e = torch.expm1(-2 * grown * full / room.clamp(min=1e-4))
    slowed = room / full * (e / (-2 - e))
    # Not growth.clamp(max=0): at 0 both clamps have a slope, which would count twice.
    return 1 + slowed + (growth - grown)


def chroma_share(light: Planes, roots: Planes, L: Tensor) -> Tensor:
    """Chroma as a share of that at which a channel reaches 0 at this lightness and hue: 0 grey,
    1 and more there; (B, 1, H, W).

    How far the lowest channel of linear light lies below its grey tells: 0 grey, 1 at the wall, more below. The wall is
    met by one secant step from the straight guess in linear light; the way there is bent most for blues.
    """
    grey = cube(L).clamp(min=1e-6)
    full = (1 - smallest(light) / grey).clamp(1e-4, 1)
    guess = (1 / full).clamp(max=4)
    there = 1 - smallest(light_at(with_chroma(roots, L, guess))) / grey
    room = 1 - full
    # Deep blues first turn away from the wall: the step is held to twice the guess.
    wall = 1 + (guess - 1) * room / torch.maximum(there - full, room / 2 + 1e-6)
    return 1 / wall


def hold_in_gamut(after: Planes, before: Planes, L: Tensor) -> Planes:
    """Set what left the gamut on its wall, straight towards a grey, where clipping would turn the hue.

    The grey is a middle one, or the colour's own where that is darker: bright colours then darken a little and stay
    strong, where their own grey would pale them (the adaptive anchor of Ottosson (2021), "sRGB gamut clipping", made
    fixed).

    Args:
        after, before: linear light; what was outside before may stay as far out.
        L: OkLab's lightness of `before`, (B, 1, H, W).
    """
    grey = cube(L.clamp(0.01, MIDDLE))
    allowed = _fullness(before, grey).clamp(min=1)
    excess = (1 - allowed / torch.maximum(_fullness(after, grey), allowed)).clamp(min=0)
    return each(lambda plane: torch.lerp(plane, grey, excess), after)


def _fullness(light: Planes, grey: Tensor) -> Tensor:
    """How far from a grey of linear light to the gamut's wall a colour lies: 0 grey, 1 on the wall, more outside."""
    high, low = largest(light), smallest(light)
    return torch.maximum((high - grey) / (1 - grey), (grey - low) / grey)
