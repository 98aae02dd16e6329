"""`check_op`: one function that says whether an op keeps the contract of `Op`, and what to do where it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Final

import torch

from ..op import Op
from ..registry import registry
from . import behaviour, declarations, gradients
from .specimen import Specimen
from .verdict import ConformanceError, Failure, findings

CHECKS: Final = MappingProxyType[str, Callable[[Specimen], Iterator[str]]](
    {
        "declared": declarations.declared,
        "identity": behaviour.identity,
        "kinds": behaviour.kinds,
        "batch_independence": behaviour.batch_independence,
        "determinism": behaviour.determinism,
        "inputs_untouched": behaviour.inputs_untouched,
        "finite": behaviour.finite,
        "finite_gradients": gradients.finite_gradients,
        "gradcheck": gradients.gradcheck,
        "functional": gradients.functional,
        "pointwise": behaviour.pointwise,
        "tiling": behaviour.tiling,
        "smoothness": gradients.smoothness,
        "plan_round_trip": declarations.plan_round_trip,
        "migration": declarations.migration,
        "group_off": declarations.group_off,
    }
)


def check_op(op: type[Op] | Op | str) -> None:
    """Check an op, given as its class, an instance or the id of an installed one.

    Every check runs, whatever the others found: identity to 1e-6, kinds kept, rows independent, repeatable, finite on hostile
    pixels with finite and right gradients, `torch.func`, the claim `pointwise` or the halo, smoothness, plans and groups.

    Raises:
        ConformanceError: one failure a broken promise: what was expected, what came, the smallest input that shows it.
        UnknownPlugin: no op of this id is installed.

    >>> check_op("exposure")
    """
    given = registry.ops.load(op) if isinstance(op, str) else op
    specimen = Specimen(given() if isinstance(given, type) else given)
    with torch.random.fork_rng(devices=[]):
        failures = [Failure(name, said) for name, check in CHECKS.items() for said in findings(check, specimen, "op")]
    if failures:
        raise ConformanceError(f"op {specimen.op.id!r}", failures)
