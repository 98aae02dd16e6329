"""What the rules measure on a thumbnail: tones, clipping, colourfulness, the cast by several estimators,
single colours.

Casts are log2 ratios of linear light, (red/green, blue/green) in stops: 0 is neutral. Estimators: shades of grey with p
= 6 (Finlayson and Trezzi 2004), grey edge of first order (van de Weijer et al. 2007), near-neutral pixels in OkLCh, the
brightest unclipped pixels, and percentiles of each channel by itself: the white patch (Land 1977), the median and the
shadows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from ...core.color.hue_bands import BANDS, band_weights
from ...core.color.oklab import OkLab, chroma, hue, oklab
from ...core.color.planes import planes_of
from ...core.color.srgb import luminance, srgb_to_linear
from ...core.photo import Photo
from ..scene.scene import Scene
from .things import Things, things_of

Array = NDArray[np.float64]

THUMBNAIL: Final = 128
TONES: Final = (1, 5, 25, 50, 75, 95, 99)
CEILINGS: Final = (98, 99.5, 100)
FLOORS: Final = (0.5, 2)
# First a sharp reduction, cheap on a large photo; then plain averages,
# which unlike it never overshoot the ends of the tones.
_SHARP: Final = 4 * THUMBNAIL
_BLACK: Final = 2.5 / 255
_WHITE: Final = 252.5 / 255
_COLOURED: Final = 0.04
_PILE: Final = 0.03
_FLARE: Final = 0.003  # linear light added where dark pixels would make a ratio of almost nothing


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
        ceilings, floors: percentile -> encoded value of each pixel's largest, smallest channel, 0..1.
        piled: share of pixels just below the ceiling, as where light was clipped before the picture was darkened.
        clipped_high, clipped_low: shares of pixels with a channel at white, with all channels at black.
        chroma, chroma_strong: mean and 90th percentile of OkLab chroma, measured on pixels that are neither clipped
        nor black.
        casts: estimator -> (red/green, blue/green) in stops.
        neutral_share: share of pixels close to grey.
        warm_share: chroma-weighted share of hues from red to yellow.
        bands: name -> `Band`, as `ops.hsl` divides the hues.
        things: what the photo shows, where a scene was given.
    """

    tones: dict[int, float]
    brightness: float
    ceilings: dict[float, float]
    floors: dict[float, float]
    piled: float
    clipped_high: float
    clipped_low: float
    chroma: float
    chroma_strong: float
    casts: dict[str, tuple[float, float]]
    neutral_share: float
    warm_share: float
    bands: dict[str, Band]
    things: Things | None = None

    @property
    def spread(self) -> float:
        """The lightness between the 5th and the 95th percentile."""
        return self.tones[95] - self.tones[5]


def measure(photo: Photo, scene: Scene | None = None) -> Measurements:
    """Measure a photo on a thumbnail of 128 pixels, and by what it shows where a scene is given."""
    rgb = _thumbnail(photo)
    lab, light = oklab(rgb), srgb_to_linear(rgb)
    lightness, colour = _flat(lab.L), _flat(chroma(lab))
    channels = rgb[0].double().numpy()
    largest, smallest = channels.max(axis=0), channels.min(axis=0)
    ceiling = np.percentile(largest, 99.8)
    high, low = (channels >= _WHITE).any(axis=0), (channels <= _BLACK).all(axis=0)
    seen = ~(high | low).ravel()
    colour_seen = colour[seen] if seen.any() else colour
    weights = band_weights(hue(lab))[0].double().numpy().reshape(len(BANDS), -1)
    return Measurements(
        tones=_percentiles(lightness, TONES),
        brightness=float(np.log2(_flat(luminance(planes_of(light))).clip(1e-4)).mean()),
        ceilings=_percentiles(largest, CEILINGS),
        floors=_percentiles(smallest, FLOORS),
        piled=float((largest > ceiling - _PILE).mean()),
        clipped_high=float(high.mean()),
        clipped_low=float(low.mean()),
        chroma=float(colour_seen.mean()),
        chroma_strong=float(np.percentile(colour_seen, 90)),
        casts=_casts(light[0].double().numpy(), lab, seen),
        neutral_share=float((colour < _COLOURED).mean()),
        warm_share=_warm_share(weights, colour),
        bands=_bands(weights, colour, lightness),
        things=None if scene is None else things_of(scene, light, lab, dict(zip(BANDS, weights, strict=True))),
    )


def _thumbnail(photo: Photo) -> torch.Tensor:
    """Encoded RGB (1, 3, H, W) within 0..1, its long side at most 128 pixels."""
    rgb = photo.resized(_SHARP).tensor().unsqueeze(0).clamp(0, 1)
    scale = THUMBNAIL / max(rgb.shape[2:])
    if scale >= 1:
        return rgb
    height, width = (max(1, round(side * scale)) for side in rgb.shape[2:])
    return torch.nn.functional.adaptive_avg_pool2d(rgb, (height, width))


def _percentiles(values: Array, places: tuple[float, ...]) -> dict[Any, float]:
    return {place: float(value) for place, value in zip(places, np.percentile(values, places), strict=True)}


def _flat(plane: torch.Tensor) -> Array:
    flat: Array = plane.double().numpy().ravel()
    return flat


def _casts(light: Array, lab: OkLab, seen: NDArray[np.bool_]) -> dict[str, tuple[float, float]]:
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
        "grey edge": _stops(edges.mean(axis=1)),
        "near neutrals": _stops(neutral),
        "brightest": _stops(bright.mean(axis=1)),
        "white patch": _stops(np.percentile(flat, 99, axis=1)),
        "median": _stops(np.percentile(flat, 50, axis=1) + _FLARE),
        "shadows": _stops(np.percentile(flat, 2, axis=1) + _FLARE),
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
