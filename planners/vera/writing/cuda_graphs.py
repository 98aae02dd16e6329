"""Write answers with keys and values in caches of a fixed size: each token is the same work,
which a GPU is given as one CUDA graph.
"""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor

from ..model import VeraModel
from .single_writer import SingleWriter
from .writer import StopCriterion

# Caches have room for this many tokens, or twice as many, and so on.
LEAST: Final = 1024
_WARMING: Final = 3


class GraphWriter(SingleWriter):
    """Writes answers to prompts, one after the other; on a CPU without a graph,
    which takes as long as `decode.Writer` does.

    Args:
        stop: what ends an answer.
    """

    def __init__(self, model: VeraModel, stop: StopCriterion) -> None:
        super().__init__(model.language.embed_tokens.weight, stop)
        self._model = model
        self._caches: dict[int, _FixedCache] = {}

    def begin(self, length: int) -> _Reader:
        """A reader on caches that hold the prompt and a token; the caches of the answer before are used again."""
        return _Reader(self._cache(length + 1), self._cache)

    def _cache(self, length: int) -> _FixedCache:
        room = LEAST
        while room < length:
            room *= 2
        if room not in self._caches:
            self._caches[room] = _FixedCache(self._model, room)
        return self._caches[room]


class _Reader:
    """One answer under way."""

    def __init__(self, cache: _FixedCache, larger: Any) -> None:
        self._cache, self._larger, self._length = cache, larger, 0

    def read(self, embedded: Tensor) -> tuple[Tensor, Tensor]:
        """Read embeddings; see `single.Reader`. What it gives is overwritten by the next call."""
        first, self._length = self._length, self._length + len(embedded)
        if self._length > self._cache.room:
            small, self._cache = self._cache, self._larger(self._length)
            self._cache.take(small)
        if len(embedded) == 1:
            return self._cache.one(embedded, first)
        return self._cache.several(embedded, torch.arange(first, self._length, device=embedded.device))


class _FixedCache:
    """Keys and values of up to `room` tokens, as the language model's attention asks for them, and its work on them.

    What lies beyond the tokens read so far is from an earlier answer; it is masked.
    """

    def __init__(self, model: VeraModel, room: int) -> None:
        config = model.language.config
        size = config.hidden_size // config.num_attention_heads
        shape = (config.num_hidden_layers, 1, config.num_key_value_heads, room, size)
        like: dict[str, Any] = {"dtype": model.dtype, "device": model.device}
        self.room, self._model = room, model
        self._keys, self._values = torch.zeros(shape, **like), torch.zeros(shape, **like)
        self._embedded = torch.zeros(1, config.hidden_size, **like)
        self._place = torch.zeros(1, dtype=torch.long, device=model.device)
        self._places = self._place
        self._graph: Any = None
        self._made: tuple[Tensor, Tensor]

    def take(self, other: _FixedCache) -> None:
        """What a smaller one holds."""
        self._keys[..., : other.room, :] = other._keys
        self._values[..., : other.room, :] = other._values

    def update(self, keys: Tensor, values: Tensor, layer: int, **more: Any) -> tuple[Tensor, Tensor]:
        """Called by a layer's attention: keep its new keys and values (1, heads, tokens, size),
        give all there is room for.
        """
        self._keys[layer].index_copy_(2, self._places, keys)
        self._values[layer].index_copy_(2, self._places, values)
        return self._keys[layer], self._values[layer]

    def several(self, embedded: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """The last state and its logits after embeddings (tokens, hidden size) at these places (tokens,)."""
        self._places = places
        mask = torch.arange(self.room, device=places.device) <= places.unsqueeze(1)
        states = self._model.language(
            inputs_embeds=embedded.unsqueeze(0),
            attention_mask={"full_attention": mask[None, None]},
            position_ids=places.unsqueeze(0),
            cache=self,
        ).last_hidden_state[:, -1]
        return states[0], self._model.lm_head(states)[0]

    def one(self, embedded: Tensor, place: int) -> tuple[Tensor, Tensor]:
        """The same after one embedding (1, hidden size) at a place, which on a GPU is one launch."""
        self._embedded.copy_(embedded)
        self._place.fill_(place)
        if embedded.device.type != "cuda":
            return self.several(self._embedded, self._place)
        if self._graph is None:
            self._capture()
        self._graph.replay()
        return self._made

    def _capture(self) -> None:
        """Record the work of one token; doing it more than once writes the same values to the same place."""
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(_WARMING):
                self.several(self._embedded, self._place)
        torch.cuda.current_stream().wait_stream(side)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._made = self.several(self._embedded, self._place)
