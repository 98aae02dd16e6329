"""Plans for a photo: by a planner, or as sliders that come near an edit without any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import veraretouch as vr
from veraretouch.core.errors import InvalidRequest
from veraretouch.core.plan.plan import Plan
from veraretouch.planners.rules.style import read_style

Event = tuple[str, dict[str, Any]]
_SIDE = 1024
"""Planners look at smaller copies; references are compared at this size at most."""


def planned(photo: vr.Photo, wish: Mapping[str, Any], reference: tuple[vr.Photo, ...]) -> Iterator[Event]:
    """What a planner says of a photo, event by event: words that it does not know, its reasoning, the plan.

    Args:
        wish: `mode` (auto, style, reference), `planner`, and `style`, `taste`, `groups`, `frame` where they are
            given.
        reference: the target, or the photos before and after, for the mode reference.

    Raises:
        VeraRetouchError: whatever the planner refuses.
    """
    mode, name = wish["mode"], wish.get("planner") or "tiny"
    if mode == "style" and not str(wish.get("style") or "").strip():
        raise InvalidRequest("the style has no words", cure="Describe the look, such as: warm and moody.")
    if mode == "style" and name in ("rules", "tiny"):  # they read prompts by the lexicon alone
        yield "words", {"unknown": list(read_style(wish["style"]).unknown)}
    if mode == "reference" and not reference:
        raise InvalidRequest("no photo is given as reference", cure="Choose a target, or a pair.")
    options: dict[str, Any] = {name: wish.get(name) for name in ("taste", "groups", "frame")}
    if mode == "style":
        options["style"] = wish["style"]
    if mode == "reference":
        options["reference"] = tuple(each.resized(_SIDE) for each in reference)
        options["reference"] = options["reference"][0] if len(reference) == 1 else options["reference"]
    plan = retoucher(name).plan(photo, **options)
    for group, thought in plan.reasoning.items():
        yield "reasoning", {"group": group, **thought}
    yield "plan", plan.document()


@lru_cache(maxsize=4)
def retoucher(name: str) -> vr.Retoucher:
    """The retoucher of an installed planner or bundle, opened once."""
    return vr.load(name)


def explained(plan: Plan, photo: vr.Photo) -> dict[str, Any]:
    """A plan of sliders whose picture of this photo comes near that of another plan."""
    found = vr.explain(plan, photo=photo.resized(_SIDE))
    return {"plan": found.plan.document(), "error": found.report.error_after, "holds": found.holds}
