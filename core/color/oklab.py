"""Colour shared by ops: sRGB transfer, luminance, OkLab and the gamut's wall.

All functions take and return channels-first tensors (B, 3, H, W) or (B, 1, H, W), are smooth but for stated kinks, and have
finite gradients for every finite input.

Sources: IEC 61966-2-1 (sRGB), ITU-R BT.709 (luminance), Ottosson (2020), "A perceptual color space for image processing".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NamedTuple

import torch
from torch import Tensor

from .planes import Planes, Rows, each, join, largest, mix, planes_of, smallest, weighted

LUMINANCE: Final = (0.2126, 0.7152, 0.0722)
MIDDLE: Final = 0.6

_TO_LMS: Final = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_TO_LAB: Final = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)


# Where the power law meets the straight line: with IEC's own rounded ends there would be a step of 3e-8.
_LIGHT_KNEE: Final = 0.003130668442500634
_ENCODED_KNEE: Final = 12.92 * _LIGHT_KNEE


def _inverse(matrix: Rows) -> Rows:
    rows: list[list[float]] = torch.linalg.inv(torch.tensor(matrix, dtype=torch.float64)).tolist()
    return tuple(tuple(row) for row in rows)


_FROM_LMS: Final = _inverse(_TO_LMS)
_FROM_LAB: Final = _inverse(_TO_LAB)


def power(base: Tensor, exponent: float | Tensor) -> Tensor:
    """base ** exponent for bases above 0, (B, C, H, W), and any exponent, to 1e-6; three times as fast as `torch.pow`."""
    return torch.exp2(torch.log2(base) * exponent)


def linear(rgb: Tensor) -> Tensor:
    """Decode sRGB, of any shape, elementwise to linear light; odd-extended below 0."""
    size = rgb.abs().clamp(min=_ENCODED_KNEE)
    return rgb * (power((size + 0.055) / 1.055, 2.4) / size)


def encode(light: Tensor) -> Tensor:
    """Encode linear light, of any shape, elementwise to sRGB; odd-extended below 0."""
    size = light.abs().clamp(min=_LIGHT_KNEE)
    return light * ((1.055 * power(size, 1 / 2.4) - 0.055) / size)


def luminance(planes: Planes) -> Tensor:
    """Relative luminance (B, 1, H, W) of linear light; of encoded values, the luma of BT.709."""
    return weighted(planes, LUMINANCE)


class Lab(NamedTuple):
    """OkLab, each (B, 1, H, W): lightness L in [0, 1] for the sRGB gamut, opponent axes a (green to red) and b (blue to yellow)."""

    L: Tensor
    a: Tensor
    b: Tensor


def _cbrt(x: Tensor) -> Tensor:
    """Cube root with the slope at 0 held to 1000: x / (x^2 + 1e-9)^(1/3)."""
    return x * power(x * x + 1e-9, -1 / 3)


def oklab(rgb: Tensor) -> Lab:
    """OkLab of sRGB-encoded pixels (B, 3, H, W). Half precision is computed, and returned, in float32."""
    return lab_of(roots_of(planes_of(linear(at_least_single(rgb)))))


def roots_of(light: Planes) -> Planes:
    """The cube roots of the cones' responses to linear light, planes (B, 1, H, W) both: OkLab before its last matrix."""
    return each(_cbrt, mix(light, _TO_LMS))


def lab_of(roots: Planes) -> Lab:
    """OkLab of the cones' roots, planes (B, 1, H, W)."""
    return Lab(*mix(roots, _TO_LAB))


def lightness(roots: Planes) -> Tensor:
    """OkLab's L (B, 1, H, W) of the cones' roots."""
    return weighted(roots, _TO_LAB[0])


def with_chroma(roots: Planes, L: Tensor, gain: Tensor) -> Planes:
    """The cones' roots of the same lightness and hue with `gain` times the chroma: a root is L and a share of a and b; all (B, 1, H, W)."""
    return each(lambda root: torch.lerp(L, root, gain), roots)


def moved(roots: Planes, before: Lab, after: Lab) -> Planes:
    """The cones' roots, planes (B, 1, H, W), moved as OkLab moved: exactly as they were where nothing moved."""
    return each(torch.add, roots, mix(each(torch.sub, after, before), _FROM_LAB))


def light_at(roots: Planes) -> Planes:
    """Linear light of the cones' roots, planes (B, 1, H, W); the inverse of `roots_of` to 3e-4 near black: ops add `moved_light`."""
    return mix(each(_cube, roots), _FROM_LMS)


def moved_light(light: Planes, before: Planes, after: Planes) -> Planes:
    """Linear light, planes (B, 1, H, W), moved as the cones' roots moved: exactly as it was where nothing moved."""
    moves = mix(each(lambda was, now: _cube(now) - _cube(was), before, after), _FROM_LMS)
    return each(torch.add, light, moves)


def _cube(x: Tensor) -> Tensor:
    return torch.pow(x, 3)


