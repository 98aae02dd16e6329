"""The published model at its full size with random weights, in the published layout: what a repository would hold."""

from __future__ import annotations

import json
from collections.abc import Iterator

import torch
from golden import document
from qwen import words
from safetensors.torch import save
from small_vera import END, TAGS
from torch import Tensor

from veraretouch.ops.neural import RetouchNetwork
from veraretouch.planners.vera.answer import RETOUCH_TOKENS
from veraretouch.planners.vera.model import VeraConfig

CONFIG = VeraConfig()
_TOWER = "model.vision_tower."
# An answer of 200 tokens and more, tags and all, as the model is trained to write them.
_SENTENCE = (
    "The picture is somewhat dark in the foreground, the highlights of the sky are close to clipping, the whole leans"
    " towards blue, and the greens of the meadow look dull: all of it "
)
ANSWER = "".join(
    f"{start}{_SENTENCE}needs care.{end}" for start, end in zip(TAGS[::2], TAGS[1::2], strict=True)
) + "".join(RETOUCH_TOKENS)


def published_files() -> dict[str, bytes]:
    """Files by name; weights in bfloat16, 1.3 GB."""
    generator = torch.Generator().manual_seed(0)
    tensors = {name: _drawn(name, shape, generator).bfloat16() for name, shape in _shapes()}
    for name, value in RetouchNetwork.untrained().state_dict().items():
        tensors[f"retouch_decoder.{name}"] = value
    config = {"model_type": "llava_qwen2", **CONFIG.document(), "eos_token_id": words().ids(END)[0]}
    return {
        "config.json": json.dumps(config).encode(),
        "tokenizer.json": words().json().encode(),
        "model.safetensors": save(tensors),
    }


def _shapes() -> Iterator[tuple[str, list[int]]]:
    for name, shape in document("vlm_keys.json")["keys"].items():
        if name.startswith(_TOWER):
            yield name, shape
    c = CONFIG
    size, inner, keys = (
        c.hidden_size,
        c.intermediate_size,
        c.hidden_size // c.num_attention_heads * c.num_key_value_heads,
    )
    yield "model.embed_tokens.weight", [c.vocab_size, size]
    yield "lm_head.weight", [c.vocab_size, size]
    yield "model.norm.weight", [size]
    for layer in range(c.num_hidden_layers):
        for part, wide in (("q", size), ("k", keys), ("v", keys)):
            yield f"model.layers.{layer}.self_attn.{part}_proj.weight", [wide, size]
            yield f"model.layers.{layer}.self_attn.{part}_proj.bias", [wide]
        yield f"model.layers.{layer}.self_attn.o_proj.weight", [size, size]
        for part, shape in (("gate", [inner, size]), ("up", [inner, size]), ("down", [size, inner])):
            yield f"model.layers.{layer}.mlp.{part}_proj.weight", shape
        for part in ("input", "post_attention"):
            yield f"model.layers.{layer}.{part}_layernorm.weight", [size]
    for place, wide, narrow in ((0, c.head_size, 3 * size), (3, c.head_size, c.head_size), (6, 3 * size, c.head_size)):
        yield f"retouch_head.{place}.weight", [wide, narrow]
        yield f"retouch_head.{place}.bias", [wide]
    for place in (1, 4):
        yield f"retouch_head.{place}.weight", [c.head_size]
        yield f"retouch_head.{place}.bias", [c.head_size]
    for place, narrow in ((0, 3072), (2, size)):
        yield f"model.mm_projector.{place}.weight", [size, narrow]
        yield f"model.mm_projector.{place}.bias", [size]


def _drawn(name: str, shape: list[int], generator: torch.Generator) -> Tensor:
    value = torch.randn(shape, generator=generator)
    if name.endswith("running_var"):
        return 1 + 0.1 * value.abs()
    if len(shape) > 1:
        return value / value[0].numel() ** 0.5
    return 1 + 0.1 * value if name.endswith(("weight", "gamma")) else 0.1 * value
