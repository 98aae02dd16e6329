"""`check_planner`: one function that says whether a planner keeps the contract of `Planner`, and what to do where it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any, Final

import torch

from ..planner import Planner
from ..registry import registry
from . import proposals
from .proposals import Trial
from .verdict import ConformanceError, Failure, findings

PLANNER_CHECKS: Final = MappingProxyType[str, Callable[[Trial], Iterator[str]]](
    {
        "declared": proposals.declared,
        "valid": proposals.valid,
        "exact": proposals.exact,
        "reasoned": proposals.reasoned,
        "renders": proposals.renders,
        "batch_independence": proposals.batch_independence,
        "determinism": proposals.determinism,
        "inputs_untouched": proposals.inputs_untouched,
        "hostile_photos": proposals.hostile_photos,
        "hostile_prompts": proposals.hostile_prompts,
    }
)


def check_planner(planner: Planner | type[Any] | str) -> None:
    """Check a planner, given as an instance, its class or the id of an installed one, in each mode that it declares.

    Every check runs, whatever the others found: one row a photo, values within the bounds of the schema, reasons for each group that is
    edited, plans that can be saved and rendered, rows independent, the same plan again, hostile photos and prompts.

    Raises:
        ConformanceError: one failure a broken promise: what was expected, what came, the smallest input that shows it.
        UnknownPlugin: no planner of this id is installed.

    >>> check_planner("rules")
    """
    given = registry.planners.load(planner) if isinstance(planner, str) else planner
    trial = Trial(given() if isinstance(given, type) else given)
    with torch.random.fork_rng(devices=[]):
        failures = [
            Failure(name, said) for name, check in PLANNER_CHECKS.items() for said in findings(check, trial, "planner")
        ]
    if failures:
        raise ConformanceError(f"planner {getattr(trial.planner, 'id', trial.planner)!r}", failures)
