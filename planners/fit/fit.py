"""Sliders from a photo before and after an edit."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

import numpy as np
import torch

from ...core.color.ciede2000 import ciede2000
from ...core.contract.latents import Latents
from ...core.contract.op import Op
from ...core.errors import InvalidRequest
from ...core.photo.photo_input import PhotoInput
from ...core.plan.plan import Plan
from ...core.render.renderer import Renderer
from ...core.threads import keep_freed_memory
from .align import Aligned, align
from .areas.finding import FINE_SIDE, FoundAreas, area_ids, find_areas
from .areas.places import places_of
from .areas.words import adjustments, said
from .fit_report import FitReport, reasons, report_of
from .pairs import Array, Mask, Picture, pairs_of
from .search import Found, search
from .sliders import CURVES, MONOCHROME, SLIDERS, Sliders, load_ops

DEFAULT_OPS: Final = (*SLIDERS, *CURVES, MONOCHROME)
VERSION: Final = "0.1.0"
# A place was retouched by hand where the edit of the whole explains it worse than this,
# in CIEDE2000 and in medians of all places.
SQUARE: Final = 12
RETOUCHED: Final = 5.0
RETOUCHED_MEDIANS: Final = 4.0
# So small a share of odd pixels is left to the robust weights.
WORTH_A_SECOND_LOOK: Final = 0.01


@dataclass(frozen=True)
class Fit:
    """An edit as sliders, `plan`, and how well they explain it, `report`."""

    plan: Plan
    report: FitReport

    def __repr__(self) -> str:
        return f"<Fit {self.report.summary()}>"


def fit(
    before: Any,
    after: Any,
    *,
    ops: Iterable[str | type[Op] | Op] | None = None,
    groups: Collection[str] | None = None,
    areas: Collection[str] | str | bool | None = None,
) -> Fit:
    """Recover an edit's sliders from a photo before and after it.

    Args:
        before, after: photos of any kind that `Renderer.render` takes. They may differ by a crop or a shift of a few
            pixels, in size, by JPEG's noise, and where somebody retouched a part by hand.
        ops: which ops may explain the edit: ids, classes or instances;
            by default those that Camera Raw has sliders for.
        groups: only slots of these groups.
        areas: which areas may explain what sliders for the whole photo leave, by at most three local adjustments:
            `"auto"` or True for gradients, ellipses, and ranges of luminance and colour, or a list of ids. An
            adjustment stays where it takes away a quarter of the error that is left (45 % for a range, which is a map
            of colours, too), and 0.25 CIEDE2000. Without it none is looked for.

    Returns:
        A `Fit`: `plan`, whose unused sliders are left out or at their identity exactly, and `report`.

    Raises:
        InvalidRequest: an op that is not installed, has weights, or looks at neighbouring pixels; an area that is not
            installed.
            InvalidPhoto, UnreadablePhoto.

    >>> import numpy, veraretouch as vr
    >>> before = numpy.random.default_rng(0).random((64, 64, 3), dtype="float32").repeat(4, 0).repeat(4, 1)
    >>> after = vr.Renderer().render(before, vr.zoo.load("rules").plan(before, params={"exposure.ev": 0.5}))
    >>> found = fit(before, after, ops=["exposure", "saturation"])
    >>> round(float(found.plan.edits["exposure"].params["ev"]), 2)
    0.5
    """
    ids, used, chosen = area_ids(areas), made_ops(ops), None if groups is None else frozenset(groups)
    one, two = (PhotoInput.of(photo).photo() for photo in (before, after))
    aligned = align(one, two)
    found, retouched = explain_pictures(aligned, used, chosen)
    if ids and aligned.alike:
        places = find_areas(aligned, found.sliders, [found.x], ids, chosen)
        if places is not None:
            return told_with_areas(found, places, aligned)
    return told(found, aligned, retouched)


def explain_pictures(aligned: Aligned, ops: list[Op], groups: frozenset[str] | None) -> tuple[Found, Mask | None]:
    """The sliders that explain aligned pictures, and which pixels were retouched by hand; None where hardly any."""
    keep_freed_memory()
    found = search(pairs_of(aligned.before, aligned.after), ops, groups)
    # Every second pixel of every second row tells where hands were at work, in a quarter of the time.
    some = errors_of(_latents(found), aligned.before[::2, ::2], aligned.after[::2, ::2])
    errors = _around(some, aligned.before.shape[:2])
    odd = errors > max(RETOUCHED, RETOUCHED_MEDIANS * float(np.median(errors)))
    if not WORTH_A_SECOND_LOOK < odd.mean() < 0.4:
        return found, None
    again = search(pairs_of(aligned.before, aligned.after, leave_out=odd), ops, groups, start=found.x)
    return again, odd


def _around(errors: Array, size: tuple[int, ...]) -> Array:
    """The mean error of squares of pixels, at each pixel of a picture of this size: hands work on places,
    JPEG errs at single pixels.
    """
    height, width = size
    parts = max(1, height // SQUARE), max(1, width // SQUARE)
    plane = torch.from_numpy(errors)[None, None]
    squares = torch.nn.functional.adaptive_avg_pool2d(plane, parts)
    around: Array = torch.nn.functional.interpolate(squares, (height, width))[0, 0].numpy()
    return around


def _latents(found: Found) -> Latents:
    return found.sliders.latents(found.x)


def errors_of(latents: Latents, before: Picture, after: Picture) -> Array:
    """CIEDE2000 (H, W) between what latents make of the before, and the after."""
    rgb = torch.from_numpy(np.ascontiguousarray(before)).permute(2, 0, 1).unsqueeze(0)
    made = _renderer()(rgb, latents)[0].permute(1, 2, 0)
    errors: Array = ciede2000(made, torch.from_numpy(np.ascontiguousarray(after))).numpy()
    return errors


@cache
def _renderer() -> Renderer:
    return Renderer()


def told(found: Found, aligned: Aligned, retouched: Mask | None = None) -> Fit:
    """The fit of sliders that were found, with its report."""
    errors = errors_of(_latents(found), aligned.before, aligned.after)
    report = report_of(found, aligned, errors, retouched)
    return Fit(plan_of(found, report), report)


def told_with_areas(alone: Found, places: FoundAreas, aligned: Aligned) -> Fit:
    """The fit of sliders and of local adjustments, with its report; `alone`: sliders for the whole photo at their best
    without any.
    """
    found = replace(alone, x=places.whole, error=places.error, rises=places.rises)
    local = adjustments(places, places_of(aligned.before, aligned.after, FINE_SIDE))
    latents = replace(Plan.of(_latents(found)), local=local).latents()
    without = float(errors_of(_latents(alone), aligned.before, aligned.after).mean())
    report = replace(
        report_of(found, aligned, errors_of(latents, aligned.before, aligned.after), None),
        adjustments=tuple(said(entry) for entry in local),
        error_without_areas=without,
    )
    plan = plan_of(found, report)
    groups = tuple(dict.fromkeys((*plan.groups, *latents.schema.groups)))
    return Fit(replace(plan, local=local, groups=groups), report)


def plan_of(found: Found, report: FitReport) -> Plan:
    """The plan that holds the sliders."""
    latents = found.sliders.latents(found.x)
    groups = latents.schema.groups
    return Plan.of(
        latents,
        mode="reference",
        planner={"id": "fit", "version": VERSION},
        groups=groups,
        reasoning=reasons(found, report),
    )


def made_ops(ops: Iterable[str | type[Op] | Op] | None) -> list[Op]:
    """Instances of ops given by id, class or instance.

    Raises:
        InvalidRequest: none, or one that cannot be fitted.
    """
    if isinstance(ops, str):
        raise InvalidRequest(f"ops is {ops!r}", cure='Give a list of ids, such as ["exposure", "hsl"].')
    made: list[Op] = []
    for op in DEFAULT_OPS if ops is None else ops:
        if isinstance(op, str):
            made += load_ops([op])
        else:
            made.append(op() if isinstance(op, type) else op)
    if not Sliders(made).all:
        raise InvalidRequest("no op with a slider is given", cure=f"The usual ones: {', '.join(DEFAULT_OPS)}.")
    return made
