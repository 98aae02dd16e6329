"""The faults that a stranger's engine is asked to make, and how a committed distribution is drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Floats = NDArray[np.float32]

PIVOT: Final = 0.46  # encoded mid-grey, about which contrast turns


@dataclass(frozen=True)
class PhotoFaults:
    """What is wrong with one photo, in log2 where nothing else is said; 0 everywhere is nothing.

    Attributes:
        ev: stops of light; red, blue: stops against green.
        contrast: of the slope about encoded mid-grey; saturation: of the chroma.
        black: how far encoded black is lifted, of white; below 0 it is crushed.
    """

    ev: float = 0.0
    red: float = 0.0
    blue: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    black: float = 0.0

    @property
    def gains(self) -> tuple[float, float, float]:
        """What the linear channels are multiplied by."""
        return 2 ** (self.ev + self.red), 2**self.ev, 2 ** (self.ev + self.blue)

    def scaled(self, scale: float) -> PhotoFaults:
        """All of them, `scale` times as large."""
        return PhotoFaults(**{field.name: scale * getattr(self, field.name) for field in fields(self)})


def draw_faults(rng: np.random.Generator, families: Mapping[str, Any]) -> PhotoFaults:
    """Faults by families that are absent with a chance of their own; never none at all."""
    found: dict[str, float] = {}
    while not any(found.values()):
        for family in families.values():
            absent = rng.random() < family["absent"]
            for fault in family["faults"]:
                value = normal(rng, family)
                found[fault] = 0.0 if absent else value
    return PhotoFaults(**found)


def normal(rng: np.random.Generator, about: Mapping[str, float]) -> float:
    """A number of `mean` (0 where there is none) and `deviation`, drawn again where it is further than `cut` off."""
    while abs(value := rng.normal(0.0, about["deviation"])) > about["cut"]:
        pass
    return float(about.get("mean", 0.0) + value)


def weighted(rng: np.random.Generator, weights: Mapping[str, float]) -> str:
    """One of the names, by its weight."""
    names = list(weights)
    shares = np.array([weights[name] for name in names])
    return names[int(rng.choice(len(names), p=shares / shares.sum()))]


def planes(values: Floats) -> Tensor:
    """(H, W, 3) as a tensor of the same shape and memory."""
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))


def eight_bit(values: Floats) -> NDArray[np.uint8]:
    """Values nominally in [0, 1], clamped and rounded."""
    rounded: NDArray[np.uint8] = (values.clip(0, 1) * 255 + 0.5).astype(np.uint8)
    return rounded
