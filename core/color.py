"""Colour shared by ops: sRGB transfer, luminance, OkLab and the gamut's wall.

All functions take and return channels-first tensors (B, 3, H, W) or (B, 1, H, W), are smooth but for stated kinks, and have
finite gradients for every finite input.

Sources: IEC 61966-2-1 (sRGB), ITU-R BT.709 (luminance), Ottosson (2020), "A perceptual color space for image processing".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
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


@cache
def _inverse(matrix: tuple[tuple[float, ...], ...]) -> tuple[tuple[float, ...], ...]:
    rows: list[list[float]] = torch.linalg.inv(torch.tensor(matrix, dtype=torch.float64)).tolist()
    return tuple(tuple(row) for row in rows)


def mix(rgb: Tensor, matrix: tuple[tuple[float, ...], ...] | Tensor) -> Tensor:
    """Multiply each pixel of (B, 3, H, W) by a fixed 3x3 or by one matrix a row, (B, 3, 3)."""
    if isinstance(matrix, Tensor):
        flat: Tensor = torch.bmm(matrix, rgb.flatten(2))
        return flat.reshape(rgb.shape)
    x, y, z = rgb.unbind(1)
    return torch.stack([row[0] * x + row[1] * y + row[2] * z for row in matrix], dim=1)


def linear(rgb: Tensor) -> Tensor:
    """Decode sRGB to linear light; odd-extended below 0."""
    size = rgb.abs()
    power = torch.pow((size.clamp(min=0.04045) + 0.055) / 1.055, 2.4)
    return torch.where(size <= 0.04045, rgb / 12.92, torch.copysign(power, rgb))


def encode(light: Tensor) -> Tensor:
    """Encode linear light to sRGB; odd-extended below 0."""
    size = light.abs()
    power = 1.055 * torch.pow(size.clamp(min=0.0031308), 1 / 2.4) - 0.055
    return torch.where(size <= 0.0031308, light * 12.92, torch.copysign(power, light))


def luminance(light: Tensor) -> Tensor:
    """Relative luminance (B, 1, H, W) of linear light; of encoded values, the luma of BT.709."""
    red, green, blue = light.chunk(3, dim=1)
    return LUMINANCE[0] * red + LUMINANCE[1] * green + LUMINANCE[2] * blue


class Lab(NamedTuple):
    """OkLab: lightness L in [0, 1] for the sRGB gamut, opponent axes a (green to red) and b (blue to yellow)."""

    L: Tensor
    a: Tensor
    b: Tensor


def _cbrt(x: Tensor) -> Tensor:
    """Cube root with the slope at 0 held to 1000: x / (x^2 + 1e-9)^(1/3)."""
    return x * torch.pow(x * x + 1e-9, -1 / 3)


def oklab(rgb: Tensor) -> Lab:
    """OkLab of sRGB-encoded pixels. Half precision is computed, and returned, in float32."""
    lms = _cbrt(mix(linear(at_least_single(rgb)), _TO_LMS))
    return Lab(*mix(lms, _TO_LAB).chunk(3, dim=1))


def from_oklab(lab: Lab) -> Tensor:
    """sRGB-encoded pixels of OkLab; the inverse of `oklab` to 3e-4 (near black), so ops add differences (see `shift_oklab`)."""
    return encode(light_of(lab))


def light_of(lab: Lab) -> Tensor:
    """Linear light of OkLab."""
    lms = mix(torch.cat(lab, dim=1), _inverse(_TO_LAB))
    return mix(lms * lms * lms, _inverse(_TO_LMS))


def shift_oklab(rgb: Tensor, before: Lab, after: Lab) -> Tensor:
    """`rgb` moved as OkLab moved from `before` to `after`: exactly `rgb` where nothing moved."""
    return rgb + (from_oklab(after) - from_oklab(before)).to(rgb.dtype)


def at_least_single(x: Tensor) -> Tensor:
    """Half-precision tensors as float32; others unchanged."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def chroma(lab: Lab) -> Tensor:
    """OkLab chroma, with a finite slope on greys."""
    return torch.sqrt(lab.a * lab.a + lab.b * lab.b + 1e-10)


