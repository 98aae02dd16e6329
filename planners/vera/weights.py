"""The model's weights, read strictly, on the memory that they come in."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ...core.errors import InvalidDocument
from .model import VeraConfig, VeraModel

FILE = "model.safetensors"
# Counts of batches that batch norm keeps for training; published checkpoints have none.
_COUNTER = "num_batches_tracked"


def load(config: VeraConfig, tensors: Mapping[str, Tensor]) -> VeraModel:
    """The model with these weights: every one used, every parameter filled.

    Raises:
        InvalidDocument: names that are missing or left over, other shapes.
    """
    with torch.device("meta"):
        model = VeraModel(config)
    wanted = {name: tuple(value.shape) for name, value in model.state_dict().items() if not name.endswith(_COUNTER)}
    if config.tie_word_embeddings:
        del wanted["lm_head.weight"]
    given = {name: tuple(value.shape) for name, value in tensors.items()}
    check_names(wanted, given)
    model.load_state_dict(dict(tensors), strict=False, assign=True)
    if config.tie_word_embeddings:
        model.lm_head.weight = model.language.embed_tokens.weight
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.num_batches_tracked = torch.zeros((), dtype=torch.long)
    # Its buffers are computed, not stored.
    model.language.rotary_emb = type(model.language.rotary_emb)(config=model.language.config)
    return model.eval().requires_grad_(False)


def check_names(wanted: Mapping[str, tuple[int, ...]], given: Mapping[str, tuple[int, ...]]) -> None:
    """Compare names and shapes of tensors.

    Raises:
        InvalidDocument: one error that counts and names every kind of difference.
    """
    missing, left = sorted(wanted.keys() - given.keys()), sorted(given.keys() - wanted.keys())
    other = sorted(name for name in wanted.keys() & given.keys() if wanted[name] != given[name])
    problems = [f"{len(missing)} tensors are missing: {_some(missing)}"] if missing else []
    problems += [f"{len(left)} are left over: {_some(left)}"] if left else []
    problems += (
        [f"{len(other)} have another shape: {_some([f'{n} {given[n]} for {wanted[n]}' for n in other])}"]
        if other
        else []
    )
    if problems:
        raise InvalidDocument("; ".join(problems), path=FILE, cure="Are these the weights of this model and size?")


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")


def state(model: VeraModel) -> dict[str, Tensor]:
    """What is stored of a model: what `load` takes."""
    found = {name: value for name, value in model.state_dict().items() if not name.endswith(_COUNTER)}
    if model.config.tie_word_embeddings:
        del found["lm_head.weight"]
    return found
