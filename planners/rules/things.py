"""What the things in a photo tell of its light: how much of it is sky, skin or stone, and the colour of each.

A blue that fills the picture is a cast only if it is not the sky; stone and skin say more of the light than leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ...core.color.oklab import OkLab, chroma
from ..scene.network import CLASSES
from ..scene.scene import Scene

Array = NDArray[np.float64]

# Groups of classes whose light and colour are measured apart.
REGIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "sky": ("sky",),
    "foliage": ("foliage",),
    "skin": ("skin",),
    "solids": ("other", "snow", "ground", "building"),
}
# Classes whose own colour may fill a picture without being a cast.
COLOURED: Final = ("sky", "foliage", "water")
# What fills less of the photo is not measured.
_LEAST: Final = 0.01
_FLARE: Final = 0.003  # linear light added where dark pixels would make a ratio of almost nothing


@dataclass(frozen=True)
class ThingColour:
    """What belongs to one group of classes: its cast (red/green, blue/green) in stops, mean OkLab lightness, chroma."""

    cast: tuple[float, float]
    lightness: float
    chroma: float


@dataclass(frozen=True)
class Things:
    """What a photo shows.

    Attributes:
        shares: class -> share of the photo, 0..1.
        regions: of `REGIONS`, those that fill at least one per cent.
        of_things: band of hue -> how much of its colour belongs to sky, foliage and water, 0..1.
    """

    shares: dict[str, float]
    regions: dict[str, ThingColour]
    of_things: dict[str, float]

    def named(self) -> str:
        """The largest in words: "sky 40 %, building 30 %"; empty where nothing but other things is seen."""
        found = sorted(((share, name) for name, share in self.shares.items() if name != "other"), reverse=True)
        return ", ".join(f"{name} {share:.0%}".replace("%", " %") for share, name in found[:4] if share >= 0.05)


def things_of(scene: Scene, light: Tensor, lab: OkLab, bands: Mapping[str, Array]) -> Things:
    """Measure a thumbnail by what it shows.

    Args:
        light: (1, 3, h, w) linear light; lab: its OkLab. bands: band of hue -> its weight at each of the h * w pixels.
    """
    size = light.shape[2:]
    shares = functional.interpolate(scene.shares.unsqueeze(0), size=size, mode="bilinear", align_corners=False)[0]
    by_class = dict(zip(CLASSES, shares.flatten(1).double().numpy(), strict=True))
    flat, colour, lightness = (
        light[0].flatten(1).double().numpy(),
        chroma(lab).double().numpy().ravel(),
        lab.L.double().numpy().ravel(),
    )
    regions = {}
    for name, classes in REGIONS.items():
        weights = sum(by_class[each] for each in classes)
        if weights.mean() >= _LEAST:
            red, green, blue = np.log2((flat * weights).sum(axis=1) / weights.sum() + _FLARE)
            mean_of = (float((values * weights).sum() / weights.sum()) for values in (lightness, colour))
            regions[name] = ThingColour((float(red - green), float(blue - green)), *mean_of)
    things = sum(by_class[each] for each in COLOURED)
    of_things = {
        band: float((weights * colour * things).sum() / max(float((weights * colour).sum()), 1e-9))
        for band, weights in bands.items()
    }
    return Things({name: float(plane.mean()) for name, plane in by_class.items()}, regions, of_things)
