"""The plan of one photo: by the batch's planner, or the plan that it was given."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from ...photo import Photo
from ..terminal import stdout_to_stderr
from .request import BatchRequest

if TYPE_CHECKING:
    from ...plan.plan import Plan
    from ...render.retoucher import Retoucher


def make_plan(request: BatchRequest, photo: Photo) -> Plan:
    """The plan of one photo, matched to its series where that is ordered."""
    plan = _plan(request, photo)
    if request.tones is None:
        return plan
    from ...render.monochrome import hold_colour
    from .matching import matched

    if not request.planner and plan.mode != "param":
        plan = hold_colour(plan, photo)
    return matched(plan, photo, request.tones)


def _plan(request: BatchRequest, photo: Photo) -> Plan:
    from ...plan.plan import Plan

    if request.plan is None:
        return _planned(request, photo)
    plan = Plan.load(dict(request.plan))
    if request.planner:  # of a series, whose plan was made for another photo
        plan = _retoucher(request.planner, request.dtype).held_back(plan, photo)
    if request.groups is not None:
        plan = plan.only(request.groups)
    return replace(
        plan,
        strength=plan.strength if request.strength is None else request.strength,
        seed=plan.seed if request.seed is None else request.seed,
    )


def _planned(request: BatchRequest, photo: Photo) -> Plan:
    try:
        with stdout_to_stderr():  # a planner that prints must not get between a command's own lines
            return _retoucher(request.planner, request.dtype).plan(
                photo,
                style=request.style,
                params=request.params,
                groups=request.groups,
                strength=1.0 if request.strength is None else request.strength,
                seed=request.seed or 0,
                taste=request.taste,
                local=request.local,
            )
    except SystemExit as error:  # an error of that planner, not the end of the command
        raise RuntimeError(f"it called sys.exit({error.code!r})").with_traceback(error.__traceback__) from None


@cache
def _retoucher(planner: str, dtype: str | None) -> Retoucher:
    from ...render.loading import load_retoucher

    return load_retoucher(planner, dtype=dtype)
