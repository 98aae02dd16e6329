"""The plan of one photo: by the batch's planner, or the plan that it was given."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from ...photo import Photo
from ..terminal import stdout_to_stderr
from .request import BatchRequest

if TYPE_CHECKING:
    from ...photo.photo_input import PhotoInput
    from ...plan.plan import Plan
    from ...render.retoucher import Retoucher


def make_plan(request: BatchRequest, photo: Photo | PhotoInput) -> Plan:
    """The plan of one photo, matched to its series where that is ordered."""
    from ...photo.photo_input import PhotoInput

    subject = PhotoInput.of(photo)
    plan = _plan(request, subject)
    if request.tones is None:
        return plan
    from ...render.monochrome import hold_colour
    from .matching import matched

    seen = subject.framed(plan.frame).photo()
    if not request.planner and plan.mode != "param":
        plan = hold_colour(plan, seen)
    return matched(plan, seen, request.tones)


def _plan(request: BatchRequest, photo: PhotoInput) -> Plan:
    from ...plan.frame import read_frame
    from ...plan.plan import Plan

    if request.plan is None:
        return _planned(request, photo)
    plan = Plan.load(dict(request.plan))
    plan = replace(plan, frame=read_frame(request.frame) or plan.frame)
    if request.planner:  # of a series, whose plan was made for another photo
        retoucher = _retoucher(request.planner, request.dtype)
        frame, why = retoucher.framing(photo, plan.frame, level=request.level)
        plan = replace(plan, frame=frame, reasoning={**plan.reasoning, **why})
        plan = retoucher.held_back(plan, photo.framed(frame).photo())
    if request.groups is not None:
        plan = plan.only(request.groups)
    return replace(
        plan,
        strength=plan.strength if request.strength is None else request.strength,
        seed=plan.seed if request.seed is None else request.seed,
    )


def _planned(request: BatchRequest, photo: PhotoInput) -> Plan:
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
                frame=request.frame,
                level=request.level,
            )
    except SystemExit as error:  # an error of that planner, not the end of the command
        raise RuntimeError(f"it called sys.exit({error.code!r})").with_traceback(error.__traceback__) from None


@cache
def _retoucher(planner: str, dtype: str | None) -> Retoucher:
    from ...render.loading import load_retoucher

    return load_retoucher(planner, dtype=dtype)
