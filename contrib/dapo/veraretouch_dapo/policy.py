"""The policy as TRL takes it: a language model of transformers that reads pictures as ids beyond its vocabulary.

What the frozen tower and projector make of a photo is the same at every step. So a picture stands in a prompt as a row
of ids, and the embedding gives each of them what was seen: TRL, which knows prompts as ids alone, carries the model
without knowing that it sees.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from veraretouch.planners.training.vera.end_to_end import KEPT
from veraretouch.planners.vera.model import VeraModel
from veraretouch.planners.vera.packages import package


class SeeingEmbedding(nn.Embedding):
    """The embedding of a language model, and beyond its vocabulary what was seen of pictures.

    Id `vocabulary + number * tokens + place` is the vector at a place of picture `number`. Pictures are kept up to
    `room` bytes, the newest at any rate.
    """

    def __init__(self, weight: nn.Parameter, room: int = KEPT) -> None:
        super().__init__(*weight.shape, device="meta")
        self.weight, self.room = weight, room
        self._seen: OrderedDict[int, Tensor] = OrderedDict()

    def __contains__(self, number: int) -> bool:
        """Whether a picture was shown and is still there."""
        return number in self._seen

    def show(self, number: int, seen: Tensor) -> None:
        """Put a picture (tokens, hidden size) there; all have as many tokens."""
        self._seen[number] = seen.detach()

    def ids(self, number: int) -> list[int]:
        """The ids of a picture that is there; it counts as used."""
        self._seen.move_to_end(number)
        tokens = len(self._seen[number])
        first = self.num_embeddings + number * tokens
        return list(range(first, first + tokens))

    def make_room(self, needed: int) -> None:
        """Forget what was used longest ago, but for the `needed` newest pictures."""
        while len(self._seen) > needed and sum(map(_size, self._seen.values())) > self.room:
            self._seen.popitem(last=False)

    def forward(self, ids: Tensor) -> Tensor:
        """Embeddings (..., hidden size) of ids (...)."""
        beyond = ids - self.num_embeddings
        shown = beyond >= 0
        embedded = super().forward(ids.masked_fill(shown, 0))
        if not bool(shown.any()):
            return embedded
        tokens = len(next(iter(self._seen.values())))
        numbers = torch.div(beyond[shown], tokens, rounding_mode="floor").tolist()
        pictures = {number: place for place, number in enumerate(dict.fromkeys(numbers))}
        seen = torch.stack([self._seen[number] for number in pictures]).to(embedded)
        rows = torch.tensor([pictures[number] for number in numbers], device=ids.device)
        return embedded.masked_scatter(shown.unsqueeze(-1), seen[rows, beyond[shown] % tokens])


def _size(seen: Tensor) -> int:
    return seen.numel() * seen.element_size()


def policy_of(model: VeraModel, *, ends: Sequence[int], beside: nn.Module | None = None) -> Any:
    """The language model of a planner as a `Qwen2ForCausalLM` on the same weights, trainable; the rest is frozen.

    Args:
        ends: tokens that end an answer.
        beside: what is trained beside it: it becomes a part of the policy, so that it is optimised and kept with it.
    """
    transformers = package("transformers")
    model.requires_grad_(False)
    config = model.language.config
    config.tie_word_embeddings = model.config.tie_word_embeddings
    with torch.device("meta"):
        policy = transformers.Qwen2ForCausalLM(config)
    model.language.embed_tokens = SeeingEmbedding(model.language.embed_tokens.weight)
    policy.model, policy.lm_head = model.language, model.lm_head
    policy.generation_config = transformers.GenerationConfig(eos_token_id=list(ends), pad_token_id=ends[0])
    policy.requires_grad_(True)
    if beside is not None:
        policy.add_module("beside", beside.requires_grad_(True))
    return policy.train()


def tokenizer_of(text: str, *, end: int) -> Any:
    """A tokenizer.json as transformers wants it, which TRL asks for."""
    tokenizer = package("tokenizers").Tokenizer.from_str(text)
    word = tokenizer.id_to_token(end)
    return package("transformers").PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=word, pad_token=word)
