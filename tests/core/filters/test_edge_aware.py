"""The base layer: detail goes, edges stay as they are, tiles that overlap by its reach agree."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from veraretouch.core.filters.edge_aware import base_layer, base_reach


def step(low: float, high: float, softness: float = 0.0) -> Tensor:
    """A plane (1, 1, 40, 300) that rises at its middle, in `softness` pixels."""
    x = torch.arange(300, dtype=torch.float64) - 149.5
    share = (x > 0).double() if softness == 0 else torch.sigmoid(x / softness)
    return (low + (high - low) * share).expand(1, 1, 40, 300)


@pytest.mark.parametrize("radius", [4, 12, 40])
@pytest.mark.parametrize(("low", "high"), [(0.4, 0.6), (0.3, 0.7), (0.1, 0.9)])
def test_beside_an_edge_the_base_is_the_plane(radius: float, low: float, high: float) -> None:
    for softness in (0.0, 0.7):
        plane = step(low, high, softness)
        doubled = 2 * plane - base_layer(plane, radius, edge=0.2, flat=0.005)
        beyond = max(float(doubled.max()) - high, low - float(doubled.min()))
        assert beyond < 0.01 * (high - low)


def test_texture_is_smoothed_away() -> None:
    waves = 0.5 + 0.05 * torch.sin(torch.arange(300) * 2 * math.pi / 9).expand(1, 1, 60, 300)
    base = base_layer(waves, 12, edge=0.2, flat=0.005)
    assert float(base.std()) < 0.1 * float(waves.std())


def test_texture_on_either_side_of_an_edge_goes_and_the_edge_stays() -> None:
    plane = step(0.3, 0.7) + 0.02 * torch.sin(torch.arange(300) * 2 * math.pi / 5)
    base = base_layer(plane, 12, edge=0.2, flat=0.005)[0, 0, 20]
    for side, value in ((slice(100, 148), 0.3), (slice(152, 200), 0.7)):
        assert float((base[side] - value).abs().max()) < 0.01


def test_tiles_with_its_reach_give_the_whole() -> None:
    plane = torch.rand(1, 1, 120, 90, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    whole = base_layer(plane, 7.3, edge=0.2, flat=0.01)
    reach = base_reach(7.3)
    tile = base_layer(plane[:, :, 50 - reach : 70 + reach], 7.3, edge=0.2, flat=0.01)
    assert torch.allclose(tile[:, :, reach:-reach], whole[:, :, 50:70], atol=1e-12)
