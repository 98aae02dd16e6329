"""A policy that writes two of six tokens: so small that every pair of answers can be enumerated."""

from __future__ import annotations

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import tokenizers
import torch
from seedling import seedling
from torch import Tensor
from veraretouch_dapo.drawing import draw, seeded
from veraretouch_dapo.policy import policy_of
from veraretouch_dapo.rewarding import OVERLONG, Scores
from veraretouch_dapo.settings import DapoSettings
from veraretouch_dapo.trainer import DapoTrainer

from veraretouch.planners.vera.packages import package
from veraretouch.planners.vera.writing.writer import StopCriterion

TOKENS, STEPS, PROMPT = 6, 2, [0, 3]
ANSWERS = list(itertools.product(range(TOKENS), repeat=STEPS))


class TwoSteps:
    """What a trainer asks for answers, without photos: the reward of an answer stands in a table.

    Args:
        table: (6, 6), by the two tokens.
    """

    def __init__(self, table: Tensor, settings: DapoSettings) -> None:
        self.table, self.settings = table, settings
        self.model = seedling(vocab_size=TOKENS).model
        self.rewards = SimpleNamespace(names=["table", OVERLONG], weights={"table": 1.0})
        self.examples = [None] * settings.prompts

    def to(self, device: Any) -> None:
        """Stay on the CPU."""

    def make(self, places: list[int], *, seeds: tuple[int, ...]) -> Any:
        """Draw, and look rewards up."""
        stop = StopCriterion(retouch=(-1, -2, -3), ends=(), most=STEPS)
        generators = [seeded(*seeds, 0, row) for row, _ in enumerate(places)]
        answers = draw(self.model, stop, [PROMPT] * len(places), generators)
        rewards = [float(self.table[tuple(answer.tokens)]) for answer in answers]
        scores = Scores({"table": rewards, OVERLONG: [0.0] * len(places)}, torch.tensor(rewards))
        row = SimpleNamespace(row=lambda index: None)
        return SimpleNamespace(
            prompts=[PROMPT] * len(places),
            answers=answers,
            scores=scores,
            redrawn=0,
            still=[],
            rollouts=SimpleNamespace(latents=row),
            places=list(places),
        )


def trainer(table: Tensor, out: Path, **settings: Any) -> DapoTrainer:
    """A trainer of that policy, on the CPU."""
    chosen = DapoSettings(**{"most_tokens": STEPS, "overlong": 1, "save_every": 10**6, "warmup": 0} | settings)
    maker: Any = TwoSteps(table, chosen)
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({str(i): i for i in range(TOKENS)}, unk_token="0"))
    tokenizer = package("transformers").PreTrainedTokenizerFast(tokenizer_object=words, eos_token="5", pad_token="5")
    return DapoTrainer(policy_of(maker.model, ends=[5]), tokenizer, maker, out, device="cpu")


def log_probabilities(model: Any, answers: list[tuple[int, ...]], prompt: list[int] = PROMPT) -> Tensor:
    """The log-probability (N, STEPS) of each token of each answer, read off the logits of one plain pass."""
    ids = torch.tensor([[*prompt, *answer] for answer in answers])
    states = model.language(input_ids=ids).last_hidden_state[:, len(prompt) - 1 : -1]
    return torch.log_softmax(model.lm_head(states), dim=-1).gather(2, ids[:, len(prompt) :, None])[..., 0]
