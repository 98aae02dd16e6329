"""The reward `aesthetic`: how good a picture looks, as an installed scorer says."""

from __future__ import annotations

from functools import cached_property
from typing import Final

import torch
from torch import Tensor

from ...core.contract.reward import Reward, Rollouts, Scorer
from ...core.errors import InvalidReward, MissingExtra
from ...core.plugins.registry import registry

SCORER: Final = "dapo.appeal"
"""The scorer that is asked where none is named: that of contrib/dapo."""


class Aesthetic(Reward):
    """Judge how good a picture looks, without a target, in the mode auto alone: style and exact values are orders.

    Args:
        scorer: an entry point of the group `veraretouch.scorers`. It is loaded when it is first asked.
    """

    id = "aesthetic"
    version = 1
    modes = frozenset({"auto"})

    def __init__(self, *, scorer: str = SCORER) -> None:
        self.scorer = scorer

    def ready(self) -> None:
        """Load the scorer.

        Raises:
            MissingExtra: it is not installed.
        """
        _ = self.loaded

    def score(self, rollouts: Rollouts) -> Tensor:
        """(B,) from 0 to 1.

        Raises:
            MissingExtra: the scorer is not installed. InvalidReward: it gave no score.
        """
        with torch.no_grad():
            scores = self.loaded(rollouts.pictures)
        if tuple(scores.shape) != (len(rollouts),) or not bool(((scores >= 0) & (scores <= 1)).all()):
            raise InvalidReward(
                f"scorer {self.scorer!r} gave {scores.flatten().tolist()[:4]} for {len(rollouts)} pictures",
                cure="A scorer gives one number from 0 to 1 for each.",
            )
        return scores

    @cached_property
    def loaded(self) -> Scorer:
        """The scorer.

        Raises:
            MissingExtra: it is not installed.
        """
        if self.scorer not in registry.scorers:
            known = registry.scorers.ids()
            raise MissingExtra(
                f"the reward 'aesthetic' needs the scorer {self.scorer!r}, which is not installed",
                cure=f"Choose one of {', '.join(known)}." if known else "pip install veraretouch-dapo",
            )
        made: Scorer = registry.scorers.load(self.scorer)()
        return made
