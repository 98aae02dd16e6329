"""What answers are worth: installed rewards by name, each with a weight, and DAPO's punishment of length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from veraretouch import Reward, Rollouts, registry
from veraretouch.core.contract.reward import scores_of
from veraretouch.core.errors import InvalidDocument
from veraretouch.planners.rewards.format import is_well_formed

from .libraries import get_soft_overlong_punishment

OVERLONG = "overlong"
"""The name of the punishment among the scores; it is a term of the trainer and no reward."""


@dataclass(frozen=True)
class Scores:
    """What answers got.

    Attributes:
        each: name -> a number an answer, None where it was not judged; with `OVERLONG`, from -1 to 0.
        total: (B,) the weighted sum; what was not judged counts as 0.
    """

    each: Mapping[str, list[float | None]]
    total: Tensor


class Rewards:
    """The rewards of a run.

    Args:
        chosen: name -> its weight and what its constructor takes.
        most_tokens: of an answer; `overlong`: the last of these, over which the punishment grows.
    """

    def __init__(self, chosen: Mapping[str, Mapping[str, Any]], *, most_tokens: int, overlong: int) -> None:
        self.rewards = {name: _made(name, about) for name, about in chosen.items()}
        self.weights = {name: float(about.get("weight", 1.0)) for name, about in chosen.items()}
        self.punish = get_soft_overlong_punishment(most_tokens, overlong)

    @property
    def names(self) -> list[str]:
        """The rewards in their order, and the punishment."""
        return [*self.rewards, OVERLONG]

    def ready(self) -> None:
        """Load what rewards need, so that what is missing is said before training begins.

        Raises:
            MissingExtra: a scorer is not installed.
        """
        for reward in self.rewards.values():
            reward.ready()

    def score(self, rollouts: Rollouts) -> Scores:
        """Judge answers: malformed ones by rewards that judge these alone, and each by those of its mode."""
        formed = [is_well_formed(t, r.mode) for t, r in zip(rollouts.texts, rollouts.requests, strict=True)]
        each: dict[str, list[float | None]] = {}
        for name, reward in self.rewards.items():
            judged = [
                row
                for row, request in enumerate(rollouts.requests)
                if request.mode in reward.modes and (formed[row] or reward.judges_malformed)
            ]
            each[name] = [None] * len(rollouts)
            if judged:
                with torch.no_grad():
                    found = scores_of(reward, rollouts.rows(judged))
                for row, score in zip(judged, found.tolist(), strict=True):
                    each[name][row] = score
        each[OVERLONG] = list(self.punish(rollouts.ids))
        weights = {**self.weights, OVERLONG: 1.0}
        total = [sum(weights[name] * (each[name][row] or 0.0) for name in self.names) for row, _ in enumerate(formed)]
        return Scores(each, torch.tensor(total, dtype=torch.float64))


def undecided(total: Tensor, group: int) -> list[int]:
    """The groups, by number, whose answers all got the same total (groups * group,): nothing is learnt from them."""
    grouped = total.reshape(-1, group)
    return torch.nonzero(grouped.amax(dim=1) - grouped.amin(dim=1) < 1e-9).flatten().tolist()


def _made(name: str, about: Mapping[str, Any]) -> Reward:
    options: Sequence[str] = [key for key in about if key != "weight"]
    weight = about.get("weight", 1.0)
    if type(weight) not in (int, float) or weight < 0:
        raise InvalidDocument(f"is {weight!r}", path=f"rewards.{name}.weight", cure="Give a number from 0.")
    try:
        made: Reward = registry.rewards.load(name)(**{key: about[key] for key in options})
    except TypeError as error:
        raise InvalidDocument(
            f"cannot be made: {error}", path=f"rewards.{name}", cure=f"veraretouch rewards {name} shows its options."
        ) from None
    return made