def hue(lab: Lab) -> Tensor:
    """OkLCh hue in degrees [0, 360); 0 on greys, without gradient there."""
    grey = lab.a * lab.a + lab.b * lab.b < 1e-10
    angle = torch.atan2(torch.where(grey, 0.0, lab.b), torch.where(grey, 1.0, lab.a))
    return torch.remainder(angle * (180 / math.pi), 360.0)


def smoothstep(low: float, high: float, x: Tensor) -> Tensor:
    """0 below `low`, 1 above `high`, cubic between."""
    t = ((x - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def within_headroom(growth: Tensor, full: Tensor) -> Tensor:
    """A gain 1 + growth that slows down before the wall: slope 1 at no growth, never past fullness 1; shrinking is untouched.

    Args:
        growth: the wanted relative change; negative shrinks.
        full: how full it is already: `chroma_share`, OkLab's L, or the largest channel of an encoded pixel.
    """
    full = full.clamp(min=1e-4)
    room = (1 - full).clamp(min=0)
    slowed = room / full * torch.tanh(growth.clamp(min=0) * full / room.clamp(min=1e-4))
    return 1 + torch.where(growth > 0, slowed, growth)


def chroma_share(rgb: Tensor, lab: Lab) -> Tensor:
    """Chroma as a share of that at which a channel reaches 0 at this lightness and hue: 0 grey, 1 and more there; (B, 1, H, W).

    The wall is met by one secant step from the straight guess in linear light; the way there is bent most for blues.
    """
    full = _depth(linear(at_least_single(rgb)), lab.L).clamp(1e-4, 1)
    guess = (1 / full).clamp(max=4)
    there = _depth(light_of(Lab(lab.L, lab.a * guess, lab.b * guess)), lab.L)
    room = 1 - full
    # Deep blues first turn away from the wall: the step is held to twice the guess.
    wall = 1 + (guess - 1) * room / torch.maximum(there - full, room / 2 + 1e-6)
    return 1 / wall


def _depth(light: Tensor, lightness: Tensor) -> Tensor:
    """How far the lowest channel of linear light lies below its grey: 0 grey, 1 at 0, more below."""
    grey = (lightness * lightness * lightness).clamp(min=1e-6)
    return 1 - light.amin(dim=1, keepdim=True) / grey


def hold_in_gamut(moved: Tensor, before: Tensor, lightness: Tensor) -> Tensor:
    """Set what left the gamut on its wall, straight towards a grey, where clipping would turn the hue.

    The grey is a middle one, or the colour's own where that is darker: bright colours then darken a little and stay strong, where
    their own grey would pale them (the adaptive anchor of Ottosson (2021), "sRGB gamut clipping", made fixed).

    Args:
        moved, before: sRGB-encoded (B, 3, H, W); what was outside before may stay as far out.
        lightness: OkLab's L of `before`, (B, 1, H, W).
    """
    light, grey = linear(at_least_single(moved)), (lightness.clamp(0.01, MIDDLE)) ** 3
    allowed = _fullness(linear(at_least_single(before)), grey).clamp(min=1)
    share = (allowed / _fullness(light, grey).clamp(min=1)).clamp(max=1)
    return moved + (encode(grey + share * (light - grey)) - encode(light)).to(moved.dtype)


def _fullness(light: Tensor, grey: Tensor) -> Tensor:
    """How far from a grey of linear light to the gamut's wall a colour lies: 0 grey, 1 on the wall, more outside."""
    away = light - grey
    return torch.maximum(away / (1 - grey), -away / grey).amax(dim=1, keepdim=True)


def tone_map(rgb: Tensor, curve: Callable[[Tensor], Tensor]) -> Tensor:
    """Apply a tone curve to the largest and smallest channel and keep the middle one's relative place between them.

    Hue survives this where a curve on each channel would turn it, and it costs two channels, not three. Source: DNG SDK, RGBTone.
    A kink where two channels are equal is inherent: there the middle changes its neighbour.

    Args:
        rgb: (B, 3, H, W).
        curve: maps (B, 2, H, W) elementwise.
    """
    low, high = rgb.amin(dim=1, keepdim=True), rgb.amax(dim=1, keepdim=True)
    low_after, high_after = curve(torch.cat([low, high], dim=1)).chunk(2, dim=1)
    place = (rgb - low) / (high - low + 1e-6)
    return rgb + (low_after - low) + place * ((high_after - low_after) - (high - low))
