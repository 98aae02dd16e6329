"""The language model in MIL: token embedding, a decoder with a cache of keys and values as states, and the head.

It is Qwen2 (Yang et al. 2024, arXiv 2407.10671), written for half precision so that no intermediate value leaves its
range:

- Root mean square norm: x is divided by m = max(|x|, sqrt(eps)) first; then sum(y^2) <= width and
  rms(x) = m sqrt(mean(y^2) + (sqrt(eps) / m)^2) exactly. Squares of x itself pass 65504 from |x| = 256 on.
- Queries, keys before the cache, scores and softmax are in single precision. The cache holds keys without their bias,
    rotated: a bias of hundreds would cost the rest of a key its digits. What the bias adds to a score depends on the
    query and the place alone: q' R(j) b = sum over pairs of (q1 b1 + q2 b2) cos(j t) + (q2 b1 - q1 b2) sin(j t), one
    product with the table of rotations.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from ..extras import builder, coremltools
from .recipe import Array, Feature, Joined, PackageRecipe
from .translation.translate import tensor, write

CONTEXT: Final = 1024
PREFILL: Final = 64
CHUNK: Final = 16_384
# Inputs that share a scale: with 32, four bits a weight would come to 354 MB; with 64 it is 342.
BLOCK: Final = 64
DECODER: Final = Joined("decoder", "Tokens through the language model: 64 by `prefill`, one by `step`.")


def _half(value: Tensor) -> Array:
    return value.detach().float().numpy().astype(np.float16)


def _single(value: Tensor) -> Array:
    return value.detach().float().numpy()


def context_of(model: Any) -> int:
    """How many tokens the cache holds: 1,024, or what a small model was made for."""
    return min(CONTEXT, int(model.config.max_position_embeddings))


def turns(model: Any, context: int = CONTEXT) -> Array:
    """The table of rotations (context, size of a head): cosines of each pair's angle at each place, then sines."""
    config = model.language.config
    size = config.hidden_size // config.num_attention_heads
    theta = float(model.config.rope_theta) ** (-np.arange(0, size, 2, dtype=np.float64) / size)
    angles = np.arange(context)[:, None] * theta
    return np.concatenate([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def norm(x: Any, weight: Tensor, epsilon: float) -> Any:
    """Root mean square norm of (..., width) in half precision; see above."""
    mb = builder()
    root = np.float16(epsilon**0.5)
    largest = mb.maximum(x=mb.reduce_max(x=mb.abs(x=x), axes=[-1], keep_dims=True), y=root)
    scaled = mb.real_div(x=x, y=largest)
    mean = mb.reduce_mean(x=mb.mul(x=scaled, y=scaled), axes=[-1], keep_dims=True)
    floor = mb.real_div(x=root, y=largest)
    spread = mb.mul(x=largest, y=mb.sqrt(x=mb.add(x=mean, y=mb.mul(x=floor, y=floor))))
    return mb.mul(x=mb.real_div(x=x, y=spread), y=_half(weight))


class _Layer:
    """One layer of the decoder, for so many tokens at a time."""

    def __init__(self, layer: Any, place: int, config: Any, table: Any) -> None:
        self.layer, self.place, self.config, self.table = layer, place, config, table
        self.heads, self.groups = config.num_attention_heads, config.num_key_value_heads
        self.size = config.hidden_size // self.heads

    def write(
        self,
        x: Any,
        cache: dict[str, Any],
        states: Mapping[str, Any],
        begin: Any,
        end: Any,
        turned: tuple[Any, Any],
        hidden: Any,
    ) -> Any:
        """The residual stream (1, T, width) after this layer; what the states hold by now, `cache`, is moved on."""
        mb, layer, epsilon = builder(), self.layer, self.config.rms_norm_eps
        heard = self._attend(norm(x, layer.input_layernorm.weight, epsilon), cache, states, begin, end, turned, hidden)
        x = mb.add(x=x, y=heard)
        y = norm(x, layer.post_attention_layernorm.weight, epsilon)
        gate = mb.silu(x=mb.linear(x=y, weight=_half(layer.mlp.gate_proj.weight)))
        wide = mb.mul(x=gate, y=mb.linear(x=y, weight=_half(layer.mlp.up_proj.weight)))
        return mb.add(x=x, y=mb.linear(x=wide, weight=_half(layer.mlp.down_proj.weight)))

    def _attend(
        self,
        x: Any,
        cache: dict[str, Any],
        states: Mapping[str, Any],
        begin: Any,
        end: Any,
        turned: tuple[Any, Any],
        hidden: Any,
    ) -> Any:
        mb, attention = builder(), self.layer.self_attn
        tokens = x.shape[1]
        queries = self._turned(self._heads(x, attention.q_proj, self.heads, bias=True), turned)
        keys = self._turned(self._heads(x, attention.k_proj, self.groups, bias=False), turned)
        values = mb.linear(x=x, weight=_half(attention.v_proj.weight), bias=_half(attention.v_proj.bias))
        new = {"keys": mb.cast(x=keys, dtype="fp16"), "values": self._by_head(values, self.groups)}
        for name, state in states.items():
            cache[name] = self._remembered(cache[name], state, new[name], begin, end)
        keys, values = (self._own(cache[name]) for name in ("keys", "values"))
        # Heads that share keys stand side by side as rows of one matrix.
        rows = (self.groups, self.heads // self.groups * tokens, self.size)
        queries = mb.mul(x=mb.reshape(x=queries, shape=rows), y=np.float32(self.size**-0.5))
        scores = mb.matmul(x=queries, y=mb.cast(x=keys, dtype="fp32"), transpose_y=True)
        scores = mb.add(x=scores, y=self._of_bias(queries, attention.k_proj.bias))
        scores = mb.reshape(x=scores, shape=(1, self.heads, tokens, self.table.shape[0]))
        weights = mb.softmax(x=mb.add(x=scores, y=hidden), axis=-1)
        weights = mb.reshape(x=mb.cast(x=weights, dtype="fp16"), shape=(*rows[:2], self.table.shape[0]))
        heard = mb.reshape(x=mb.matmul(x=weights, y=values), shape=(1, self.heads, tokens, self.size))
        heard = mb.reshape(x=mb.transpose(x=heard, perm=[0, 2, 1, 3]), shape=(1, tokens, self.heads * self.size))
        return mb.linear(x=heard, weight=_half(attention.o_proj.weight))

    def _heads(self, x: Any, layer: Any, heads: int, *, bias: bool) -> Any:
        """A projection (1, heads, T, size) in single precision; a bias is added there."""
        mb = builder()
        made = self._by_head(mb.cast(x=mb.linear(x=x, weight=_half(layer.weight)), dtype="fp32"), heads)
        return mb.add(x=made, y=_single(layer.bias).reshape(1, heads, 1, self.size)) if bias else made

    def _by_head(self, x: Any, heads: int) -> Any:
        mb = builder()
        return mb.transpose(x=mb.reshape(x=x, shape=(1, x.shape[1], heads, self.size)), perm=[0, 2, 1, 3])

    def _turned(self, x: Any, turned: tuple[Any, Any]) -> Any:
        """Each pair (i, i + size / 2) turned by its place's angle; cosines and sines are (1, 1, T, size / 2)."""
        mb, (cosine, sine) = builder(), turned
        first, second = mb.split(x=x, num_splits=2, axis=-1)
        left = mb.sub(x=mb.mul(x=first, y=cosine), y=mb.mul(x=second, y=sine))
        right = mb.add(x=mb.mul(x=second, y=cosine), y=mb.mul(x=first, y=sine))
        return mb.concat(values=[left, right], axis=-1)

    def _remembered(self, held: Any, state: Any, new: Any, begin: Any, end: Any) -> Any:
        """A state (layers, groups, context, size) after new rows went in."""
        mb = builder()
        first, last = np.array([self.place, 0], np.int32), np.array([self.place + 1, self.groups], np.int32)
        changed = mb.slice_update(
            x=held,
            update=new,
            begin=mb.concat(values=[first, begin, np.array([0], np.int32)], axis=0),
            end=mb.concat(values=[last, end, np.array([self.size], np.int32)], axis=0),
        )
        return mb.coreml_update_state(state=state, value=changed)

    def _own(self, held: Any) -> Any:
        """This layer's part (groups, context, size) of a state."""
        part = builder().slice_by_index(x=held, begin=[self.place, 0, 0, 0], end=[self.place + 1, *held.shape[1:]])
        return builder().squeeze(x=part, axes=[0])

    def _of_bias(self, queries: Any, bias: Tensor) -> Any:
        """What the keys' bias adds to scores of queries (groups, rows, size): (groups, rows, context)."""
        mb, half = builder(), self.size // 2
        given = _single(bias).reshape(self.groups, 1, self.size)
        b1, b2 = np.ascontiguousarray(given[..., :half]), np.ascontiguousarray(given[..., half:])
        q1, q2 = mb.split(x=queries, num_splits=2, axis=-1)
        cosine = mb.add(x=mb.mul(x=q1, y=b1), y=mb.mul(x=q2, y=b2))
        sine = mb.sub(x=mb.mul(x=q2, y=b1), y=mb.mul(x=q1, y=b2))
        return mb.matmul(x=mb.concat(values=[cosine, sine], axis=-1), y=self.table, transpose_y=True)


def decoder(model: Any, tokens: int, context: int = CONTEXT) -> Any:
    """The decoder's program for so many tokens a call.

    `embeddings` (1, T, width) and `position` (1,), the place of the first.
    """
    mb, language = builder(), model.language
    mil = coremltools().converters.mil.mil
    config = language.config
    size = config.hidden_size // config.num_attention_heads
    shape = (config.num_hidden_layers, config.num_key_value_heads, context, size)

    def body(embeddings: Any, position: Any, keys: Any, values: Any) -> list[Any]:
        table = mb.const(val=turns(model, context))  # one for all layers
        places = mb.add(x=position, y=np.arange(tokens, dtype=np.int32))
        end = mb.add(x=position, y=np.array([tokens], np.int32))
        found = mb.reshape(x=mb.gather(x=table, indices=places, axis=0), shape=(1, 1, tokens, size))
        cosine, sine = mb.split(x=found, num_splits=2, axis=-1)
        later = mb.greater(x=np.arange(context, dtype=np.int32)[None], y=mb.expand_dims(x=places, axes=[1]))
        hidden = mb.mul(x=mb.cast(x=later, dtype="fp32"), y=np.float32(-1e9))
        x, states = embeddings, {"keys": keys, "values": values}
        # Read once: coremltools takes a second read of a state for the first, whatever was written between.
        cache = {name: mb.read_state(input=state) for name, state in states.items()}
        for place, layer in enumerate(language.layers):
            x = _Layer(layer, place, config, table).write(x, cache, states, position, end, (cosine, sine), hidden)
        return [norm(x, language.norm.weight, config.rms_norm_eps)]

    state = partial(mb.state_tensor_placeholder, shape=shape, dtype=mil.types.fp16)
    inputs = {
        "embeddings": tensor((1, tokens, config.hidden_size), "fp16"),
        "position": tensor((1,), "int32"),
        "keys": state(),
        "values": state(),
    }
    return write(body, inputs, ["hidden"])


def embedding(model: Any, tokens: int = PREFILL) -> Any:
    """Token ids (1, T) to embeddings (1, T, width)."""
    table = _half(model.language.embed_tokens.weight)
    return write(
        lambda ids: [builder().gather(x=table, indices=ids, axis=0)],
        {"ids": tensor((1, tokens), "int32")},
        ["embeddings"],
    )


def head(model: Any) -> Any:
    """A hidden state (1, 1, width) to logits, at most 16,384 of the vocabulary an output, in order."""
    weight = _half(model.lm_head.weight)
    parts = [weight[start : start + CHUNK] for start in range(0, len(weight), CHUNK)]
    inputs = {"hidden": tensor((1, 1, weight.shape[1]), "fp16")}
    return write(lambda hidden: [builder().linear(x=hidden, weight=part) for part in parts], inputs, logits(model))


def logits(model: Any) -> list[str]:
    """The names of the head's outputs."""
    return [f"logits_{place}" for place in range(-(-model.config.vocab_size // CHUNK))]


class _Embedded(nn.Module):
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.table = model.language.embed_tokens

    def forward(self, ids: Tensor) -> Tensor:
        embedded: Tensor = self.table(ids.long())
        return embedded


def _hidden(model: Any, embeddings: Tensor, position: Tensor) -> Tensor:
    """The decoder from an empty cache, in torch."""
    if int(position[0]) != 0:
        raise ValueError("a reference begins at 0")
    hidden: Tensor = model.language(inputs_embeds=embeddings.to(model.dtype)).last_hidden_state
    return hidden


def _chunks(model: Any, hidden: Tensor) -> list[Tensor]:
    return list(torch.split(model.lm_head(hidden.to(model.dtype)), CHUNK, dim=-1))


def of_language(model: Any) -> list[PackageRecipe]:
    """Embedding, decoder for 64 tokens and for one, and head."""
    config = model.config
    width, vocabulary, context = config.hidden_size, config.vocab_size, context_of(model)
    states = (config.num_hidden_layers, config.num_key_value_heads, context, width // config.num_attention_heads)
    common: dict[str, Any] = {"half": None, "units": "cpuAndGPU", "block": BLOCK, "kinds": ("linear",)}

    def drawn(tokens: int) -> Any:
        return lambda generator: {
            "embeddings": (generator.standard_normal((1, tokens, width)) * 0.02).astype(np.float32),
            "position": np.zeros(1, np.float32),
        }

    decoders = [
        PackageRecipe(
            f"{DECODER.name}_{name}",
            partial(decoder, model, tokens, context),
            partial(_hidden, model),
            {
                "embeddings": Feature((1, tokens, width), dtype="float16"),
                "position": Feature((1,), {"range": f"0 to {context - tokens}: beyond is an error"}, "int32"),
            },
            {"hidden": Feature((1, tokens, width), {"layout": "after the last norm"}, "float16")},
            about=f"{tokens} token(s) through the language model.",
            example=drawn(tokens),
            facts={"states": {name: {"shape": list(states), "dtype": "float16"} for name in ("keys", "values")}},
            joined=DECODER,
            **common,
        )
        for name, tokens in (("prefill", PREFILL), ("step", 1))
    ]
    return [
        PackageRecipe(
            "embedding",
            partial(embedding, model),
            _Embedded(model),
            {"ids": Feature((1, PREFILL), {"range": f"0 to {vocabulary - 1}; pad with 0"}, "int32")},
            {"embeddings": Feature((1, PREFILL, width), dtype="float16")},
            about="Token ids to embeddings.",
            example=lambda generator: {"ids": generator.integers(0, vocabulary, (1, PREFILL)).astype(np.float32)},
            **{**common, "kinds": ("gather",)},
        ),
        *decoders,
        PackageRecipe(
            "lm_head",
            partial(head, model),
            partial(_chunks, model),
            {"hidden": Feature((1, 1, width), dtype="float16")},
            {
                name: Feature((1, 1, min(CHUNK, vocabulary - place * CHUNK)), dtype="float16")
                for place, name in enumerate(logits(model))
            },
            about="A hidden state to logits.",
            example=lambda generator: {"hidden": generator.standard_normal((1, 1, width)).astype(np.float32)},
            **common,
        ),
    ]
