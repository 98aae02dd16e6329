"""Reading published checkpoints: llava_qwen2 in safetensors, whole or in shards, by a strict mapping of names."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load_file
from torch import Tensor

from ...core import strict_json
from ...core.errors import IncompatibleBundle, InvalidDocument
from ...ops.neural import RetouchNetwork
from . import tower, weights
from .model import VeraConfig, VeraModel
from .packages import package
from .tokenizer import Tokenizer

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
    "tokenizer_config.json",
    "vocab.json",
    "merges.txt",
    "added_tokens.json",
    "special_tokens_map.json",
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
            ("tokenizer.json, or vocab.json with merges.txt", "tokenizer.json" in found or {"vocab.json", "merges.txt"} <= set(found)),
        )
        if not there
    ]  # fmt: skip
    if missing:
        raise IncompatibleBundle(f"no {'; no '.join(missing)}", cure="Is it a published VeraRetouch?")
    return found


def read(files: Mapping[str, Path]) -> tuple[VeraModel, Tokenizer, RetouchNetwork]:
    """The networks and the tokenizer of a published checkpoint; generation_config.json is set aside, as published inference does.

    Args:
        files: the paths of `wanted` files, by their names in the repository.

    Raises:
        InvalidDocument: a name that is neither used nor known to be dropped, a parameter that nothing fills, no model's configuration.
    """
    document = strict_json.parse(files["config.json"].read_bytes(), name="config.json")
    if not isinstance(document, dict) or document.get("model_type") not in (None, "llava_qwen2"):
        kind = document.get("model_type") if isinstance(document, dict) else document
        raise InvalidDocument(
            f"is of the kind {strict_json.shorten(kind)}", path="config.json", cure="'llava_qwen2' is read."
        )
    tensors: dict[str, Tensor] = {}
    for name in sorted(files):
        if _WEIGHTS.fullmatch(name):
            part = load_file(files[name])
            if twice := tensors.keys() & part.keys():
                raise InvalidDocument(f"{min(twice)} stands in two files", path=name, cure="Fetch them again.")
            tensors |= part
    model, network = from_tensors(tensors, document)
    return model, _words(files), network


def from_tensors(tensors: Mapping[str, Tensor], document: Mapping[str, Any]) -> tuple[VeraModel, RetouchNetwork]:
    """The model and the renderer's network out of a published checkpoint's tensors and configuration.

    Raises:
        InvalidDocument: see `read`.
    """
    config = VeraConfig.of({**document, **_head_size(tensors)})
    seen, renderer, others = {}, {}, {}
    for name, value in tensors.items():
        if name.startswith(_TOWER):
            seen[name.removeprefix(_TOWER)] = value
        elif name.startswith(_RENDERER):
            renderer[name.removeprefix(_RENDERER)] = value
        else:
            others[_renamed(name)] = value
    if config.tie_word_embeddings and "lm_head.weight" in others:
        if not torch.equal(others["lm_head.weight"], others.get("language.embed_tokens.weight", torch.empty(0))):
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


def _head_size(tensors: Mapping[str, Tensor]) -> dict[str, int]:
    first = tensors.get("retouch_head.0.weight")
    return {} if first is None else {"head_size": len(first)}


def _network(tensors: Mapping[str, Tensor]) -> RetouchNetwork:
    with torch.device("meta"):
        network = RetouchNetwork()
    expected = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    weights.check_names(expected, {name: tuple(value.shape) for name, value in tensors.items()})
    network.load_state_dict({name: value.float() for name, value in tensors.items()}, assign=True)
    return network.requires_grad_(False)


def _words(files: Mapping[str, Path]) -> Tokenizer:
    if "tokenizer.json" in files:
        return Tokenizer(files["tokenizer.json"].read_text(encoding="utf-8"))
    folder = files["vocab.json"].parent
    read = package("transformers").AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    return Tokenizer(read.backend_tokenizer.to_str())
