"""What the rules measure on a thumbnail: tones, clipping, colourfulness, the cast by several estimators, single colours.

Casts are log2 ratios of linear light, (red/green, blue/green) in stops: 0 is neutral. Estimators: shades of grey with p = 6 (Finlayson and
Trezzi 2004), grey edge of first order (van de Weijer et al. 2007), near-neutral pixels in OkLCh, and the brightest unclipped pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from ...core.color import Lab, chroma, hue, linear, luminance, oklab
from ...core.photo import Photo
from ...ops.hsl import BANDS, band_weights

Array = NDArray[np.float64]

THUMBNAIL: Final = 192
TONES: Final = (1, 5, 25, 50, 75, 95, 99)
_BLACK: Final = 2.5 / 255
_WHITE: Final = 252.5 / 255
_COLOURED: Final = 0.04


@dataclass(frozen=True)
class Band:
    """One band of hue: its share of the picture, and the mean chroma and lightness of what belongs to it."""

    share: float
    chroma: float
    lightness: float


@dataclass(frozen=True)
class Measurements:
    """What a thumbnail shows.

    Attributes:
        tones: percentile -> OkLab lightness, 0..1.
        brightness: mean log2 of linear luminance, in stops below white.
        clipped_high, clipped_low: shares of pixels with a channel at white, with all channels at black.
        chroma, chroma_strong: mean and 90th percentile of OkLab chroma, measured on pixels that are neither clipped nor black.
        casts: estimator -> (red/green, blue/green) in stops.
        neutral_share: share of pixels close to grey.
        warm_share: chroma-weighted share of hues from red to yellow.
        bands: name -> `Band`, as `ops.hsl` divides the hues.
    """

    tones: dict[int, float]
    brightness: float
    clipped_high: float
    clipped_low: float
    chroma: float
    chroma_strong: float
    casts: dict[str, tuple[float, float]]
    neutral_share: float
    warm_share: float
    bands: dict[str, Band]

    @property
    def spread(self) -> float:
        """The lightness between the 5th and the 95th percentile."""
        return self.tones[95] - self.tones[5]


def measure(photo: Photo) -> Measurements:
    """Measure a photo on a thumbnail of 192 pixels."""
    small = photo.resized(THUMBNAIL).working()
    rgb = torch.from_numpy(small).permute(2, 0, 1).unsqueeze(0).clamp(0, 1)
    lab, light = oklab(rgb), linear(rgb)
    lightness, colour = _flat(lab.L), _flat(chroma(lab))
    channels = rgb[0].double().numpy()
    high, low = (channels >= _WHITE).any(axis=0), (channels <= _BLACK).all(axis=0)
    seen = ~(high | low).ravel()
    colour_seen = colour[seen] if seen.any() else colour
    weights = band_weights(hue(lab))[0].double().numpy().reshape(len(BANDS), -1)
    return Measurements(
        tones={p: float(v) for p, v in zip(TONES, np.percentile(lightness, TONES), strict=True)},
        brightness=float(np.log2(_flat(luminance(light)).clip(1e-4)).mean()),
        clipped_high=float(high.mean()),
        clipped_low=float(low.mean()),
        chroma=float(colour_seen.mean()),
        chroma_strong=float(np.percentile(colour_seen, 90)),
        casts=_casts(light[0].double().numpy(), lab, seen),
        neutral_share=float((colour < _COLOURED).mean()),
        warm_share=_warm_share(weights, colour),
        bands=_bands(weights, colour, lightness),
    )


def _flat(plane: torch.Tensor) -> Array:
    flat: Array = plane.double().numpy().ravel()
    return flat


def _casts(light: Array, lab: Lab, seen: NDArray[np.bool_]) -> dict[str, tuple[float, float]]:
    flat = light.reshape(3, -1)
    usable = flat[:, seen] if seen.sum() > 16 else flat
    luma = usable.mean(axis=0)
    bright = usable[:, luma >= np.percentile(luma, 95)]
    edges = np.stack(
        [np.hypot(*np.gradient(plane)).ravel() if min(plane.shape) > 1 else plane.ravel() for plane in light]
    )
    edges = edges[:, seen] if seen.sum() > 16 else edges
    colour, lightness = _flat(chroma(lab)), _flat(lab.L)
    mild = np.exp(-((colour / (0.12 * lightness + 0.01)) ** 2) * 2) * seen * (lightness > 0.15)
    neutral = (flat * mild).sum(axis=1) / max(float(mild.sum()), 1e-6) if mild.sum() > 1 else flat.mean(axis=1)
    return {
        "shades of grey": _stops(np.power(usable, 6).mean(axis=1) ** (1 / 6)),
        "grey world": _stops(usable.mean(axis=1)),
        "grey edge": _stops(edges.mean(axis=1)),
        "near neutrals": _stops(neutral),
        "brightest": _stops(bright.mean(axis=1)),
    }


def _stops(rgb: Array) -> tuple[float, float]:
    red, green, blue = np.log2(rgb.clip(1e-5))
    return float(red - green), float(blue - green)


def _warm_share(weights: Array, colour: Array) -> float:
    warm = weights[[BANDS.index(band) for band in ("red", "orange", "yellow")]].sum(axis=0)
    return float((warm * colour).sum() / max(float(colour.sum()), 1e-6))


def _bands(weights: Array, colour: Array, lightness: Array) -> dict[str, Band]:
    found = {}
    coloured = weights * (colour > _COLOURED)
    for name, weight in zip(BANDS, coloured, strict=True):
        total = float(weight.sum())
        share = total / len(colour)
        if total < 1:
            found[name] = Band(share, 0.0, 0.0)
        else:
            found[name] = Band(share, float((weight * colour).sum() / total), float((weight * lightness).sum() / total))
    return found
