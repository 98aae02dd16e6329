"""The faults that a stranger's engine is asked to make, and how a committed distribution is drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..spoilings import faults_of

Floats = NDArray[np.float32]


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
    """One photo's faults by families, as `spoilings.faults_of` draws them."""
    return PhotoFaults(**faults_of(rng, families))


def weighted(rng: np.random.Generator, weights: Mapping[str, float]) -> str:
    """One of the names, by its weight."""
    names = list(weights)
    shares = np.array([weights[name] for name in names])
    return names[int(rng.choice(len(names), p=shares / shares.sum()))]


def planes(values: Floats) -> Tensor:
    """(H, W, 3) as a tensor of the same shape and memory."""
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
