"""`check_reward`: one function that says whether a reward keeps the contract of `Reward`, and what to do where it does
not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

import torch

from ..contract.reward import Reward
from ..plugins.registry import registry
from ..threads import one_thread
from .checks import OF_REWARDS, functions
from .reward_checks.bench import RewardBench
from .verdict import CheckOutcome, chosen, demand, judge

REWARD_CHECKS: Final = functions(OF_REWARDS)


def check_reward(reward: type[Reward] | Reward | str, *, only: Collection[str] | None = None) -> None:
    """Check a reward, given as its class, an instance or the id of an installed one.

    Every check runs, whatever the others found: `REWARD_CHECKS` holds them by name,
    and `veraretouch check --kind reward --list` says what each looks at.

    Args:
        only: the names of the checks to run; all by default.

    Raises:
        ConformanceError: one failure a broken promise: what was expected, what came, the smallest input that shows it.
        UnknownPlugin: no reward of this id is installed.
        UnknownCheck: no check has a name in `only`.

    >>> check_reward("similarity", only=["range", "determinism"])
    """
    bench = _bench(reward)
    demand(f"reward {bench.reward.id!r}", _outcomes(bench, only))


def reward_outcomes(
    reward: type[Reward] | Reward | str, *, only: Collection[str] | None = None
) -> Iterator[CheckOutcome]:
    """The same, check by check, each as soon as it is done; nothing is raised for a broken promise."""
    return _outcomes(_bench(reward), only)


def _bench(reward: type[Reward] | Reward | str) -> RewardBench:
    given = registry.rewards.load(reward) if isinstance(reward, str) else reward
    return RewardBench(given() if isinstance(given, type) else given)


def _outcomes(bench: RewardBench, only: Collection[str] | None) -> Iterator[CheckOutcome]:
    for name in chosen(REWARD_CHECKS, only):
        with torch.random.fork_rng(devices=[]), one_thread():
            outcome = judge(name, REWARD_CHECKS[name], bench, "reward")
        yield outcome
