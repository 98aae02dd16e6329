"""Published checkpoints: llava_qwen2 in safetensors, whole or in shards, read by a strict mapping of names."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ...core import strict_json
from ...core.errors import IncompatibleBundle, InvalidDocument
from ...ops.neural import RetouchNetwork
from . import tower, weights
from .model import VeraModel
from .published_config import read_config
from .slow_tokenizer import read_slow_tokenizer, text_of
from .tokenizer import Tokenizer

# What `DistributedDataParallel` puts before every name.
_WRAPPER: Final = "module."
# Counters of batch norm, which serve training alone, and frequencies of rotary positions, which are computed anew.
_UNUSED: Final = (".num_batches_tracked", ".rotary_emb.inv_freq")
_TOWER: Final = "model.vision_tower.vision_tower.model."
# Published prefixes, and those of `VeraModel`; the first that fits counts.
_PREFIXES: Final = (
    ("model.mm_projector.", "projector."),
    ("retouch_head.", "head."),
    ("model.", "language."),
    ("lm_head.", "lm_head."),
)
_RENDERER: Final = "retouch_decoder."
_TOKENIZER: Final = (
    "tokenizer.json",
    "vocab.json",
    "merges.txt",
    "added_tokens.json",
    "tokenizer_config.json",
)
_WEIGHTS: Final = re.compile(r"[\w.\-]+\.safetensors")


def wanted(names: Collection[str]) -> list[str]:
    """The files that `read` needs, out of a repository's.

    Raises:
        IncompatibleBundle: one is not there.
    """
    found = [name for name in sorted(names) if _WEIGHTS.fullmatch(name) or name in (*_TOKENIZER, "config.json")]
    missing = [
        what
        for what, there in (
            ("config.json", "config.json" in found),
            ("*.safetensors", any(_WEIGHTS.fullmatch(name) for name in found)),
            (
                "tokenizer.json, or vocab.json with merges.txt",
                "tokenizer.json" in found or {"vocab.json", "merges.txt"} <= set(found),
            ),
        )
        if not there
    ]
    if missing:
        raise IncompatibleBundle(f"no {'; no '.join(missing)}", cure="Is it a published VeraRetouch?")
    return found


def read(files: Mapping[str, Path]) -> tuple[VeraModel, Tokenizer, RetouchNetwork]:
    """The networks and the tokenizer of a published checkpoint; generation_config.json is set aside,
    as published inference does.

    Args:
        files: the paths of `wanted` files, by their names in the repository.

    Raises:
        InvalidDocument: a name that is neither used nor known to be dropped, a parameter that nothing fills, a
            configuration or a tokenizer that is not supported.
    """
    document = strict_json.parse(files["config.json"].read_bytes(), name="config.json")
    read_config(document)  # before gigabytes are read
    tensors: dict[str, Tensor] = {}
    for name in sorted(files):
        if _WEIGHTS.fullmatch(name):
            part = _part(files[name], name)
            if twice := tensors.keys() & part.keys():
                raise InvalidDocument(f"{min(twice)} stands in two files", path=name, cure="Fetch them again.")
            tensors |= part
    tokenizer = _tokenizer(files)
    model, network = from_tensors(tensors, document)
    if (highest := max(tokenizer.retouch)) >= model.config.vocab_size:
        raise InvalidDocument(
            f"has {model.config.vocab_size} rows, too few for the retouch token {highest}",
            path="model.embed_tokens.weight",
            cure="Are weights and tokenizer of one model?",
        )
    return model, tokenizer, network


def _part(path: Path, name: str) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except SafetensorError as error:
        raise InvalidDocument(f"is no safetensors file: {error}", path=name, cure="Fetch it again.") from None


def from_tensors(tensors: Mapping[str, Tensor], document: Mapping[str, Any]) -> tuple[VeraModel, RetouchNetwork]:
    """The model and the renderer's network out of a published checkpoint's tensors and configuration.

    Raises:
        InvalidDocument: see `read`.
    """
    tensors = _named(tensors)
    config = read_config(
        document,
        vocab_size=_rows(tensors, "model.embed_tokens.weight"),
        head_size=_rows(tensors, "retouch_head.0.weight"),
    )
    seen, renderer, others = {}, {}, {}
    for name, value in tensors.items():
        if name.startswith(_TOWER):
            seen[name.removeprefix(_TOWER)] = value
        elif name.startswith(_RENDERER):
            renderer[name.removeprefix(_RENDERER)] = value
        else:
            others[_renamed(name)] = value
    if config.tie_word_embeddings and "lm_head.weight" in others:
        embedding = others.get("language.embed_tokens.weight", torch.empty(0))
        if not torch.equal(others["lm_head.weight"].to(embedding.dtype), embedding):
            raise InvalidDocument(
                "lm_head.weight is not the embedding that it is said to be tied to",
                path="config.json",
                cure="Untie it.",
            )
        del others["lm_head.weight"]
    with torch.device("meta"):
        shape = tower.Tower()
    others |= {f"tower.model.{name}": value for name, value in tower.from_published(seen, shape.model).items()}
    return weights.load(config, others), _network(renderer)


def _renamed(name: str) -> str:
    for published, ours in _PREFIXES:
        if name.startswith(published):
            return ours + name.removeprefix(published)
    return name  # left over: `weights.load` says so


def _named(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors by published name: without a wrapper's prefix,
    and without what is computed anew or serves training alone.
    """
    found = {}
    for name, value in tensors.items():
        bare = name.removeprefix(_WRAPPER)
        if bare.endswith(_UNUSED):
            continue
        if bare in found:
            raise InvalidDocument(f"{bare} stands there twice", path=name, cure="Fetch the weights again.")
        found[bare] = value
    return found


def _rows(tensors: Mapping[str, Tensor], name: str) -> int | None:
    found = tensors.get(name)
    return None if found is None or not found.ndim else len(found)


def _network(tensors: Mapping[str, Tensor]) -> RetouchNetwork:
    with torch.device("meta"):
        network = RetouchNetwork()
    expected = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    weights.check_names(expected, {name: tuple(value.shape) for name, value in tensors.items()})
    network.load_state_dict({name: value.float() for name, value in tensors.items()}, assign=True)
    return network.requires_grad_(False)


def _tokenizer(files: Mapping[str, Path]) -> Tokenizer:
    if "tokenizer.json" in files:
        return Tokenizer(text_of(files["tokenizer.json"], "tokenizer.json"))
    return read_slow_tokenizer(files)
