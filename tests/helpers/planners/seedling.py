"""The planner `vera` with networks of a few thousand parameters, which see through an average in place of the tower."""

from __future__ import annotations

from typing import Any

import small_vera
import torch
from torch import Tensor, nn

from veraretouch.ops.neural import Neural
from veraretouch.planners.vera import tower
from veraretouch.planners.vera.model import VeraConfig, VeraModel
from veraretouch.planners.vera.planner import Vera


class Averages(nn.Module):
    """A tower of no weights: pictures (B, 3, S, S) as averages (B, 4, 3)."""

    width = 3

    def __init__(self, name: str = "") -> None:
        super().__init__()

    def forward(self, pictures: Tensor) -> Tensor:
        return nn.functional.adaptive_avg_pool2d(pictures, 2).flatten(2).transpose(1, 2)


def seedling(seed: int = 0, **sizes: Any) -> Vera:
    """A planner of random weights, its own in every call."""
    config = VeraConfig(
        **{
            **small_vera.CONFIG.document(),
            "hidden_size": 16,
            "intermediate_size": 24,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "head_size": 8,
            "eos_token_id": tuple(small_vera.words().ids(small_vera.END)),
            **sizes,
        }
    )
    whole = tower.Tower
    tower.Tower = Averages  # type: ignore[misc,assignment]
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = VeraModel(config)
            for parameter in model.language.parameters():
                nn.init.normal_(parameter, std=0.3)
    finally:
        tower.Tower = whole  # type: ignore[misc]
    return Vera(model.requires_grad_(False), small_vera.words(), Neural())
