"""sRGB's transfer function and luminance. Sources: IEC 61966-2-1 (sRGB), ITU-R BT.709 (luminance).

Both directions are odd-extended below 0 and have finite gradients for every finite input.
"""

from __future__ import annotations

from typing import Final

from torch import Tensor

from .elementwise import power
from .planes import Planes, weighted

LUMINANCE: Final = (0.2126, 0.7152, 0.0722)

# Where the power law meets the straight line: with IEC's own rounded ends there would be a step of 3e-8.
_LIGHT_KNEE: Final = 0.003130668442500634
_ENCODED_KNEE: Final = 12.92 * _LIGHT_KNEE


def srgb_to_linear(rgb: Tensor) -> Tensor:
    """Decode sRGB, of any shape, elementwise to linear light; odd-extended below 0."""
    size = rgb.abs().clamp(min=_ENCODED_KNEE)
    return rgb * (power((size + 0.055) / 1.055, 2.4) / size)


def linear_to_srgb(light: Tensor) -> Tensor:
    """Encode linear light, of any shape, elementwise to sRGB; odd-extended below 0."""
    size = light.abs().clamp(min=_LIGHT_KNEE)
    return light * ((1.055 * power(size, 1 / 2.4) - 0.055) / size)


def luminance(planes: Planes) -> Tensor:
    """Relative luminance (B, 1, H, W) of linear light; of encoded values, the luma of BT.709."""
    return weighted(planes, LUMINANCE)
