"""Answers drawn from the policy itself: at temperature 1, from the whole vocabulary, with the log-probability of each
token.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from veraretouch.planners.vera.answer import RETOUCH_TOKENS
from veraretouch.planners.vera.model import VeraModel
from veraretouch.planners.vera.writing.writer import StopCriterion, Writer


@dataclass
class Drawn:
    """One answer: its tokens, the log-probability of each, the groups whose retouch tokens it has, and the states
    (3, hidden size) that predicted these, zeros for one that is missing.
    """

    tokens: list[int]
    logps: list[float]
    states: Tensor
    groups: frozenset[str]


@dataclass
class _Drawing:
    """Who chooses the tokens of one answer; see `Sampler`."""

    generator: torch.Generator
    logps: list[float] = field(default_factory=list)

    def next(self, logits: Tensor, written: Sequence[int]) -> int:
        """Draw by the probabilities as they are."""
        logps = torch.log_softmax(logits.double(), dim=-1).cpu()
        token = int(torch.multinomial(logps.exp(), 1, generator=self.generator))
        self.logps.append(float(logps[token]))
        return token


def seeded(*facts: int) -> torch.Generator:
    """A generator that depends on these facts alone: what was drawn before has no part in it."""
    return torch.Generator().manual_seed(seed_of(*facts))


def seed_of(*facts: int) -> int:
    """A seed from 0 to 2**63 - 1."""
    digest = hashlib.sha256("/".join(map(str, facts)).encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def draw(
    model: VeraModel, stop: StopCriterion, prompts: Sequence[Sequence[int]], generators: Sequence[torch.Generator]
) -> list[Drawn]:
    """An answer to each prompt, given as ids, those of pictures included; written side by side."""
    embed = model.language.embed_tokens
    with torch.no_grad():
        kinds = {ids: embed(torch.tensor(ids, device=model.device)) for ids in dict.fromkeys(map(tuple, prompts))}
    embedded = [kinds[tuple(ids)] for ids in prompts]
    drawings = [_Drawing(generator) for generator in generators]
    # A writer remembers what the weights made of a prompt's beginning, and they change: one a call.
    answers = Writer(model, stop).write((), embedded, drawings)
    made = []
    for answer, drawing in zip(answers, drawings, strict=True):
        named = zip(stop.retouch, RETOUCH_TOKENS.values(), strict=True)
        groups = frozenset(group for token, group in named if token in answer.states)
        blank = torch.zeros(model.config.hidden_size, dtype=model.dtype, device=model.device)
        states = torch.stack([answer.states.get(token, blank) for token in stop.retouch]).clone()
        made.append(Drawn(answer.tokens, drawing.logps, states, groups))
    return made
