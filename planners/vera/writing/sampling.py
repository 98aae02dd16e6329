"""How the next token is chosen: temperature, then the most probable k, then the smallest set that holds a share p."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Sampler(Protocol):
    """Who chooses the tokens of one answer."""

    def next(self, logits: Tensor, written: Sequence[int]) -> int:
        """The next token, by logits (vocabulary,) and what has been written."""
        ...


@dataclass(frozen=True)
class Sampling:
    """The published settings. A temperature of 0 takes the most probable token; answers end after `most_tokens`."""

    temperature: float = 0.2
    top_k: int = 50
    top_p: float = 0.8
    most_tokens: int = 4096


class Sampled:
    """Draws tokens by a seed: the chance of one answer, whatever is written beside it."""

    def __init__(self, sampling: Sampling, seed: int) -> None:
        self.sampling = sampling
        self._generator = torch.Generator().manual_seed(seed)

    def next(self, logits: Tensor, written: Sequence[int]) -> int:
        """Draw one of the kept tokens by its probability."""
        if self.sampling.temperature == 0:
            return int(logits.argmax())
        shares, tokens = kept(logits, self.sampling)
        return int(tokens[int(torch.multinomial(shares, 1, generator=self._generator))])


def kept(logits: Tensor, sampling: Sampling) -> tuple[Tensor, Tensor]:
    """The shares (not normalised) and ids of the tokens that may be drawn, most probable first; on the CPU."""
    values, tokens = logits.float().topk(min(sampling.top_k, len(logits)))
    shares = torch.softmax(values.cpu() / sampling.temperature, dim=0)
    # Left out: the least probable, together at most 1 - p; never the most probable.
    rest = shares.flip(0).cumsum(dim=0).flip(0)
    enough = rest > 1 - sampling.top_p
    enough[0] = True
    return shares[enough], tokens.cpu()[enough]


@dataclass(frozen=True)
class Forced:
    """Writes given tokens, whatever the model would: for tests and for measurements of a fixed length."""

    tokens: Sequence[int]

    def next(self, logits: Tensor, written: Sequence[int]) -> int:
        """The given token in this place; the last one again beyond the end."""
        return self.tokens[min(len(written), len(self.tokens) - 1)]
