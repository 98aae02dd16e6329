"""The network of the scorer `dapo.appeal`: what the planner `tiny` measures of a picture, and two layers."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from veraretouch.planners.tiny.statistics import SIZE, statistics

SIDE: Final = 64
_HIDDEN: Final = 128


def grid_of(pictures: Tensor) -> Tensor:
    """Averages (B, 3, SIDE, SIDE) of pictures (B, 3, H, W) of any size and shape."""
    return functional.interpolate(pictures, size=(SIDE, SIDE), mode="area")


class AppealNetwork(nn.Module):
    """Measurements (B, SIZE) of grids -> (B,) any real number: the higher, the less spoilt a photo looks."""

    centre: Tensor
    scale: Tensor

    def __init__(self, dropout: float = 0.3) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(SIZE))
        self.register_buffer("scale", torch.ones(SIZE))
        self.layers = nn.Sequential(
            nn.Linear(SIZE, _HIDDEN),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(_HIDDEN, _HIDDEN),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(_HIDDEN, 1),
        )

    def fit_scale(self, measured: Tensor) -> None:
        """Take mean and spread of the measurements (N, SIZE) of the training pictures."""
        self.centre.copy_(measured.mean(dim=0))
        self.scale.copy_(measured.std(dim=0).clamp(min=1e-3))

    def forward(self, measured: Tensor) -> Tensor:
        # None further than four spreads: a picture that is like none in training is judged like the farthest of them.
        scaled = ((measured - self.centre) / self.scale).clamp(-4, 4)
        made: Tensor = self.layers(scaled)
        return made.squeeze(-1)


def measure(grids: Tensor) -> Tensor:
    """Measurements (B, SIZE) of grids (B, 3, SIDE, SIDE) in [0, 1]."""
    return statistics(grids)
