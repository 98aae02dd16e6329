"""Photos without colour stay without: which are, and what of a plan is held back for them.

A photo is monochrome where its channels agree as closely as JPEG leaves them. Unless its words or exact values ask for
colour, its plan has the groups of colour switched off, and a plan without them is rendered to neutral pixels: networks
tint even by their lighting group.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from torch import Tensor

from ..color import srgb
from ..color.planes import planes_of
from ..photo.color.encoding import Pixels, channel_spread, full_scale

if TYPE_CHECKING:
    from ..photo import Photo
    from ..plan.plan import Plan

COLOR_GROUPS: Final = frozenset({"global_color", "specific_color"})
# In 8-bit codes: how far apart a pixel's channels are at most, and in all but one of a thousand pixels.
_APART: Final = 16
_MOSTLY_APART: Final = 4
_FEW: Final = 0.001
_GLANCE: Final = 2**14  # pixels that tell most colour photos
_ROWS: Final = 256


def is_monochrome(pixels: Pixels) -> bool:
    """Whether pixels (H, W, 3), of any depth and in any RGB profile, are neutral but for JPEG's noise."""
    scale = full_scale(pixels.dtype) / 255
    glance = max(1, int((pixels.shape[0] * pixels.shape[1] / _GLANCE) ** 0.5))
    if not _neutral(pixels[::glance, ::glance], scale):
        return False
    return _neutral(pixels, scale)


def _neutral(pixels: Pixels, scale: float) -> bool:
    apart = 0
    for top in range(0, pixels.shape[0], _ROWS):
        spread = channel_spread(pixels[top : top + _ROWS])
        if not spread.max() <= _APART * scale:
            return False
        apart += int((spread > _MOSTLY_APART * scale).sum())
    return bool(apart <= _FEW * pixels.shape[0] * pixels.shape[1])


def hold_colour(plan: Plan, photo: Photo) -> Plan:
    """The plan for this photo: one without colour has the groups of colour switched off, their values kept and not
    applied.
    """
    if COLOR_GROUPS.isdisjoint(plan.groups) or not is_monochrome(photo.pixels):
        return plan
    return replace(plan, groups=tuple(group for group in plan.groups if group not in COLOR_GROUPS))


def luminance(rgb: Tensor) -> Tensor:
    """Pixels (B, 3, H, W), sRGB-encoded, as greys of their luminance."""
    grey = srgb.luminance(planes_of(srgb.srgb_to_linear(rgb)))
    return srgb.linear_to_srgb(grey).expand_as(rgb)
