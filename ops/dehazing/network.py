"""A small network that tells the haze before a photo: how much light passes at each place, and the colour of the rest.

What it sees of each cell of a grid are the measures that others made priors of: the darkest channel around at three
widths (He, Sun and Tang (2009), "Single image haze removal using dark channel prior", CVPR), lightness and saturation
(Zhu, Mai and Shao (2015), "A fast single image haze removal algorithm using color attenuation prior", IEEE TIP 24(11)),
contrast, the height in the picture, and how all of these are spread over the whole. How they weigh is learnt from
clear photos with haze added, as Cai et al. (2016), "DehazeNet", arXiv 1601.07661, do, and from photos left as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import conv2d, leaky_relu, linear, max_pool2d, pad

from ...core.color.planes import largest, planes_of, smallest
from ...core.color.srgb import luminance
from ...core.filters.enlarging import resized
from ...core.filters.windows import window_max, window_mean

SIDE: Final = 96
"""Pixels a side of the picture that the network sees, which is the whole photo, whatever its shape; fewer of a photo of
fewer."""
GRID: Final = 24
"""Cells a side, of four pixels, for which it tells how much light passes."""
FILE: Final = Path(__file__).with_name("dehaze.safetensors")
WIDTH: Final = 32

_CELL: Final = SIDE // GRID
_SPREAD: Final = (0.005, 0.05, 0.25, 0.5, 0.75, 0.95, 0.995)
_MIDDLE: Final = 0.4
_LEAK: Final = 0.1
_DARKEST: Final = 0.65  # of the airlight
_RANGE: Final = 0.4
_CELLS: Final = 15
_WHOLE: Final = 4 * len(_SPREAD) + 3

SHAPES: Final[Mapping[str, tuple[int, ...]]] = {
    "cells": (WIDTH, _CELLS, 1, 1),
    "whole": (WIDTH, _WHOLE),
    "around": (WIDTH, WIDTH),
    "mixed": (WIDTH, WIDTH, 1, 1),
    "neighbours": (WIDTH, WIDTH, 3, 3),
    "passing": (1, WIDTH, 1, 1),
    "airlight": (3, WIDTH),
}
"""The weights by name; each has a bias as long as its first side, by the same name with ".bias"."""


class Haze(NamedTuple):
    """`passing`: (B, 1, h, w) for cells of the photo, the share of light that comes through; `airlight`: (B, 3, 1, 1),
    encoded.
    """

    passing: Tensor
    airlight: Tensor


def haze_of(rgb: Tensor, weights: Mapping[str, Tensor] | None = None) -> Haze:
    """The haze before photos (B, 3, H, W), encoded, nominally in [0, 1]; differentiable in them and in the weights.

    Args:
        weights: by the names in `SHAPES`; the installed ones by default.
    """
    weights = installed() if weights is None else weights
    w = {name: value.to(rgb) for name, value in weights.items()}
    rows, columns = (_CELL * min(max(side // _CELL, 1), GRID) for side in rgb.shape[2:])
    cells, whole = _measures(resized(rgb, (rows, columns)))
    whole = leaky_relu(linear(whole - _MIDDLE, w["whole"], w["whole.bias"]), _LEAK)
    around = linear(whole, w["around"], w["around.bias"])[..., None, None]
    found = leaky_relu(conv2d(cells - _MIDDLE, w["cells"], w["cells.bias"]) + around, _LEAK)
    found = leaky_relu(conv2d(found, w["mixed"], w["mixed.bias"]), _LEAK)
    framed = pad(found, (1, 1, 1, 1), mode="replicate")
    found = leaky_relu(conv2d(framed, w["neighbours"], w["neighbours.bias"]), _LEAK)
    passing = torch.sigmoid(conv2d(found, w["passing"], w["passing.bias"]))
    airlight = _DARKEST + _RANGE * torch.sigmoid(linear(whole, w["airlight"], w["airlight.bias"]))
    return Haze(passing, airlight[..., None, None])


@cache
def installed() -> Mapping[str, Tensor]:
    """The weights that come with the package."""
    from safetensors.torch import load_file

    return load_file(FILE)


def _measures(rgb: Tensor) -> tuple[Tensor, Tensor]:
    """What is measured of each cell, (B, 15, h, w), and of the whole, (B, 31)."""
    planes = planes_of(rgb)
    low, high, luma = smallest(planes), largest(planes), luminance(planes)
    saturation = (high - low) / (high + 0.05)
    mean, lightness, squares, colour = (_mean(each) for each in (rgb, luma, luma * luma, saturation))
    dark, light = -max_pool2d(-low, _CELL), max_pool2d(high, _CELL)
    near, far = -window_max(-dark, 1), -window_max(-dark, 4)
    contrast = (squares - lightness.square()).clamp(min=0)
    wide = (window_mean(squares, 2) - window_mean(lightness, 2).square()).clamp(min=0)
    deviations = (4 * (each + 1e-5).sqrt() for each in (contrast, wide))
    rows = torch.linspace(-1, 1, mean.shape[2], dtype=rgb.dtype, device=rgb.device).reshape(1, 1, -1, 1)
    height = rows.expand(len(rgb), 1, *mean.shape[2:])
    known = (mean, dark, near, far, window_max(light, 3), colour, window_mean(colour, 3), *deviations)
    cells = torch.cat([*known, window_mean(mean, 4), height], dim=1)
    spread = torch.cat([dark, light, lightness, colour], dim=1).flatten(2).sort(dim=2).values
    last = spread.shape[2] - 1
    spread = spread[:, :, [int(share * last) for share in _SPREAD]].flatten(1)
    haziest = torch.softmax(40 * near.flatten(2), dim=2)
    return cells, torch.cat([spread, (mean.flatten(2) * haziest).sum(dim=2)], dim=1)


def _mean(values: Tensor) -> Tensor:
    return torch.nn.functional.avg_pool2d(values, _CELL)
