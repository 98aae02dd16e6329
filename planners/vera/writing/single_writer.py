"""Write one answer after the other: what `decode.Writer` does,
by whatever reads embeddings and keeps keys and values for itself.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from .sampling import Sampler
from .writer import OnToken, StopCriterion, Written


class Reader(Protocol):
    """One answer under way."""

    def read(self, embedded: Tensor) -> tuple[Tensor, Tensor]:
        """Read embeddings (length, hidden size) after those before;
        the state (hidden size,) and the logits (vocabulary,) at the last.
        """
        ...


class SingleWriter(ABC):
    """Writes answers to prompts, each by a reader of its own.

    Args:
        embeddings: of all tokens (vocabulary, hidden size); `stop`: what ends an answer.
    """

    def __init__(self, embeddings: Tensor, stop: StopCriterion) -> None:
        self.stop = stop
        self._embeddings = embeddings.detach()

    @abstractmethod
    def begin(self, length: int) -> Reader:
        """A reader of an answer to a prompt of so many tokens."""

    @torch.inference_mode()
    def write(
        self,
        prefix: Sequence[int],
        prompts: Sequence[Tensor],
        samplers: Sequence[Sampler],
        *,
        on_token: OnToken | None = None,
    ) -> list[Written]:
        """Answers to prompts that begin with the same tokens; see `decode.Writer.write`."""
        before = self._embeddings[list(prefix)]
        return [
            self._write(torch.cat([before, prompt]), sampler, row, on_token)
            for row, (prompt, sampler) in enumerate(zip(prompts, samplers, strict=True))
        ]

    def _write(self, prompt: Tensor, sampler: Sampler, row: int, on_token: OnToken | None) -> Written:
        written = Written()
        reader = self.begin(len(prompt))
        embedded = prompt
        while True:
            state, logits = reader.read(embedded)
            token = sampler.next(logits, written.tokens)
            self.stop.note(written, token, state.to(prompt.dtype))
            if on_token is not None:
                on_token(row, token)
            if self.stop.is_reached(written):
                return written
            embedded = self._embeddings[token].unsqueeze(0)
