"""The planner `vera` with a language model of a few thousand parameters behind the smallest of timm's towers."""

from __future__ import annotations

from typing import Any

import small_vera
import torch
from torch import nn

from veraretouch.ops.neural import Neural
from veraretouch.planners.vera.model import VeraConfig, VeraModel
from veraretouch.planners.vera.planner import Vera


def seedling(seed: int = 0, *, head: Any = "neural", **sizes: Any) -> Vera:
    """A planner of random weights, its own in every call."""
    config = VeraConfig(
        **{
            **small_vera.CONFIG.document(),
            "hidden_size": 16,
            "intermediate_size": 24,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "head_size": 8,
            "tower": "test_efficientnet",
            "picture_side": 64,
            "slots": ("exposure", "saturation"),
            "eos_token_id": tuple(small_vera.words().ids(small_vera.END)),
            **sizes,
        }
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = VeraModel(config)
        for part in (model.language, model.projector, model.slot_head):
            for parameter in part.parameters():
                nn.init.normal_(parameter, std=0.3)
    return Vera(model.requires_grad_(False), small_vera.words(), Neural(), head=head)
