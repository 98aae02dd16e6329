"""An untrained planner of vera's architecture: sizes by a configuration, a vocabulary learnt on a dataset."""

from __future__ import annotations

from pathlib import Path

import torch

from ....ops.neural import Neural, RetouchNetwork
from ...vera.model import VeraModel
from ...vera.planner import Head, Vera
from .examples import texts_of
from .recipe import read_model, read_pieces
from .tower_weights import start_tower
from .vocabulary import END, learn_vocabulary


def start(configuration: Path, data: Path, *, tower: Path | None = None, seed: int = 0) -> Vera:
    """The planner with random weights, the same for the same seed; it plans by sliders where it has them.

    Args:
        configuration: a JSON file with `model`, the sizes, and `pieces` of the vocabulary.
        data: a dataset of `aether` whose sentences it is learnt on.
        tower: a file of the tower's weights; see `tower_weights.start_tower`.

    Raises:
        InvalidDocument: the configuration, the dataset or the weights.
    """
    tokenizer = learn_vocabulary(texts_of(data), read_pieces(configuration))
    (end,) = tokenizer.ids(END)
    config = read_model(configuration, vocab_size=tokenizer.size, end=end)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = VeraModel(config)
    if tower is not None:
        start_tower(model.tower, tower)
    head: Head = "sliders" if config.slots else "neural"
    return Vera(model, tokenizer, Neural(RetouchNetwork.untrained(seed)), head=head)
