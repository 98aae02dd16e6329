"""The network of the scorer `dapo.appeal`: what is measured of a picture, and what a few convolutions see of it."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from veraretouch.planners.tiny.statistics import SIZE, statistics

SIDE: Final = 64
_WIDTHS: Final = (24, 48, 64)
_HIDDEN: Final = 96


def grid_of(pictures: Tensor) -> Tensor:
    """Averages (B, 3, SIDE, SIDE) of pictures (B, 3, H, W) of any size and shape."""
    return functional.interpolate(pictures, size=(SIDE, SIDE), mode="area")


class AppealNetwork(nn.Module):
    """Grids (B, 3, SIDE, SIDE) in [0, 1] -> (B,) any real number: the higher, the less the photo looks spoilt."""

    centre: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(SIZE))
        self.register_buffer("scale", torch.ones(SIZE))
        widths = (3, *_WIDTHS)
        self.seen = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1) for a, b in zip(widths, _WIDTHS, strict=False))
        self.joined = nn.Sequential(
            nn.Linear(SIZE + 2 * _WIDTHS[-1], _HIDDEN),
            nn.GELU(),
            nn.Dropout(0.2),
            nn.Linear(_HIDDEN, _HIDDEN),
            nn.GELU(),
            nn.Dropout(0.2),
            nn.Linear(_HIDDEN, 1),
        )

    def measured(self, grids: Tensor) -> Tensor:
        """The numbers (B, SIZE) by their spread in training, none further than 4 of it."""
        return ((statistics(grids) - self.centre) / self.scale).clamp(-4, 4)

    def forward(self, grids: Tensor, measured: Tensor | None = None) -> Tensor:
        x = 2 * grids - 1
        for layer in self.seen:
            x = functional.gelu(layer(x))
        pooled = torch.cat([x.mean(dim=(2, 3)), x.flatten(2).std(dim=2, correction=0)], dim=1)
        numbers = self.measured(grids) if measured is None else measured
        joined: Tensor = self.joined(torch.cat([numbers, pooled], dim=1))
        return joined[:, 0]
