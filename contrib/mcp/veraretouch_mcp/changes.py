"""Plans made of others: with other values, with edits of an area, or with a planner's proposal in their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import veraretouch as vr
from veraretouch.core.contract.slots import GROUPS
from veraretouch.core.errors import InvalidRequest
from veraretouch.core.plan.addresses import Values, edits_of, read_adjustments, set_address
from veraretouch.core.plan.area_text import read_area
from veraretouch.core.plan.edit import op_of
from veraretouch.core.plan.plan import with_local

MOST_VALUES = 200

Edits = Mapping[str, vr.Edit]


def with_values(plan: vr.Plan, values: Mapping[str, Any]) -> vr.Plan:
    """A plan with other exact values, whose groups are switched on.

    Args:
        values: by address, such as `exposure.ev`; None takes a slot back to rest.

    Raises:
        InvalidRequest: no such slot, or none of that name is set. OutOfBounds.
    """
    edits = _changed(plan.edits, values)
    groups = {
        op_of(id).slots[name].group for id, edit in edits.items() for name in edit.params if _given(values, id, name)
    }
    others = sorted(groups - set(GROUPS) - set(plan.groups))
    on = [group for group in GROUPS if group in groups or group in plan.groups]
    return replace(plan, edits=edits, groups=(*on, *(group for group in plan.groups if group not in GROUPS), *others))


def with_values_in(plan: vr.Plan, area: str, values: Mapping[str, Any]) -> vr.Plan:
    """A plan with other exact values within an area; those of the same area are changed, and gone with their last.

    Args:
        area: in words, as for the command line: `sky`, `linear: from top to 0.4`.

    Raises:
        InvalidRequest: as `with_values`, or an area that is not understood.
    """
    parts = read_area(area)
    for place, entry in enumerate(plan.local):
        if entry.area == parts:
            edits = _changed(entry.edits, values)
            kept = (replace(entry, edits=edits),) if edits else ()
            return replace(plan, local=(*plan.local[:place], *kept, *plan.local[place + 1 :]))
    if any(value is None for value in values.values()):
        raise InvalidRequest(f"nothing is set in {area[:200]!r}", cure="null takes back what was set there.")
    return with_local(plan, read_adjustments({area: values}), None)


def with_proposal(plan: vr.Plan, proposal: vr.Plan) -> vr.Plan:
    """A planner's proposal, in the frame of a plan and under its local adjustments."""
    return with_local(replace(proposal, frame=plan.frame), plan.local, None)


def _changed(edits: Edits, values: Mapping[str, Any]) -> dict[str, vr.Edit]:
    if not values or len(values) > MOST_VALUES:
        raise InvalidRequest(f"{len(values)} values", cure=f'Give 1 to {MOST_VALUES}, such as {{"exposure.ev": 0.3}}.')
    held = {id: dict(edit.params) for id, edit in edits.items()}
    given: Values = {}
    for name, value in values.items():
        if value is not None:
            set_address(given, name, value)
            continue
        id, _, slot = name.rpartition(".")
        if slot not in held.get(id, ()):
            raise InvalidRequest(f"nothing is set at {name[:200]!r}", cure="null takes back what was set.")
        del held[id][slot]
    new = edits_of(given)
    made = {}
    for id in dict.fromkeys((*held, *new)):
        params = {**held.get(id, {}), **(new[id].params if id in new else {})}
        if params:
            made[id] = replace(edits.get(id) or new[id], params=params)
    return made


def _given(values: Mapping[str, Any], id: str, slot: str) -> bool:
    return values.get(f"{id}.{slot}") is not None
