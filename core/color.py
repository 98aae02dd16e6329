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


Planes = tuple[Tensor, Tensor, Tensor]
"""The channels of a photo, each (B, 1, H, W): work on planes fuses in the compiler and stays in the cache without it."""

_Rows = tuple[tuple[float, ...], ...]


def _inverse(matrix: _Rows) -> _Rows:
    rows: list[list[float]] = torch.linalg.inv(torch.tensor(matrix, dtype=torch.float64)).tolist()
    return tuple(tuple(row) for row in rows)


_FROM_LMS: Final = _inverse(_TO_LMS)
_FROM_LAB: Final = _inverse(_TO_LAB)


def mix(planes: Planes, matrix: _Rows | Tensor) -> Planes:
    """Multiply each pixel's three planes by a fixed 3x3 or by one matrix a row of the batch, (B, 3, 3)."""
    x, y, z = planes
    if isinstance(matrix, Tensor):
        cells = matrix.to(x.dtype)[..., None, None, None].unbind(1)
        (a, b, c), (d, e, f), (g, h, i) = (row.unbind(1) for row in cells)
        return (
            torch.addcmul(torch.addcmul(a * x, b, y), c, z),
            torch.addcmul(torch.addcmul(d * x, e, y), f, z),
            torch.addcmul(torch.addcmul(g * x, h, y), i, z),
        )
    first, second, third = (torch.add(torch.add(a * x, y, alpha=b), z, alpha=c) for a, b, c in matrix)
    return first, second, third


def power(base: Tensor, exponent: float | Tensor) -> Tensor:
    """base ** exponent for positive bases, to 1e-6; three times as fast as `torch.pow`."""
    return torch.exp2(torch.log2(base) * exponent)


def linear(rgb: Tensor) -> Tensor:
    """Decode sRGB to linear light; odd-extended below 0."""
    size = rgb.abs().clamp(min=_ENCODED_KNEE)
    return rgb * (power((size + 0.055) / 1.055, 2.4) / size)


def encode(light: Tensor) -> Tensor:
    """Encode linear light to sRGB; odd-extended below 0."""
    size = light.abs().clamp(min=_LIGHT_KNEE)
    return light * ((1.055 * power(size, 1 / 2.4) - 0.055) / size)


def planes_of(rgb: Tensor) -> Planes:
    """The planes of (B, 3, H, W), on the same memory."""
    # Not by `chunk`: the compiler lays its gradient out pixel by pixel.
    red, green, blue = (plane.unsqueeze(1) for plane in rgb.unbind(1))
    return red, green, blue


def join(planes: Planes) -> Tensor:
    """Planes as one tensor (B, 3, H, W); unlike `torch.cat`, the compiler lays them out one after another."""
    return torch.stack([plane[:, 0] for plane in planes], dim=1)


def luminance(planes: Planes) -> Tensor:
    """Relative luminance (B, 1, H, W) of linear light; of encoded values, the luma of BT.709."""
    red, green, blue = planes
    return torch.add(torch.add(LUMINANCE[0] * red, green, alpha=LUMINANCE[1]), blue, alpha=LUMINANCE[2])


def largest(planes: Planes) -> Tensor:
    """The largest channel (B, 1, H, W)."""
    return torch.maximum(torch.maximum(planes[0], planes[1]), planes[2])


def smallest(planes: Planes) -> Tensor:
    """The smallest channel (B, 1, H, W)."""
    return torch.minimum(torch.minimum(planes[0], planes[1]), planes[2])


class Lab(NamedTuple):
    """OkLab: lightness L in [0, 1] for the sRGB gamut, opponent axes a (green to red) and b (blue to yellow)."""

    L: Tensor
    a: Tensor
    b: Tensor


def _cbrt(x: Tensor) -> Tensor:
    """Cube root with the slope at 0 held to 1000: x / (x^2 + 1e-9)^(1/3)."""
    return x * power(x * x + 1e-9, -1 / 3)


def oklab(rgb: Tensor) -> Lab:
    """OkLab of sRGB-encoded pixels. Half precision is computed, and returned, in float32."""
    return lab_of(planes_of(linear(at_least_single(rgb))))


def lab_of(light: Planes) -> Lab:
    """OkLab of linear light."""
    long, middle, short = mix(light, _TO_LMS)
    return Lab(*mix((_cbrt(long), _cbrt(middle), _cbrt(short)), _TO_LAB))


def light_of(lab: Lab) -> Planes:
    """Linear light of OkLab; the inverse of `lab_of` to 3e-4 (near black), so ops add differences (see `moved_light`)."""
    return mix(_cubes(lab), _FROM_LMS)


