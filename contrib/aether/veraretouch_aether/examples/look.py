"""How a photo looks, by its pixels alone: tones, strength and lean of colour, and which hues hold it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from veraretouch.core.color.hue_bands import BANDS, band_weights
from veraretouch.core.color.oklab import chroma, hue, oklab

from .edits import Picture

_SIDE = 64  # pixels that are looked at
_COLORED = 0.03  # OkLab chroma from which a pixel has a hue
_NAMED = 0.15  # share of the chroma from which a band is named


@dataclass(frozen=True)
class Look:
    """What was measured in OkLab.

    Attributes:
        lightness: L of the pixels (N,); `shares`: of each hue band in the chroma (8,).
        chroma: its mean; `warmth`: the mean of b.
    """

    lightness: NDArray[np.float64]
    shares: NDArray[np.float64]
    chroma: float
    warmth: float

    def bands(self) -> list[str]:
        """The two hue bands with most of the colour, where they hold enough of it."""
        order = sorted(zip(BANDS, self.shares, strict=True), key=lambda pair: -pair[1])
        return [name for name, share in order if share > _NAMED][:2]

    def words(self) -> dict[str, str]:
        """The same in words: `level`, `range`, `chroma`, `lean` and `bands`, the last empty without colour.

        The limits are those by which the planner `rules` speaks of light and colour.
        """
        low, middle, high = np.percentile(self.lightness, [5, 50, 95])
        return {
            "level": _step(
                middle, (0.3, "very dark"), (0.45, "dark"), (0.7, "middling"), (0.82, "bright"), (9, "very bright")
            ),
            "range": _step(high - low, (0.42, "flat"), (0.78, "ordinary"), (9, "wide")),
            "chroma": _step(self.chroma, (0.03, "muted"), (0.085, "ordinary"), (9, "strong")),
            "lean": _step(
                self.warmth, (-0.05, "cold"), (-0.015, "cool"), (0.03, "neutral"), (0.07, "warm"), (9, "very warm")
            ),
            "bands": " and ".join(self.bands()),
        }


def _step(value: float, *steps: tuple[float, str]) -> str:
    return next(word for least, word in steps if value < least)


def look_at(pixels: Picture) -> Look:
    """Measure a picture (H, W, 3) uint8, thinned."""
    step = max(1, max(pixels.shape[:2]) // _SIDE)
    rgb = torch.from_numpy(pixels[::step, ::step].astype(np.float32) / 255).permute(2, 0, 1)[None]
    lab = oklab(rgb)
    colorful = chroma(lab)
    strong = colorful * (colorful > _COLORED)
    by_band = (band_weights(hue(lab)) * strong).sum(dim=(0, 2, 3))
    total = float(by_band.sum())
    shares = by_band.double().numpy() / total if total > 0 else np.zeros(len(BANDS))
    return Look(lab[0].flatten().double().numpy(), shares, float(colorful.mean()), float(lab.b.mean()))
