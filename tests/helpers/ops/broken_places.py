"""Ops that break one promise each on where pixels lie, in tiles and previews, and how smooth they are.

Each differs from a sound op in the one way its docstring states, and fails the check it is listed under.
"""

from __future__ import annotations

import torch
from sound_ops import FadedBlacks, LocalContrast, Sharpen, Tint
from torch import Tensor

from veraretouch.core.color.srgb import srgb_to_linear
from veraretouch.core.contract.op import Params


class LooksAround(FadedBlacks):
    """Claim to be pointwise and take the photo's mean."""

    id = "acme.looks_around"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 0.1 * p.amount * (rgb - rgb.mean(dim=(2, 3), keepdim=True))


class KnowsItsPlace(FadedBlacks):
    """Claim to be pointwise and darken by position."""

    id = "acme.knows_its_place"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb * (1 - 0.1 * p.amount * p.frame.left / p.frame.width)


class NeighbourInRow(FadedBlacks):
    """Claim to be pointwise and borrow from the pixel to the left."""

    id = "acme.neighbour_in_row"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 0.001 * p.amount * rgb.roll(1, dims=3)


class ShortHalo(Sharpen):
    """Declare a halo smaller than the box."""

    id = "acme.short_halo"

    def halo(self, p: Params, size: tuple[int, int]) -> int | None:
        return 2


class TileMean(Sharpen):
    """Take the mean of whatever tile it is given."""

    id = "acme.tile_mean"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 0.1 * p.amount * (rgb - rgb.mean(dim=(2, 3), keepdim=True))


class RadiusInPixels(LocalContrast):
    """Look fifteen pixels around, whatever the photo's size."""

    id = "acme.radius_in_pixels"

    def halo(self, p: Params, size: tuple[int, int]) -> int:
        return 15


class BandsInPixels(Sharpen):
    """Darken bands of two hundred pixels."""

    id = "acme.bands_in_pixels"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        y = p.frame.top + torch.arange(rgb.shape[2], dtype=rgb.dtype, device=rgb.device)
        return rgb * (1 - 0.2 * p.amount * torch.sin(y * torch.pi / 100).reshape(-1, 1))


class HaloBelowNothing(Sharpen):
    """Declare a halo below 0."""

    id = "acme.halo_below_nothing"

    def halo(self, p: Params, size: tuple[int, int]) -> int | None:
        return -3


class HaloOfAShare(Sharpen):
    """Declare a halo of a part of a pixel."""

    id = "acme.halo_of_a_share"

    def halo(self, p: Params, size: tuple[int, int]) -> int | None:
        return 0.035 * max(size)


class Ripples(FadedBlacks):
    """Draw ripples along tones, finer than any lattice."""

    id = "acme.ripples"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 0.1 * p.amount * torch.sin(300 * rgb)


class ShyOfCrowds(FadedBlacks):
    """Do ten times as much where there are many pixels."""

    id = "acme.shy_of_crowds"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        share = 1.0 if rgb.shape[2] * rgb.shape[3] > 50_000 else 0.1
        return rgb + share * p.amount * (rgb * rgb - rgb)


class CutHue(Tint):
    """Count degrees from one end to the other."""

    id = "acme.cut_hue"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 0.1 * p.amount * p.hue / 360 * (1 - rgb).clamp(min=0) ** 4


class OnTheProcessor(FadedBlacks):
    """Keep a constant on the CPU."""

    id = "acme.on_the_processor"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb * (1 + 0.1 * p.amount * torch.tensor([0.2, 0.7, 0.1], dtype=rgb.dtype).reshape(1, 3, 1, 1))


class Threshold(FadedBlacks):
    """Lift what lies below a threshold."""

    id = "acme.threshold"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 0.05 * p.amount * (rgb < 0.4)


class HueOfGrey(FadedBlacks):
    """Act on hue without a gate of chroma: greys have every hue."""

    id = "acme.hue_of_grey"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        red, green, blue = rgb.split(1, dim=1)
        grey = (red - green).abs() + (green - blue).abs() < 1e-9
        angle = torch.atan2(torch.where(grey, 0.0, green - blue), torch.where(grey, 1.0, red - green))
        return rgb + 0.05 * p.amount * angle.sin()


class Posterises(FadedBlacks):
    """Steepen tones until eight bits show bands."""

    id = "acme.posterises"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 0.5 * p.amount * torch.sigmoid(2000 * (srgb_to_linear(rgb) - 0.2))


# The op, the check, and words of its failure: what was expected, what came, or the input that shows it.
BROKEN = [
    (LooksAround, "pointwise", "one changed pixel to change no other"),
    (
        KnowsItsPlace,
        "pointwise",
        "the same pixels wherever the tile lies; came a difference of 0.0076, at Frame(40, 20,",
    ),
    (NeighbourInRow, "pointwise", "shuffled pixels to give the shuffled picture"),
    (ShortHalo, "tiling", "tiles with a halo of 2 pixels to give the whole picture"),
    (TileMean, "tiling", "no statistics of the tile"),
    (RadiusInPixels, "preview", "at the 32 pixels around (0, 32) of 384 x 512, amount=0.6"),
    (BandsInPixels, "preview", "as shares of max(p.frame.height, p.frame.width)"),
    (
        HaloBelowNothing,
        "tiling",
        "a whole number of pixels from 0, or None; came -3, at a photo of 90 x 72, every slot at",
    ),
    (HaloOfAShare, "tiling", "a whole number of pixels from 0, or None; came 3.15"),
    (Ripples, "engines", "from the best lattice, at the sample photo 'portrait', amount=0.3"),
    (ShyOfCrowds, "engines", "a picture by table within CIEDE2000 1 of the op's own"),
    (CutHue, "period", "one picture at both ends of the period 360 of slot 'hue'"),
    (OnTheProcessor, "device", 'at pixels on "meta". Make constants with device=rgb.device'),
    (Threshold, "smoothness", "no jumps; came a step of 0.015 between colours 1e-8 apart, at rgb (0.399219, "),
    (HueOfGrey, "smoothness", "on blue to orange through grey, amount=0.3"),
    (Posterises, "smoothness", "steps at most 60 times the input's at 0.3 of the bounds; came 62.7 times"),
]
