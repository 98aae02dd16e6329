"""A planner of vera's architecture that takes a hundredth of a second: small networks of random weights behind the
smallest of timm's towers, with sliders as a second head.
"""

from __future__ import annotations

import json
from pathlib import Path

import lessons
import torch

from veraretouch.planners.training.vera.start import start
from veraretouch.planners.vera.planner import Vera

MODEL = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 1024,
    "tie_word_embeddings": True,
    "head_size": 32,
    "tower": "test_efficientnet",
    "picture_side": 64,
    "slots": ["exposure", "contrast", "white_balance", "saturation", "hsl"],
}


def configuration(folder: Path, **more: object) -> Path:
    """A configuration file in a folder."""
    path = folder / "configuration.json"
    path.write_text(json.dumps({"model": MODEL, "pieces": 320, **more}))
    return path


def pupil(folder: Path, *, stirred: bool = False) -> Vera:
    """An untrained planner of its own; with `stirred`, its second head moves sliders."""
    data = folder / "sentences"
    if not data.exists():
        lessons.write_dataset(data, modes=("param",) * 4, side=32, edits=True)
    made = start(configuration(folder), data)
    if stirred:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(3)
            torch.nn.init.normal_(made.model.slot_head[-1].weight, std=0.2)
    return made
