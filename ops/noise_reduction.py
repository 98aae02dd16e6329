"""Noise reduction by what a photo's own noise measures.

Overlapping blocks of 6 x 6 are transformed by a DCT, coefficients that are no larger than noise are shrunk, and blocks
are joined again, those with few coefficients first: Yu and Sapiro (2011), "DCT image denoising: a simple and effective
image denoising algorithm", IPOL 1, with weights as in Guleryuz (2007), "Weighted averaging for denoising with
overcomplete dictionaries", and a smooth step for the threshold. Lightness and two colour differences, which are
orthonormal, are done apart.

How strong noise is follows from the flattest blocks at each brightness, as the noise of a sensor grows with light: in
the finest coefficients of those there is nothing else (Colom and Buades (2013), "Analysis and extension of the
percentile method, estimating a noise curve from a single image", IPOL 3). That takes the whole photo.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from ..core.color.elementwise import at_least_single
from ..core.contract.op import Op, Params, Stage
from ..core.contract.slots import Slot
from ..core.threads import fill

SIDE: Final = 6
STEP: Final = 3
# Rows, each orthonormal to the others: lightness, red against blue, green against both.
OPPONENT: Final = ((3**-0.5,) * 3, (2**-0.5, 0.0, -(2**-0.5)), (6**-0.5, -2 * 6**-0.5, 6**-0.5))
# Standard deviations of noise, at the middle of the detail slots: in lightness and in colour, whose detail is coarse.
THRESHOLDS: Final = (2.6, 3.2)
BLOCKS: Final = 2**16  # at most so many measure the noise
LEVELS: Final = 6  # of brightness, each of as many blocks
FLATTEST: Final = 0.1  # the share of a level's blocks that are taken for flat
FINEST: Final = 6  # coefficients from this sum of frequencies on are fine
# What the mean square of as many numbers is at that share, of their variance: chi-squared, after Wilson and Hilferty.
_COUNT: Final = sum(x + y >= FINEST for x in range(SIDE) for y in range(SIDE))
_PLACE: Final = (1 - 2 / (9 * _COUNT) - 1.2816 * math.sqrt(2 / (9 * _COUNT))) ** 3
ROUNDING: Final = 1 / (12 * 255**2)  # the variance of 8 bits
STRIP: Final = 2**18  # pixels that are transformed at a time
SPAN: Final = 1.6  # of thresholds, between the ends of the detail slots
TINY: Final = 1e-10


class NoiseReduction(Op):
    """Take noise out of lightness and colour, as much of it as the photo has."""

    id = "noise_reduction"
    version = 1
    stage = Stage.WHITE_BALANCE - 60
    pointwise = False
    luminance = Slot(0.0, low=0.0, high=1.0, group="detail", doc="How much of the noise in lightness is taken out.")
    luminance_detail = Slot(0.5, low=0.0, high=1.0, group="detail", doc="High keeps fine detail, and specks of noise.")
    luminance_contrast = Slot(0.0, low=0.0, high=1.0, group="detail", doc="High keeps broad contrast, and mottles.")
    color = Slot(0.0, low=0.0, high=1.0, group="detail", doc="How much of the noise in colour is taken out.")
    color_detail = Slot(0.5, low=0.0, high=1.0, group="detail", doc="High keeps thin coloured edges, and specks.")
    color_smoothness = Slot(0.5, low=0.0, high=1.0, group="detail", doc="High takes out broad blotches of colour too.")

    def halo(self, p: Params, size: tuple[int, int]) -> None:
        """The whole photo tells how noisy it is."""

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Mix the photo with what is left without noise, in lightness and in colour; one smaller than a block stays."""
        if max(rgb.shape[2:]) < SIDE:
            return rgb
        wide = at_least_single(rgb)
        noise, inverse, opponent = _measured(wide), _inverse_thresholds(p, wide), _opponent(wide)
        amount = torch.cat([p.luminance, p.color, p.color], dim=1).to(wide.dtype)

        def compute(rows: slice) -> Tensor:
            top = max(0, rows.start - SIDE)
            planes = conv2d(wide[:, :, top : rows.stop + SIDE], opponent)
            change = amount * (_shrunk(planes, noise, inverse) - planes)
            back = conv2d(change, opponent.transpose(0, 1))
            return wide[:, :, rows] + back[:, :, rows.start - top : rows.stop - top]

        height, width = rgb.shape[2:]
        tall = max(STEP, STRIP // (rgb.shape[0] * width) // STEP * STEP)
        rows = [slice(top, min(top + tall, height)) for top in range(0, height, tall)]
        done = compute(rows[0]) if len(rows) == 1 else fill(torch.empty_like(wide), rows, compute)
        return done.to(rgb.dtype)


class _Noise(NamedTuple):
    """The noise of a photo: the brightness of each level, (B, L), and its variance in each plane there, (B, 3, L)."""

    places: Tensor
    variances: Tensor

    def at(self, brightness: Tensor) -> Tensor:
        """The variances (B, 3, h, w) at brightnesses (B, 1, h, w), along straight lines between the levels."""
        found = self.variances[:, :, 0, None, None]
        for level in range(self.places.shape[1] - 1):
            low, high = (self.places[:, each, None, None, None] for each in (level, level + 1))
            share = ((brightness - low) / (high - low + 1e-4)).clamp(0, 1)
            found = found + share * (self.variances[:, :, level + 1] - self.variances[:, :, level])[..., None, None]
        return found


def _measured(rgb: Tensor) -> _Noise:
    """The noise of a photo (B, 3, H, W)."""
    batch, _, height, width = rgb.shape
    rgb = pad(rgb, (0, max(0, SIDE - width), 0, max(0, SIDE - height)), mode="replicate")
    step = max(STEP, math.ceil(math.sqrt(height * width / BLOCKS)))
    parts = _split(_split(rgb.unfold(2, SIDE, step).unfold(3, SIDE, step), 5, 2, STEP), 4, 2, STEP)
    blocks = conv2d(parts.permute(0, 1, 4, 6, 5, 7, 2, 3).reshape(batch, 3, SIDE * SIDE, -1), _opponent(rgb))
    blocks = _basis(rgb) @ blocks
    fine = blocks[:, :, _frequencies(rgb.device) >= FINEST].square().mean(dim=2)
    order = blocks[:, 0, 0].argsort(dim=1)
    levels = min(LEVELS, order.shape[1])
    each = order.shape[1] // levels
    order = order[:, : levels * each]
    places = blocks[:, 0, 0].gather(1, order).reshape(batch, levels, each).mean(dim=2) / SIDE
    ranked = fine.gather(2, order[:, None].expand(-1, 3, -1)).reshape(batch, 3, levels, each).sort(dim=3).values
    return _Noise(places, _sound(ranked[..., int(FLATTEST * each)] / _PLACE))


def _sound(variances: Tensor) -> Tensor:
    """Variances (B, 3, L) whose lightness no texture has raised.

    Texture is in lightness far more than in colour. Noise grows with brightness alike in both: what lightness has of
    the colours' is taken from the level that has least of it, clipped ones apart.
    """
    lightness, color = variances[:, :1], variances[:, 1:].mean(dim=1, keepdim=True) + ROUNDING
    share = (lightness + ROUNDING) / color + 3 * ROUNDING / (lightness + ROUNDING)
    return torch.cat([lightness.minimum(color * share.amin(dim=2, keepdim=True)), variances[:, 1:]], dim=1)


def _inverse_thresholds(p: Params, like: Tensor) -> Tensor:
    """One by the squared thresholds of coefficients, in variances of noise, (B, 3, 36, 1, 1); none for the mean."""
    broad = torch.exp(-(_frequencies(like.device).to(like.dtype) / 2).square()).reshape(1, 1, -1, 1, 1)
    detail, contrast, color_detail, smoothness = (
        slot.unsqueeze(2) for slot in (p.luminance_detail, p.luminance_contrast, p.color_detail, p.color_smoothness)
    )
    light = (THRESHOLDS[0] + SPAN * (0.5 - detail)) * (1 - 0.9 * contrast * broad)
    color = (THRESHOLDS[1] + SPAN * (0.5 - color_detail)) * (1 + 1.2 * (smoothness - 0.5) * broad)
    inverse = 1 / torch.cat([light, color, color], dim=1).square()
    return torch.cat([torch.full_like(inverse[:, :, :1], 1e9), inverse[:, :, 1:]], dim=2)


def _shrunk(planes: Tensor, noise: _Noise, inverse: Tensor) -> Tensor:
    """Planes (B, 3, H, W) without the coefficients that noise may have made."""
    height, width = planes.shape[2:]
    framed = pad(planes, (STEP, -width % STEP + STEP, STEP, -height % STEP + STEP), mode="replicate")
    basis = _basis(planes)
    blocks = _split(basis @ _blocks(framed).flatten(3), 3, framed.shape[2] // STEP - 1, -1)
    variances = noise.at(blocks[:, :1, 0] / SIDE)
    # Squares against thresholds; a smooth step for the threshold, whose slope is finite where there is no noise.
    excess = blocks.square() * (1 / (variances + TINY)).unsqueeze(2) * inverse
    cubed = excess.clamp(max=1e4).pow(3)
    kept = cubed / (1 + cubed)
    # The mean stays, and counts one: of a black block nothing is left to count.
    weight = 1 / (1 + kept[:, :, 1:].sum(dim=2, keepdim=True))
    pieces = (basis.T @ (blocks * kept * weight).flatten(3)).reshape(blocks.shape)
    cells = _overlapped(pieces) / _overlapped(weight.expand(-1, -1, 4, -1, -1))
    cells = _split(cells, 2, STEP, STEP).permute(0, 1, 4, 2, 5, 3).flatten(4, 5).flatten(2, 3)
    return cells[:, :, :height, :width]


def _blocks(planes: Tensor) -> Tensor:
    """The overlapping blocks (B, 3, 36, h, w) of planes of whole cells of 3 x 3: four cells each, row by row."""
    cells = _split(_split(planes, 3, -1, STEP), 2, -1, STEP).permute(0, 1, 3, 5, 2, 4).flatten(2, 3)
    return torch.cat([_without(_without(cells, 3, 1 - y), 4, 1 - x) for y in (0, 1) for x in (0, 1)], dim=2)


def _without(cells: Tensor, axis: int, end: int) -> Tensor:
    """Cells without the first, or the last, of an axis."""
    return cells.narrow(axis, 1 - end, cells.shape[axis] - 1)


def _overlapped(blocks: Tensor) -> Tensor:
    """What the four blocks over each cell within the frame add up to, (B, 3, n, h, w) of (B, 3, 4 n, h + 1, w + 1)."""
    quarters = _split(blocks, 2, 4, -1).unbind(2)
    places = ((y, x) for y in (0, 1) for x in (0, 1))
    parts = [_without(_without(part, 3, y), 4, x) for part, (y, x) in zip(quarters, places, strict=True)]
    return (parts[0] + parts[1]) + (parts[2] + parts[3])


def _split(values: Tensor, axis: int, *sizes: int) -> Tensor:
    """An axis as two, of which one size may be -1."""
    return values.reshape(*values.shape[:axis], *sizes, *values.shape[axis + 1 :])


def _opponent(like: Tensor) -> Tensor:
    """The matrix of `OPPONENT` as a kernel of one pixel, (3, 3, 1, 1)."""
    return torch.tensor(OPPONENT, dtype=like.dtype, device=like.device).reshape(3, 3, 1, 1)


def _basis(like: Tensor) -> Tensor:
    """The orthonormal two-dimensional DCT-II, a row a coefficient, the mean first: (36, 36), of `_blocks`."""
    place, frequency = torch.arange(SIDE, dtype=torch.float64), torch.arange(SIDE, dtype=torch.float64)[:, None]
    line = torch.cos(math.pi * (2 * place + 1) * frequency / (2 * SIDE)) * math.sqrt(2 / SIDE)
    line[0] /= math.sqrt(2)
    whole = _split(_split(torch.einsum("ax,by->abxy", line, line), 3, 2, STEP), 2, 2, STEP)
    return whole.transpose(3, 4).reshape(SIDE * SIDE, -1).to(like)


def _frequencies(device: torch.device) -> Tensor:
    """The sum of both frequencies of each coefficient, (36,)."""
    place = torch.arange(SIDE, device=device)
    return (place[:, None] + place).flatten()
