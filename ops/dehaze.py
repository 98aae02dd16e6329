"""Haze taken away, or added, by the atmospheric model: I = J t + A (1 - t), on encoded values as in the papers.

How much light haze adds follows from the darkest channel around, which without haze is near 0 nearly everywhere: He,
Sun and Tang (2009), "Single image haze removal using dark channel prior", CVPR, eq. 5 to 12. What differs here keeps
clear photos as they are: the surroundings are wide, places without texture (skies) take their neighbours' haze, and a
floor as low as that of clear photos counts for nothing. The map of haze knows no edges finer than a fifth of the photo,
so that it needs no refinement along them and leaves no halo. The airlight is that of the haziest place, at least nearly
white, with half of its colour.

All of it is found on a thumbnail of the whole photo, whose size does not depend on the photo's: previews agree.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from ..core.color.elementwise import at_least_single
from ..core.color.planes import planes_of, smallest
from ..core.color.srgb import luminance
from ..core.contract.op import Op, Params, Stage
from ..core.contract.slots import Slot
from ..core.filters.enlarging import resized
from ..core.filters.windows import window_max, window_mean

SIDE: Final = 256  # long side of the thumbnail, in pixels
# Radii as shares of the long side.
HAZIEST: Final = 0.02
AROUND: Final = 0.2
SMOOTH: Final = 0.12
TEXTURE_AROUND: Final = 0.03
DARKEST: Final = 0.005  # the share of pixels that lie below a photo's floor
TEXTURE: Final = 0.03  # deviation of the luma that counts half
CLEAR: Final = 0.15  # the floor that counts half; that of clear photos is mostly below 0.1
NEARLY_WHITE: Final = 0.9
TAKEN: Final = 0.9  # of the haze, as some of it tells how far away things are
ADDED: Final = 0.5  # of the light, at the lowest amount
THINNEST: Final = 0.15


class Dehaze(Op):
    """Take haze out of a photo, or add some."""

    id = "dehaze"
    version = 1
    stage = Stage.WHITE_BALANCE - 40
    pointwise = False
    amount = Slot(group="detail", doc="How much of the haze is taken away; negative adds some.")

    def halo(self, p: Params, size: tuple[int, int]) -> None:
        """The whole photo tells how much haze there is, and of what colour."""

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Solve the model for the photo behind the haze, or put haze before it."""
        wide = at_least_single(rgb)
        thumbnail = _thumbnail(wide)
        airlight = _airlight(thumbnail)
        share = _veil(thumbnail) / airlight.amin(dim=1, keepdim=True)
        share = resized(share, (rgb.shape[2], rgb.shape[3]))
        taken = (1 - TAKEN * p.amount.clamp(min=0) * share).clamp(min=THINNEST)
        # Of what is behind the haze, so much is left where some is added.
        left = 1 + ADDED * p.amount.clamp(max=0)
        return (wide + (left / taken - 1) * (wide - airlight)).to(rgb.dtype)


def _thumbnail(rgb: Tensor) -> Tensor:
    height, width = rgb.shape[2:]
    scale = min(1.0, SIDE / max(height, width))
    return resized(rgb, (max(1, round(height * scale)), max(1, round(width * scale))))


def _airlight(thumbnail: Tensor) -> Tensor:
    """The colour of haze, (B, 3, 1, 1): a mean in which the haziest places count, with half of its colour."""
    floor = _floor(smallest(planes_of(thumbnail)), HAZIEST * max(thumbnail.shape[2:]))
    weights = torch.softmax(60 * floor.flatten(1), dim=1).unsqueeze(1)
    found = (thumbnail.flatten(2) * weights).sum(dim=2)[..., None, None]
    return ((found + found.mean(dim=1, keepdim=True)) / 2).clamp(min=NEARLY_WHITE)


def _veil(thumbnail: Tensor) -> Tensor:
    """The light that haze adds, (B, 1, h, w)."""
    planes, long = planes_of(thumbnail), max(thumbnail.shape[2:])
    dark = window_mean(smallest(planes), 1)
    whole = dark.flatten(1).sort(dim=1).values[:, int(DARKEST * dark[0].numel())].reshape(-1, 1, 1, 1)
    luma = luminance(planes)
    mean = window_mean(luma, TEXTURE_AROUND * long)
    variance = (window_mean(luma * luma, TEXTURE_AROUND * long) - mean * mean).clamp(min=0)
    known = variance / (variance + TEXTURE**2)
    around, doubt = _floor(dark, AROUND * long), 0.05
    near = (_smooth(known * around, long) + doubt * whole) / (_smooth(known, long) + doubt)
    whole, near = (each * _counted(each) for each in (whole, near))
    return torch.maximum(near, whole)


def _floor(plane: Tensor, radius: float) -> Tensor:
    """The darkest within a window."""
    return -window_max(-plane, max(1, round(radius)))


def _smooth(plane: Tensor, long: int) -> Tensor:
    return window_mean(window_mean(plane, SMOOTH * long), SMOOTH * long)


def _counted(floor: Tensor) -> Tensor:
    """How far a floor is haze: a smooth step around that of clear photos."""
    powered = (floor.clamp(min=0) / CLEAR).clamp(max=10).pow(6)
    return powered / (1 + powered)