def moved_light(light: Planes, before: Lab, after: Lab) -> Planes:
    """Linear light moved as OkLab moved from `before` to `after`: exactly `light` where nothing moved."""
    was, now = _cubes(before), _cubes(after)
    moves = mix((now[0] - was[0], now[1] - was[1], now[2] - was[2]), _FROM_LMS)
    return light[0] + moves[0], light[1] + moves[1], light[2] + moves[2]


def _cubes(lab: Lab) -> Planes:
    long, middle, short = mix(lab, _FROM_LAB)
    return long * long * long, middle * middle * middle, short * short * short


def at_least_single(x: Tensor) -> Tensor:
    """Half-precision tensors as float32; others unchanged."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def chroma(lab: Lab) -> Tensor:
    """OkLab chroma, with a finite slope on greys."""
    return torch.sqrt(lab.a * lab.a + lab.b * lab.b + 1e-10)


def hue(lab: Lab) -> Tensor:
    """OkLCh hue in degrees [0, 360); 0 on greys, without gradient there."""
    # Within a chroma of 1e-5 the pair turns towards (1, 0): atan2 has no slope at (0, 0).
    share = ((lab.a * lab.a + lab.b * lab.b) * 1e10).clamp(max=1)
    angle = torch.atan2(lab.b * share, lab.a * share + (1 - share))
    return torch.remainder(angle * (180 / math.pi), 360.0)


def smoothstep(low: float, high: float, x: Tensor) -> Tensor:
    """0 below `low`, 1 above `high`, cubic between."""
    t = ((x - low) / (high - low)).clamp(0, 1)
    return t.square() * torch.rsub(t, 3, alpha=2)


def within_headroom(growth: Tensor, full: Tensor) -> Tensor:
    """A gain 1 + growth that slows down before the wall: slope 1 at no growth, never past fullness 1; shrinking is untouched.

    Args:
        growth: the wanted relative change; negative shrinks.
        full: how full it is already: `chroma_share`, OkLab's L, or the largest channel of an encoded pixel.
    """
    full = full.clamp(min=1e-4)
    room = (1 - full).clamp(min=0)
    slowed = room / full * torch.tanh(growth.clamp(min=0) * full / room.clamp(min=1e-4))
    return 1 + slowed + growth.clamp(max=0)


def chroma_share(light: Planes, lab: Lab) -> Tensor:
    """Chroma as a share of that at which a channel reaches 0 at this lightness and hue: 0 grey, 1 and more there; (B, 1, H, W).

    The wall is met by one secant step from the straight guess in linear light; the way there is bent most for blues.
    """
    full = _depth(light, lab.L).clamp(1e-4, 1)
    guess = (1 / full).clamp(max=4)
    there = _depth(light_of(Lab(lab.L, lab.a * guess, lab.b * guess)), lab.L)
    room = 1 - full
    # Deep blues first turn away from the wall: the step is held to twice the guess.
    wall = 1 + (guess - 1) * room / torch.maximum(there - full, room / 2 + 1e-6)
    return 1 / wall


def _depth(light: Planes, lightness: Tensor) -> Tensor:
    """How far the lowest channel of linear light lies below its grey: 0 grey, 1 at 0, more below."""
    grey = (lightness * lightness * lightness).clamp(min=1e-6)
    return 1 - smallest(light) / grey


def hold_in_gamut(moved: Planes, before: Planes, lightness: Tensor) -> Planes:
    """Set what left the gamut on its wall, straight towards a grey, where clipping would turn the hue.

    The grey is a middle one, or the colour's own where that is darker: bright colours then darken a little and stay strong, where
    their own grey would pale them (the adaptive anchor of Ottosson (2021), "sRGB gamut clipping", made fixed).

    Args:
        moved, before: linear light; what was outside before may stay as far out.
        lightness: OkLab's L of `before`, (B, 1, H, W).
    """
    grey = lightness.clamp(0.01, MIDDLE)
    grey = grey * grey * grey
    allowed = _fullness(before, grey).clamp(min=1)
    excess = (1 - allowed / torch.maximum(_fullness(moved, grey), allowed)).clamp(min=0)
    red, green, blue = (torch.addcmul(plane, excess, grey - plane) for plane in moved)
    return red, green, blue


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
    red, green, blue = planes_of(rgb)
    low, high = smallest((red, green, blue)), largest((red, green, blue))
    shift, stretch = curve(low) - low, curve(high) - high
    # How much more the largest channel moves than the smallest, for each step between them.
    slope = (stretch - shift) / (high - low + 1e-6)
    red, green, blue = (torch.addcmul(plane + shift, slope, plane - low) for plane in (red, green, blue))
    return join((red, green, blue))
