"""The plan of one photo: by the batch's planner, or the plan that it was given."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from ...photo import Photo
from .request import BatchRequest

if TYPE_CHECKING:
    from ...plan.plan import Plan
    from ...render.retoucher import Retoucher


def make_plan(request: BatchRequest, photo: Photo) -> Plan:
    """The plan of one photo, matched to its series where that is ordered."""
    plan = _plan(request, photo)
    if request.tones is None:
        return plan
    from .matching import matched

    return matched(plan, photo, request.tones)


def _plan(request: BatchRequest, photo: Photo) -> Plan:
    from ...plan.plan import Plan

    if request.plan is None:
        with redirect_stdout(sys.stderr):  # a planner that prints must not get between a command's own lines
            return _retoucher(request.planner, request.dtype).plan(
                photo,
                style=request.style,
                params=request.params,
                groups=request.groups,
                strength=1.0 if request.strength is None else request.strength,
                seed=request.seed or 0,
            )
    plan = Plan.load(dict(request.plan))
    if request.groups is not None:
        plan = plan.only(request.groups)
    return replace(
        plan,
        strength=plan.strength if request.strength is None else request.strength,
        seed=plan.seed if request.seed is None else request.seed,
    )


@cache
def _retoucher(planner: str, dtype: str | None) -> Retoucher:
    from ...render.retoucher import load_retoucher

    return load_retoucher(planner, dtype=dtype)
