"""Write answers, token by token, and keep the hidden states from which the retouch tokens were predicted."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from ..model import VeraModel
from ..packages import package
from .sampling import Sampler

OnToken = Callable[[int, int], None]
"""Called with a row's index and its new token."""


@dataclass
class Written:
    """One answer: its tokens, and for each retouch token, at its first occurrence,
    the state (hidden size,) that predicted it.
    """

    tokens: list[int] = field(default_factory=list)
    states: dict[int, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class StopCriterion:
    """What ends an answer: the last of the three `retouch` tokens, one of the tokens `ends`,
    or a length of `most` tokens.
    """

    retouch: tuple[int, ...]
    ends: tuple[int, ...]
    most: int

    def note(self, written: Written, token: int, state: Tensor) -> None:
        """Write a token; of a retouch token's first occurrence the state that predicted it is copied."""
        written.tokens.append(token)
        if token in self.retouch and token not in written.states:
            written.states[token] = state.clone()

    def is_reached(self, written: Written) -> bool:
        """Whether the answer is complete."""
        return (
            len(written.states) == len(self.retouch)
            or written.tokens[-1] in self.ends
            or len(written.tokens) >= self.most
        )


class Writer:
    """Writes answers to batches of prompts, each as if it were alone.

    Args:
        stop: what ends an answer.
    """

    def __init__(self, model: VeraModel, stop: StopCriterion) -> None:
        self.model, self.stop = model, stop
        self._prefixes: dict[tuple[int, ...], Any] = {}

    @torch.inference_mode()
    def write(
        self,
        prefix: Sequence[int],
        prompts: Sequence[Tensor],
        samplers: Sequence[Sampler],
        *,
        on_token: OnToken | None = None,
    ) -> list[Written]:
        """Answers to prompts that begin with the same tokens.

        Args:
            prefix: those tokens; computed once for all prompts of this and later calls.
            prompts: what follows them, embedded: (length, hidden size); one tensor that stands there several times
                is read once.
            samplers: who chooses the tokens of each.
        """
        written = [Written() for _ in prompts]
        rows = list(range(len(prompts)))
        kinds = {id(prompt): prompt for prompt in prompts}
        spread = [list(kinds).index(id(prompt)) for prompt in prompts]
        cache, mask, embedded = self._begin(prefix, list(kinds.values()))
        while True:
            positions = (mask.cumsum(dim=1) - 1).clamp(min=0)[:, -embedded.shape[1] :]
            states = self.model.language(
                inputs_embeds=embedded, attention_mask=mask, position_ids=positions, cache=cache
            ).last_hidden_state[:, -1]
            if len(states) < len(rows):
                states, mask = states[spread], mask[spread]
                cache.batch_select_indices(torch.tensor(spread, device=mask.device))
            logits = self.model.lm_head(states)
            for place, row in enumerate(rows):
                token = samplers[row].next(logits[place], written[row].tokens)
                self.stop.note(written[row], token, states[place])
                if on_token is not None:
                    on_token(row, token)
            going = [place for place, row in enumerate(rows) if not self.stop.is_reached(written[row])]
            if not going:
                return written
            if len(going) < len(rows):
                rows, kept = [rows[place] for place in going], torch.tensor(going, device=mask.device)
                cache.batch_select_indices(kept)
                mask = mask[kept]
            last = torch.tensor([[written[row].tokens[-1]] for row in rows], device=mask.device)
            embedded = self.model.language.embed_tokens(last)
            mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)

    def _begin(self, prefix: Sequence[int], prompts: Sequence[Tensor]) -> tuple[Any, Tensor, Tensor]:
        """The cache after the prefix, the mask over prefix and prompts, and the prompts padded left with zeros."""
        longest = max(len(prompt) for prompt in prompts)
        pad = torch.nn.functional.pad
        embedded = torch.stack([pad(prompt, (0, 0, longest - len(prompt), 0)) for prompt in prompts])
        mask = torch.ones(len(prompts), len(prefix) + longest, dtype=torch.long, device=embedded.device)
        for row, prompt in enumerate(prompts):
            mask[row, len(prefix) : len(prefix) + longest - len(prompt)] = 0
        cache = copy.deepcopy(self._after(tuple(prefix)))
        if len(prompts) > 1 and prefix:
            cache.batch_repeat_interleave(len(prompts))
        return cache, mask, embedded

    def _after(self, prefix: tuple[int, ...]) -> Any:
        """The cache of keys and values after a prefix."""
        if prefix not in self._prefixes:
            cache = package("transformers").DynamicCache(config=self.model.language.config)
            if prefix:
                self.model.language(inputs_embeds=self.model.embed(prefix), cache=cache)
            self._prefixes[prefix] = cache
        return self._prefixes[prefix]
