"""Sharpening for how a picture will be looked at, on the pixels that are written.

Reducing a picture softens it, a print spreads its ink: each is undone as a Gaussian blur, see
`core.filters.deblurring`. Edges get some overshoot, which at that size is not seen as a line. Widths and strengths were
chosen by eye.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from ..errors import UnwritablePhoto, nearest
from .color.encoding import Pixels, full_scale, quantise, strips

if TYPE_CHECKING:
    from torch import Tensor

OutputSharpening: TypeAlias = Literal[
    "screen-low",
    "screen",
    "screen-high",
    "matte-low",
    "matte",
    "matte-high",
    "glossy-low",
    "glossy",
    "glossy-high",
]
"""What a picture is sharpened for, and how strongly: a screen, or prints on matte or glossy paper."""


class _Setting(NamedTuple):
    """A blur's width in pixels, and how much of it is undone."""

    sigma: float
    amount: float


_MEDIA: Final = {"screen": _Setting(0.6, 0.6), "matte": _Setting(1.0, 0.9), "glossy": _Setting(0.8, 0.75)}
_AMOUNTS: Final = {"low": 0.5, "high": 1.5}
_TERMS: Final = 2
_AROUND: Final = 1  # pixels
_PASSING: Final = 0.3  # the share of an overshoot that stays
_LUMA: Final = (0.2126, 0.7152, 0.0722)


def sharpened_for(pixels: Pixels, setting: OutputSharpening) -> Pixels:
    """Sharpen (H, W, 3) pixels at their own depth, in whatever profile, for a screen or a print.

    Integers are rounded to nearest and clipped.

    Raises:
        UnwritablePhoto: no such setting.
    """
    known = get_args(OutputSharpening)
    if setting not in known:
        raise UnwritablePhoto(
            f"output_sharpening is {setting!r}; it must be one of {', '.join(known)}",
            cure=nearest(str(setting), known).lstrip() or "Give one of these",
        )
    medium, _, strength = setting.partition("-")
    sigma, amount = _MEDIA[medium]
    amount *= _AMOUNTS.get(strength, 1.0)
    kernel = math.ceil(3 * sigma)
    halo = _TERMS * kernel + _AROUND
    made = np.empty_like(pixels)
    scale = np.float32(full_scale(pixels.dtype))
    for rows in strips(*pixels.shape[:2]):
        top = max(0, rows.start - halo)
        part = np.divide(pixels[top : rows.stop + halo], scale, dtype=np.float32)
        added = _added(part, sigma, amount, kernel)[rows.start - top :][: rows.stop - rows.start]
        made[rows] = quantise(part[rows.start - top :][: len(added)] + added, pixels.dtype)
    return made


def _added(part: Pixels, sigma: float, amount: float, kernel: int) -> Pixels:
    """What all channels of (H, W, 3) floats are given, (H, W, 1)."""
    import torch

    from ..filters.deblurring import Surroundings, lost_to_blur

    with torch.inference_mode():
        luma: Tensor = torch.from_numpy(part @ np.asarray(_LUMA, np.float32))[None, None]
        width = torch.full((1, 1, 1, 1), sigma)
        wanted = amount * lost_to_blur(luma, width, kernel, terms=_TERMS)
        added: Pixels = Surroundings(luma, _AROUND).held(wanted, _PASSING)[0, 0, :, :, None].numpy()
        return added
