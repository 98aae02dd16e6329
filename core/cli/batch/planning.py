"""The plans of photos: by the batch's planner, or the plan that it was given."""

from __future__ import annotations

from collections.abc import Sequence
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
    return make_plans(request, [photo])[0]


def make_plans(
    request: BatchRequest, photos: Sequence[Photo | PhotoInput], *, retoucher: Retoucher | None = None
) -> list[Plan]:
    """The plans of photos, of which the planner is asked as of one batch.

    Args:
        retoucher: whose planner is asked; by default one of the request's planner, which this process keeps.
    """
    from ...photo.photo_input import PhotoInput

    subjects = [PhotoInput.of(photo) for photo in photos]
    if request.plan is None:
        plans = _planned(request, subjects, retoucher)
    else:
        plans = [_given(request, subject) for subject in subjects]
    if request.tones is None:
        return plans
    from ...render.monochrome import hold_colour
    from .matching import matched

    made = []
    for plan, subject in zip(plans, subjects, strict=True):
        seen = subject.framed(plan.frame).photo()
        held = plan if request.planner or plan.mode == "param" else hold_colour(plan, seen)
        made.append(matched(held, seen, request.tones))
    return made


def _given(request: BatchRequest, photo: PhotoInput) -> Plan:
    from ...plan.frame import read_frame
    from ...plan.plan import Plan

    plan = Plan.load(dict(request.plan or {}))
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


def _planned(request: BatchRequest, photos: Sequence[PhotoInput], retoucher: Retoucher | None) -> list[Plan]:
    try:
        with stdout_to_stderr():  # a planner that prints must not get between a command's own lines
            return (retoucher or _retoucher(request.planner, request.dtype)).plans(
                photos,
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
