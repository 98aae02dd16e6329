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


_Rows = tuple[tuple[float, ...], ...]


def _inverse(matrix: _Rows) -> _Rows:
    rows: list[list[float]] = torch.linalg.inv(torch.tensor(matrix, dtype=torch.float64)).tolist()
    return tuple(tuple(row) for row in rows)


_FROM_LMS: Final = _inverse(_TO_LMS)
_FROM_LAB: Final = _inverse(_TO_LAB)


def mix(rgb: Tensor, matrix: _Rows | Tensor) -> Tensor:
    """Multiply each pixel of (B, 3, H, W) by a fixed 3x3 or by one matrix a row, (B, 3, 3)."""
    if torch.compiler.is_compiling():  # sums fuse with what stands around them, a matrix product does not
        x, y, z = rgb.unbind(1)
        rows = matrix[..., None, None].unbind(1) if isinstance(matrix, Tensor) else matrix
        parts = (row.unbind(1) if isinstance(row, Tensor) else row for row in rows)
        return torch.stack([a * x + b * y + c * z for a, b, c in parts], dim=1)
    if not isinstance(matrix, Tensor):
        matrix = torch.tensor(matrix, dtype=rgb.dtype, device=rgb.device).expand(rgb.shape[0], 3, 3)
    flat: Tensor = torch.bmm(matrix, rgb.flatten(2))
    return flat.reshape(rgb.shape)


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


def luminance(light: Tensor) -> Tensor:
    """Relative luminance (B, 1, H, W) of linear light; of encoded values, the luma of BT.709."""
    red, green, blue = light.chunk(3, dim=1)
    return LUMINANCE[0] * red + LUMINANCE[1] * green + LUMINANCE[2] * blue


def join(*planes: Tensor) -> Tensor:
    """Planes (B, 1, H, W) as the channels of one tensor; unlike `torch.cat`, the compiler lays them out one after another."""
    return torch.stack([plane[:, 0] for plane in planes], dim=1)


def largest(rgb: Tensor) -> Tensor:
    """The largest channel (B, 1, H, W)."""
    red, green, blue = rgb.chunk(3, dim=1)
    return torch.maximum(torch.maximum(red, green), blue)


def smallest(rgb: Tensor) -> Tensor:
    """The smallest channel (B, 1, H, W)."""
    red, green, blue = rgb.chunk(3, dim=1)
    return torch.minimum(torch.minimum(red, green), blue)


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
    return lab_of(linear(at_least_single(rgb)))


def from_oklab(lab: Lab) -> Tensor:
    """sRGB-encoded pixels of OkLab; the inverse of `oklab` to 3e-4 (near black), so ops add differences (see `moved_light`)."""
    return encode(light_of(lab))


def lab_of(light: Tensor) -> Lab:
    """OkLab of linear light."""
    return Lab(*mix(_cbrt(mix(light, _TO_LMS)), _TO_LAB).chunk(3, dim=1))


def light_of(lab: Lab) -> Tensor:
    """Linear light of OkLab."""
    return mix(_cubes(lab), _FROM_LMS)


def moved_light(light: Tensor, before: Lab, after: Lab) -> Tensor:
    """Linear light moved as OkLab moved from `before` to `after`: exactly `light` where nothing moved."""
    return light + mix(_cubes(after) - _cubes(before), _FROM_LMS)


def _cubes(lab: Lab) -> Tensor:
    lms = mix(join(*lab), _FROM_LAB)
    return lms * lms * lms


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
    t = (x if (low, high) == (0.0, 1.0) else (x - low) / (high - low)).clamp(0, 1)
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


def chroma_share(light: Tensor, lab: Lab) -> Tensor:
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


def _depth(light: Tensor, lightness: Tensor) -> Tensor:
    """How far the lowest channel of linear light lies below its grey: 0 grey, 1 at 0, more below."""
    grey = (lightness * lightness * lightness).clamp(min=1e-6)
    return 1 - smallest(light) / grey


def hold_in_gamut(moved: Tensor, before: Tensor, lightness: Tensor) -> Tensor:
    """Set what left the gamut on its wall, straight towards a grey, where clipping would turn the hue.

    The grey is a middle one, or the colour's own where that is darker: bright colours then darken a little and stay strong, where
    their own grey would pale them (the adaptive anchor of Ottosson (2021), "sRGB gamut clipping", made fixed).

    Args:
        moved, before: linear light (B, 3, H, W); what was outside before may stay as far out.
        lightness: OkLab's L of `before`, (B, 1, H, W).
    """
    grey = lightness.clamp(0.01, MIDDLE)
    grey = grey * grey * grey
    allowed = _fullness(before, grey).clamp(min=1)
    excess = (1 - allowed / torch.maximum(_fullness(moved, grey), allowed)).clamp(min=0)
    return moved + excess * (grey - moved)


def _fullness(light: Tensor, grey: Tensor) -> Tensor:
    """How far from a grey of linear light to the gamut's wall a colour lies: 0 grey, 1 on the wall, more outside."""
    high, low = largest(light), smallest(light)
    return torch.maximum((high - grey) / (1 - grey), (grey - low) / grey)


def tone_map(rgb: Tensor, curve: Callable[[Tensor], Tensor]) -> Tensor:
    """Apply a tone curve to the largest and smallest channel and keep the middle one's relative place between them.

    Hue survives this where a curve on each channel would turn it, and it costs two channels, not three. Source: DNG SDK, RGBTone.
    A kink where two channels are equal is inherent: there the middle changes its neighbour.

    Args:
        rgb: (B, 3, H, W).
        curve: maps (B, 2, H, W) elementwise.
    """
    low, high = smallest(rgb), largest(rgb)
    low_after, high_after = curve(join(low, high)).chunk(2, dim=1)
    place = (rgb - low) / (high - low + 1e-6)
    return rgb + (low_after - low) + place * ((high_after - low_after) - (high - low))