def at_least_single(x: Tensor) -> Tensor:
    """Half-precision tensors of any shape as float32; others unchanged."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def chroma(lab: Lab) -> Tensor:
    """OkLab chroma (B, 1, H, W), with a finite slope on greys."""
    return torch.sqrt(lab.a * lab.a + lab.b * lab.b + 1e-10)


def hue(lab: Lab) -> Tensor:
    """OkLCh hue (B, 1, H, W) in degrees [0, 360); 0 on greys, without gradient there."""
    return torch.remainder(angle(lab), 360.0)


def angle(lab: Lab) -> Tensor:
    """OkLCh hue (B, 1, H, W) in degrees from -180 to 180; 0 on greys, without gradient there."""
    # Within a chroma of 1e-5 the pair turns towards (1, 0): atan2 has no slope at (0, 0).
    share = ((lab.a * lab.a + lab.b * lab.b) * 1e10).clamp(max=1)
    return torch.atan2(lab.b * share, lab.a * share + (1 - share)) * (180 / math.pi)


def smoothstep(low: float, high: float, x: Tensor) -> Tensor:
    """0 below `low`, 1 above `high`, 3 t^2 - 2 t^3 between, with t from 0 to 1, elementwise; `low` < `high` in x's own unit."""
    t = ((x - low) * (1 / (high - low))).clamp(0, 1)
    return t.square() * torch.rsub(t, 3, alpha=2)


def within_headroom(growth: Tensor, full: Tensor) -> Tensor:
    """A gain 1 + growth, elementwise, that slows down before the wall: slope 1 at no growth, never past fullness 1; shrinking is untouched.

    Args:
        growth: the wanted relative change; negative shrinks.
        full: how full it is already: `chroma_share`, OkLab's L, or the largest channel of an encoded pixel.
    """
    full = full.clamp(min=1e-4)
    room = (1 - full).clamp(min=0)
    # tanh(t) = e / (-2 - e) with e = expm1(-2 t): faster than torch.tanh, and as precise near 0, unlike forms with a sigmoid.
    e = torch.expm1(-2 * growth.clamp(min=0) * full / room.clamp(min=1e-4))
    slowed = room / full * (e / (-2 - e))
    return 1 + slowed + growth.clamp(max=0)


def chroma_share(light: Planes, roots: Planes, L: Tensor) -> Tensor:
    """Chroma as a share of that at which a channel reaches 0 at this lightness and hue: 0 grey, 1 and more there; (B, 1, H, W).

    How far the lowest channel of linear light lies below its grey tells: 0 grey, 1 at the wall, more below. The wall is met by one secant step from the straight guess in linear light; the way there is bent most for blues.
    """
    grey = _cube(L).clamp(min=1e-6)
    full = (1 - smallest(light) / grey).clamp(1e-4, 1)
    guess = (1 / full).clamp(max=4)
    there = 1 - smallest(light_at(with_chroma(roots, L, guess))) / grey
    room = 1 - full
    # Deep blues first turn away from the wall: the step is held to twice the guess.
    wall = 1 + (guess - 1) * room / torch.maximum(there - full, room / 2 + 1e-6)
    return 1 / wall


def hold_in_gamut(after: Planes, before: Planes, L: Tensor) -> Planes:
    """Set what left the gamut on its wall, straight towards a grey, where clipping would turn the hue.

    The grey is a middle one, or the colour's own where that is darker: bright colours then darken a little and stay strong, where
    their own grey would pale them (the adaptive anchor of Ottosson (2021), "sRGB gamut clipping", made fixed).

    Args:
        after, before: linear light; what was outside before may stay as far out.
        L: OkLab's lightness of `before`, (B, 1, H, W).
    """
    grey = _cube(L.clamp(0.01, MIDDLE))
    allowed = _fullness(before, grey).clamp(min=1)
    excess = (1 - allowed / torch.maximum(_fullness(after, grey), allowed)).clamp(min=0)
    return each(lambda plane: torch.lerp(plane, grey, excess), after)


def _fullness(light: Planes, grey: Tensor) -> Tensor:
    """How far from a grey of linear light to the gamut's wall a colour lies: 0 grey, 1 on the wall, more outside."""
    high, low = largest(light), smallest(light)
    return torch.maximum((high - grey) / (1 - grey), (grey - low) / grey)


def tone_map(rgb: Tensor, curve: Callable[[Tensor], Tensor]) -> Tensor:
    """Apply a tone curve to the largest and smallest channel and keep the middle one's relative place between them.

    Hue survives this where a curve on each channel would turn it, and it costs two channels, not three. Source: DNG SDK, RGBTone.
    A kink where two channels are equal is inherent: there the middle changes its neighbour.

    Args:
        rgb: (B, 3, H, W).
        curve: maps (B, 1, H, W) elementwise.
    """
    planes = planes_of(rgb)
    low, high = smallest(planes), largest(planes)
    shift, stretch = curve(low) - low, curve(high) - high
    # How much more the largest channel moves than the smallest, for each step between them.
    slope = (stretch - shift) / (high - low + 1e-6)
    factor, offset = 1 + slope, torch.addcmul(shift, slope, low, value=-1)
    return join(each(lambda plane: torch.addcmul(offset, factor, plane), planes))
