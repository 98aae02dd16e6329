"""`check_op`: one function that says whether an op keeps the contract of `Op`, and what to do where it does not."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

import torch

from ..contract.op import Op
from ..plugins.registry import registry
from ..threads import one_thread
from .checks import OF_OPS, functions
from .op_checks.specimen import OpSpecimen
from .verdict import CheckOutcome, chosen, demand, judge

CHECKS: Final = functions(OF_OPS)


def check_op(op: type[Op] | Op | str, *, only: Collection[str] | None = None) -> None:
    """Check an op, given as its class, an instance or the id of an installed one.

    Every check runs, whatever the others found: `CHECKS` holds them by name,
    and `veraretouch check --list` says what each looks at.

    Args:
        only: the names of the checks to run; all by default.

    Raises:
        ConformanceError: one failure a broken promise: what was expected, what came, the smallest input that shows it.
        UnknownPlugin: no op of this id is installed.
        UnknownCheck: no check has a name in `only`.

    >>> check_op("exposure")
    >>> check_op("exposure", only=["identity", "tiling"])
    """
    specimen = _specimen(op)
    demand(f"op {specimen.op.id!r}", _outcomes(specimen, only))


def op_outcomes(op: type[Op] | Op | str, *, only: Collection[str] | None = None) -> Iterator[CheckOutcome]:
    """The same, check by check, each as soon as it is done; nothing is raised for a broken promise."""
    return _outcomes(_specimen(op), only)


def _specimen(op: type[Op] | Op | str) -> OpSpecimen:
    given = registry.ops.load(op) if isinstance(op, str) else op
    return OpSpecimen(given() if isinstance(given, type) else given)


def _outcomes(specimen: OpSpecimen, only: Collection[str] | None) -> Iterator[CheckOutcome]:
    for name in chosen(CHECKS, only):
        # Threads gain nothing on a few hundred pixels, and wait for each other where others use the machine.
        with torch.random.fork_rng(devices=[]), one_thread():
            outcome = judge(name, CHECKS[name], specimen, "op")
        yield outcome
