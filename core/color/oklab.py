"""OkLab and OkLCh. Source: Ottosson (2020), "A perceptual color space for image processing".

All functions take and return channels-first tensors (B, 3, H, W) or planes (B, 1, H, W),
and have finite gradients for every finite input.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import torch
from torch import Tensor

from .elementwise import at_least_single, power
from .planes import Planes, Rows, each, mix, planes_of, weighted
from .srgb import srgb_to_linear

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


def _inverse(matrix: Rows) -> Rows:
    rows: list[list[float]] = torch.linalg.inv(torch.tensor(matrix, dtype=torch.float64)).tolist()
    return tuple(tuple(row) for row in rows)


_FROM_LMS: Final = _inverse(_TO_LMS)
_FROM_LAB: Final = _inverse(_TO_LAB)


class OkLab(NamedTuple):
    """OkLab, each (B, 1, H, W): lightness L in [0, 1] for the sRGB gamut,
    opponent axes a (green to red) and b (blue to yellow).
    """

    L: Tensor
    a: Tensor
    b: Tensor


def _cbrt(x: Tensor) -> Tensor:
    """Cube root with the slope at 0 held to 1000: x / (x^2 + 1e-9)^(1/3)."""
    return x * power(x * x + 1e-9, -1 / 3)


def oklab(rgb: Tensor) -> OkLab:
    """OkLab of sRGB-encoded pixels (B, 3, H, W). Half precision is computed, and returned, in float32."""
    return lab_of(roots_of(planes_of(srgb_to_linear(at_least_single(rgb)))))


def roots_of(light: Planes) -> Planes:
    """The cube roots of the cones' responses to linear light, planes (B, 1, H, W) both:
    OkLab before its last matrix.
    """
    return each(_cbrt, mix(light, _TO_LMS))


def lab_of(roots: Planes) -> OkLab:
    """OkLab of the cones' roots, planes (B, 1, H, W)."""
    return OkLab(*mix(roots, _TO_LAB))


def lightness(roots: Planes) -> Tensor:
    """OkLab's L (B, 1, H, W) of the cones' roots."""
    return weighted(roots, _TO_LAB[0])


def with_chroma(roots: Planes, L: Tensor, gain: Tensor) -> Planes:
    """The cones' roots of the same lightness and hue with `gain` times the chroma:
    a root is L and a share of a and b; all (B, 1, H, W).
    """
    return each(lambda root: torch.lerp(L, root, gain), roots)


def moved(roots: Planes, before: OkLab, after: OkLab) -> Planes:
    """The cones' roots, planes (B, 1, H, W), moved as OkLab moved: exactly as they were where nothing moved."""
    return each(torch.add, roots, mix(each(torch.sub, after, before), _FROM_LAB))


def light_at(roots: Planes) -> Planes:
    """Linear light of the cones' roots, planes (B, 1, H, W); the inverse of `roots_of` to 3e-4 near black:
    ops add `moved_light`.
    """
    return mix(each(cube, roots), _FROM_LMS)


def moved_light(light: Planes, before: Planes, after: Planes) -> Planes:
    """Linear light, planes (B, 1, H, W), moved as the cones' roots moved: exactly as it was where nothing moved."""
    moves = mix(each(lambda was, now: cube(now) - cube(was), before, after), _FROM_LMS)
    return each(torch.add, light, moves)


def cube(x: Tensor) -> Tensor:
    """x to the third, elementwise: linear light of a cone's root."""
    return torch.pow(x, 3)


def chroma(lab: OkLab) -> Tensor:
    """OkLab chroma (B, 1, H, W), with a finite slope on greys."""
    return torch.sqrt(lab.a * lab.a + lab.b * lab.b + 1e-10)


def hue(lab: OkLab) -> Tensor:
    """OkLCh hue (B, 1, H, W) in degrees [0, 360); 0 on greys, without gradient there."""
    return torch.remainder(angle(lab), 360.0)


def angle(lab: OkLab) -> Tensor:
    """OkLCh hue (B, 1, H, W) in degrees from -180 to 180; 0 on greys, without gradient there."""
    # Within a chroma of 1e-5 the pair turns towards (1, 0): atan2 has no slope at (0, 0).
    share = ((lab.a * lab.a + lab.b * lab.b) * 1e10).clamp(max=1)
    return torch.atan2(lab.b * share, lab.a * share + (1 - share)) * (180 / math.pi)
