"""What `tiny` measures of a whole photo: tones, light, casts, colours, as about a hundred numbers.

All are taken on averages of the photo over a grid, so that a photo gives the same numbers at any size. Casts are log2
ratios of linear light: the mean, shades of grey with p = 6 (Finlayson and Trezzi 2004), grey edge of first order (van
de Weijer et al. 2007), the brightest pixels that are not clipped (Land 1977), and pixels close to grey.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from ...core.color.hue_bands import BANDS, band_weights
from ...core.color.oklab import chroma, hue, oklab
from ...core.color.srgb import LUMINANCE, srgb_to_linear

GRID: Final = 128
PLACES: Final = (0.005, 0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99, 0.995)
_FLARE: Final = 0.003  # linear light added where dark pixels would make a ratio of almost nothing
_NEUTRAL: Final = 0.04
_BINS: Final = 16


def grid(rgb: Tensor) -> Tensor:
    """Averages (B, 3, GRID, GRID) of squares (B, 3, S, S), where GRID divides S."""
    return functional.avg_pool2d(rgb, rgb.shape[-1] // GRID)


def thinned(rgb: Tensor, side: int) -> Tensor:
    """Every so many places of grids (..., GRID, GRID): (..., side, side)."""
    step = GRID // side
    return rgb[..., step // 2 :: step, step // 2 :: step].contiguous()


def statistics(rgb: Tensor) -> Tensor:
    """The numbers (B, SIZE) of encoded pixels (B, 3, H, W) in [0, 1]; each in its own unit,
    none normalised by another.
    """
    rgb = rgb.clamp(0, 1)
    lab, light = oklab(rgb), srgb_to_linear(rgb)
    flat, pixels = light.flatten(2), rgb.flatten(2)
    stops = torch.log2(flat + _FLARE)
    colour, L = chroma(lab).flatten(1), lab.L.flatten(1)
    ab = torch.stack([lab.a.flatten(1), lab.b.flatten(1)], dim=1)
    luma = (pixels * pixels.new_tensor(LUMINANCE)[:, None]).sum(dim=1, keepdim=True)
    clipped = (pixels >= 252.5 / 255).float(), (pixels <= 2.5 / 255).float()
    seen = (1 - clipped[0].amax(dim=1)) * (1 - clipped[1].amin(dim=1)) + 1e-4
    weights = band_weights(hue(lab)).flatten(2) * colour.unsqueeze(1)
    total = colour.sum(dim=1, keepdim=True) + 1e-3
    found = [
        _percentiles(torch.cat([pixels, luma], dim=1)).flatten(1),
        torch.log2(flat.mean(dim=2) + 1e-3),
        stops.mean(dim=2),
        *_casts(light, flat, stops, colour, seen),
        *(share.mean(dim=2) for share in clipped),
        torch.stack([clipped[0].amax(dim=1).mean(dim=1), clipped[1].amin(dim=1).mean(dim=1)], dim=1).sqrt(),
        _percentiles(colour.unsqueeze(1) * 2).flatten(1)[:, 3:],
        torch.stack([colour.mean(dim=1), (colour < _NEUTRAL).float().mean(dim=1), L.std(dim=1), L.mean(dim=1)], dim=1),
        *(_mean(ab, seen * tone) for tone in _tones(L)),
        weights.sum(dim=2) / total,
        torch.stack([(1 - (L * _BINS - 0.5 - bin).abs()).clamp(min=0).mean(dim=1) for bin in range(_BINS)], dim=1),
    ]
    return torch.cat(found, dim=1)


def _percentiles(channels: Tensor) -> Tensor:
    """The values (B, C, len(PLACES)) at PLACES of (B, C, N) in [0, 1], from a histogram of 256 bins."""
    batch, count, size = channels.shape
    bins = (channels.clamp(0, 1) * 255).round().long() + 256 * torch.arange(
        batch * count, device=channels.device
    ).reshape(batch, count, 1)
    filled = torch.bincount(bins.flatten(), minlength=batch * count * 256).reshape(batch, count, 256)
    below = filled.cumsum(dim=2).to(channels.dtype) / size
    wanted = channels.new_tensor(PLACES).expand(batch, count, -1).contiguous()
    return torch.searchsorted(below, wanted).clamp(max=255).to(channels.dtype) / 255


def _casts(light: Tensor, flat: Tensor, stops: Tensor, colour: Tensor, seen: Tensor) -> list[Tensor]:
    """log2 of red/green and blue/green by each estimator, each (B, 2)."""
    edges = (light[..., 1:, 1:] - light[..., :-1, 1:]).abs() + (light[..., 1:, 1:] - light[..., 1:, :-1]).abs()
    brightness = flat.mean(dim=1)
    bright = torch.sigmoid((brightness / (brightness.mean(dim=1, keepdim=True) + 1e-6) - 2.0) * 4)
    means = [
        _mean(flat, torch.ones_like(seen)),
        _mean((flat * flat * flat).square(), seen).clamp(min=0).pow(1 / 6),
        edges.flatten(2).mean(dim=2),
        _mean(flat, seen * bright + 1e-4),
        _mean(flat, seen * torch.exp(-((colour / _NEUTRAL) ** 2)) + 1e-4),
        _mean(stops, seen).exp2(),
    ]
    return [torch.log2((mean[:, [0, 2]] + _FLARE) / (mean[:, [1]] + _FLARE)) for mean in means]


def _tones(L: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """How far each pixel belongs to the shadows, the middle and the highlights."""
    dark, bright = torch.sigmoid((0.4 - L) * 20), torch.sigmoid((L - 0.7) * 20)
    return dark, (1 - dark - bright).clamp(min=0), bright


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    """The mean (B, C) of (B, C, N), weighted by (B, N)."""
    return (values * weights.unsqueeze(1)).sum(dim=2) / (weights.sum(dim=1, keepdim=True) + 1e-6)


SIZE: Final = 4 * len(PLACES) + 3 + 3 + 12 + 6 + 2 + (len(PLACES) - 3) + 4 + 6 + len(BANDS) + _BINS
