"""`check_planner`: one function that says whether a planner keeps the contract of `Planner`,
and what to do where it does not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

import torch

from ..contract.planner import Planner
from ..plugins.registry import registry
from .checks import OF_PLANNERS, functions
from .planner_checks.bench import PlannerBench
from .verdict import CheckOutcome, chosen, demand, judge

PLANNER_CHECKS: Final = functions(OF_PLANNERS)


def check_planner(planner: Planner | type[Any] | str, *, only: Collection[str] | None = None) -> None:
    """Check a planner, given as an instance, its class or the id of an installed one, in each mode that it declares.

    Every check runs, whatever the others found: `PLANNER_CHECKS` holds them by name,
    and `veraretouch check --list` says what each looks at.

    Args:
        only: the names of the checks to run; all by default.

    Raises:
        ConformanceError: one failure a broken promise: what was expected, what came, the smallest input that shows it.
        UnknownPlugin: no planner of this id is installed.
        UnknownCheck: no check has a name in `only`.

    >>> check_planner("rules")
    """
    trial = _trial(planner)
    demand(f"planner {getattr(trial.planner, 'id', trial.planner)!r}", _outcomes(trial, only))


def planner_outcomes(
    planner: Planner | type[Any] | str, *, only: Collection[str] | None = None
) -> Iterator[CheckOutcome]:
    """The same, check by check, each as soon as it is done; nothing is raised for a broken promise."""
    return _outcomes(_trial(planner), only)


def _trial(planner: Planner | type[Any] | str) -> PlannerBench:
    given = registry.planners.load(planner) if isinstance(planner, str) else planner
    return PlannerBench(given() if isinstance(given, type) else given)


def _outcomes(trial: PlannerBench, only: Collection[str] | None) -> Iterator[CheckOutcome]:
    for name in chosen(PLANNER_CHECKS, only):
        with torch.random.fork_rng(devices=[]):
            outcome = judge(name, PLANNER_CHECKS[name], trial, "planner")
        yield outcome
