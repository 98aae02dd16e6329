"""Arithmetic of plans: weighted means, differences and sums of their values, slot by slot.

What a plan does not set, or has switched off with its group, counts as the slot's identity. Angles go the
shorter way round; in means, hues of colours without chroma are ignored. Values end within their bounds; the reasoning
tells which were put there. Local adjustments meet by name: in a mean, one that a plan lacks has strength 0 there; a sum
has those of both; a difference those that only the first plan has. Frames are mixed edge by edge; a sum or difference
has the one frame that there is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, replace
from functools import partial
from typing import Any, ClassVar, NoReturn, Protocol, TypeVar

import numpy as np

from ..contract.op import Op
from ..contract.slot_kinds import GreyPicture, Lattice
from ..contract.slots import FloatArray, Slot
from ..errors import InvalidPlan, InvalidRequest
from ..photo.geometry.framing import Framing
from .edit import Edit, op_of
from .frame import frame_beyond, frame_of_both, mean_frame
from .local import AreaPart, LocalAdjustment, area_of, free_name

_Values = list[FloatArray | None]  # one a plan; None where it has no such op and the slot has no rest
_Rule = Callable[[_Values, Slot, str], FloatArray]


class Editable(Protocol):
    """What arithmetic reads of a plan: a dataclass of edits, of which it makes a changed copy."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def edits(self) -> Mapping[str, Edit]: ...
    @property
    def groups(self) -> tuple[str, ...]: ...
    @property
    def strength(self) -> float: ...
    @property
    def local(self) -> tuple[LocalAdjustment, ...]: ...
    @property
    def frame(self) -> Framing | None: ...
    @property
    def planner(self) -> Mapping[str, Any] | None: ...


_Plan = TypeVar("_Plan", bound=Editable)


def mean(plans: Sequence[_Plan], weights: Sequence[float] | None = None) -> _Plan:
    """The weighted mean of plans; those of weight 0 are left out, and the mean of one is that plan itself.

    Args:
        weights: one a plan, from 0, not all 0; by default all the same.

    Raises:
        InvalidRequest: no plan, weights that do not fit. InvalidPlan: plans that cannot be mixed.
    """
    weights = [1.0] * len(plans) if weights is None else list(weights)
    total = math.fsum(weights)
    if len(weights) != len(plans) or not all(weight >= 0 for weight in weights) or not 0 < total < math.inf:
        raise InvalidRequest(f"weights {weights} for {len(plans)} plans", cure="Give one a plan, from 0, not all 0.")
    kept = [(plan, weight / total) for plan, weight in zip(plans, weights, strict=True) if weight]
    mixed, shares = [plan for plan, _ in kept], [share for _, share in kept]
    if len(mixed) == 1:
        return mixed[0]
    strength = math.fsum(plan.strength * share for plan, share in kept)
    said = f"Take the mean of {len(mixed)} plans, weighted {', '.join(f'{share:.3g}' for share in shares)}"

    def between(values: _Values, slot: Slot, path: str) -> FloatArray:
        there = [value for value in values if value is not None]
        if len(there) < len(values):
            _refuse(f"{path} is not in all of these plans, and has no rest", "Mix plans that all have its op.")
        return _mean(there, shares, slot)

    made = _combined(mixed, between, strength, said, _mean_of_local(mixed, shares, between))
    return replace(made, frame=mean_frame([plan.frame for plan in mixed], shares))


def difference(plan: _Plan, before: _Plan) -> _Plan:
    """What a plan does beyond another, each value's distance counted from rest: `added` to the other,
    it gives the plan.

    Raises:
        InvalidPlan: plans of different strengths, or that cannot be mixed.
    """
    if plan.strength != before.strength:
        _refuse(f"strengths {plan.strength:g} and {before.strength:g} differ", "Give both plans the same strength.")

    def apart(values: _Values, slot: Slot, path: str) -> FloatArray:
        after, earlier = values
        if slot.identity is not None and after is not None and earlier is not None:
            return _rest(slot) + _turned(after - earlier, slot)
        if after is None or earlier is not None:
            _refuse(f"{path} has no rest from which a difference could be counted", "Take a mean of such plans.")
        return after

    kept = {entry.name: entry for entry in before.local}
    for entry in plan.local:
        if kept.pop(entry.name, entry) != entry:
            _refuse(f"local adjustment {entry.name!r} differs in these plans", "Take a mean of them.")
    if kept:
        _refuse(f"local adjustment {next(iter(kept))!r} is only in the plan to subtract", "Leave it out there.")
    beyond = tuple(entry for entry in plan.local if entry not in before.local)
    made = _combined([plan, before], apart, 1.0, "Do what one plan does beyond another", beyond)
    return replace(made, frame=frame_beyond(plan.frame, before.frame))


def added(plan: _Plan, more: _Plan) -> _Plan:
    """A plan with another on top: each value moved by the other's distance from rest.

    Raises:
        InvalidPlan: the other's strength is not 1, or plans that cannot be mixed.
    """
    if more.strength != 1:
        _refuse(f"a plan of strength {more.strength:g} cannot be added", "Give it strength 1.")

    def moved(values: _Values, slot: Slot, path: str) -> FloatArray:
        there = [value for value in values if value is not None]
        if len(there) == 1:
            return there[0]
        if slot.identity is None:
            _refuse(f"{path} is in both plans, and has no rest from which a sum could be counted", "Take a mean.")
        return there[0] + there[1] - _rest(slot)

    taken, on_top = {entry.name for entry in plan.local}, []
    for entry in more.local:
        on_top.append(replace(entry, name=free_name(entry.name, taken)))
        taken.add(on_top[-1].name)
    made = _combined([plan, more], moved, plan.strength, "Do what two plans do, one on top", (*plan.local, *on_top))
    return replace(made, frame=frame_of_both(plan.frame, more.frame))


def _mean_of_local(plans: list[_Plan], shares: list[float], rule: _Rule) -> tuple[LocalAdjustment, ...]:
    """The adjustments of all plans by name: one that a plan lacks has strength 0 there."""
    made = []
    for name in dict.fromkeys(entry.name for plan in plans for entry in plan.local):
        held = [
            (plan, share, entry)
            for plan, share in zip(plans, shares, strict=True)
            for entry in plan.local
            if entry.name == name
        ]
        total = math.fsum(share for _, share, _ in held)
        weights = [share / total for _, share, _ in held]
        entries = [entry for _, _, entry in held]
        kinds = {tuple((part.id, part.version, part.combine, part.invert) for part in entry.area) for entry in entries}
        if len(kinds) > 1:
            _refuse(f"the areas of local adjustment {name!r} differ in these plans", "Give them names of their own.")
        area = tuple(_mean_part(parts, weights, name) for parts in zip(*(entry.area for entry in entries), strict=True))
        own = partial(_weighted, weights) if len(held) < len(plans) else rule
        edits, _ = _edits([(entry.edits, plan.groups) for plan, _, entry in held], own)
        strength = math.fsum(share * entry.strength for _, share, entry in held)
        made.append(replace(entries[0], area=area, edits=edits, strength=min(strength, 1.0)))
    return tuple(made)


def _weighted(weights: list[float], values: _Values, slot: Slot, path: str) -> FloatArray:
    """The mean of values that are all there."""
    there = [value for value in values if value is not None]
    if len(there) < len(values):
        _refuse(f"{path} is not in all of these plans, and has no rest", "Mix plans that all have its op.")
    return _mean(there, weights, slot)


def _mean_part(parts: Sequence[AreaPart], weights: list[float], name: str) -> AreaPart:
    """The mean of the same part of an area in several plans."""
    slots = area_of(parts[0].id).slots
    params = {}
    for slot_name in dict.fromkeys(key for part in parts for key in part.params):
        values = [part.params[slot_name] for part in parts if slot_name in part.params]
        slot = _sized(slots[slot_name], f"{name}: {parts[0].id}.{slot_name}", values)
        full = [part.params.get(slot_name, _rest(slot)) for part in parts]
        params[slot_name] = bounded(_mean(full, weights, slot), slot)
    return replace(parts[0], params=params)


def _combined(plans: list[_Plan], rule: _Rule, strength: float, said: str, local: tuple[LocalAdjustment, ...]) -> _Plan:
    """The plan whose values a rule makes of these plans' values, with these local adjustments."""
    edits, beyond = _edits([(plan.edits, plan.groups) for plan in plans], rule)
    limits = f"; put on their bounds: {', '.join(beyond)}" if beyond else ""
    return replace(
        plans[0],
        mode="param",
        edits=edits,
        local=local,
        prompt=None,
        taste=None,
        strength=min(max(strength, 0.0), 1.0),
        planner=_planner(plans),
        groups=tuple(dict.fromkeys(group for plan in plans for group in plan.groups)),
        reasoning={"request": {"problem": f"Asked for one plan of {len(plans)}.", "plan": f"{said}{limits}."}},
    )


def _edits(plans: Sequence[tuple[Mapping[str, Edit], Sequence[str]]], rule: _Rule) -> tuple[dict[str, Edit], list[str]]:
    """The edits that a rule makes of edits and the groups that are on with them, and the values that it put on their
    bounds.
    """
    edits: dict[str, Edit] = {}
    beyond: list[str] = []
    for id in dict.fromkeys(id for held, _ in plans for id in held):
        op = op_of(id)
        given = [held.get(id) if set(op.groups()) & set(groups) else None for held, groups in plans]
        params: dict[str, FloatArray] = {}
        for name in _names(op, given):
            slot = _sized(
                op.slots[name], f"{id}.{name}", [edit.params[name] for edit in given if edit and name in edit.params]
            )
            values = [_value(edit, groups, name, slot) for edit, (_, groups) in zip(given, plans, strict=True)]
            made = rule(values, slot, f"{id}.{name}")
            params[name] = bounded(made, slot)
            if not np.allclose(_turned(params[name] - made, slot), 0, atol=1e-6):
                beyond.append(f"{id}.{name}")
        if any(not _at_rest(value, op.slots[name]) for name, value in params.items()):
            edits[id] = Edit(op.version, params, *_source(id, given))
    return edits, beyond


def _names(op: type[Op], given: Sequence[Edit | None]) -> list[str]:
    """The slots that any of the edits sets, in the op's order."""
    for edit in given:
        if edit and edit.version != op.version:
            cure = "Save and load the plan, which brings it forward."
            _refuse(f"op {op.id!r} is version {edit.version} in one and {op.version} here", cure)
        for name in edit.params if edit else ():
            if name not in op.slots:
                _refuse(f"op {op.id!r} has no slot {name!r}", f"Its slots: {', '.join(op.slots)}.")
    return [name for name in op.slots if any(edit and name in edit.params for edit in given)]


def _sized(slot: Slot, path: str, values: Sequence[FloatArray]) -> Slot:
    """The slot at the size of its values."""
    if not slot.varies:
        return slot
    sizes = sorted({np.shape(value) for value in values})
    if len(sizes) > 1:
        picture = isinstance(slot, GreyPicture)
        points = " and ".join("x".join(map(str, size)) if picture else str(size[0]) for size in sizes)
        cure = "Export the tables with as many points." if isinstance(slot, Lattice) else "Mix plans of one size."
        _refuse(f"{path} has {points} points in these plans", cure)
    return slot.sized_for(values[0])


def _value(edit: Edit | None, groups: Sequence[str], name: str, slot: Slot) -> FloatArray | None:
    """What an edit sets, or where the slot rests; None where it has no rest."""
    if edit is not None and slot.group not in groups:
        return np.asarray(slot.off, dtype=np.float64)
    if edit is not None and name in edit.params:
        return edit.params[name]
    return None if slot.identity is None else _rest(slot)


def _mean(values: list[FloatArray], shares: list[float], slot: Slot) -> FloatArray:
    """The weighted mean; of angles, by their turns from the first that is not at its identity."""
    if slot.period is None:
        return np.asarray(sum(share * value for share, value in zip(shares, values, strict=True)))
    moved = [(value, share) for value, share in zip(values, shares, strict=True) if not _at_rest(value, slot)]
    if not moved:
        return values[0]
    first, total = moved[0][0], math.fsum(share for _, share in moved)
    turns = [_turned(value - first, slot) * share for value, share in moved]
    return np.asarray(first + sum(turns) / total)


def _turned(distance: FloatArray, slot: Slot) -> FloatArray:
    """An angle's distance, the shorter way round; another's as it is."""
    if slot.period is None:
        return distance
    half = slot.period / 2
    return (distance + half) % slot.period - half


def bounded(value: FloatArray, slot: Slot) -> FloatArray:
    """The value within the slot's bounds, angles turned."""
    if slot.period is not None and slot.low is not None:
        return np.asarray((value - slot.low) % slot.period + slot.low)
    return np.clip(value, slot.low, slot.high) if slot.low is not None or slot.high is not None else value


def _rest(slot: Slot) -> FloatArray:
    return np.asarray(slot.identity, dtype=np.float64)


def _at_rest(value: FloatArray, slot: Slot) -> bool:
    slot = slot.sized_for(value)
    return slot.identity is not None and bool(np.array_equal(value, slot.identity))


def _source(id: str, given: Sequence[Edit | None]) -> tuple[str | None, Any]:
    """Who provided the op, and the weights that it opens."""
    edits = [edit for edit in given if edit is not None]
    if any(edit.asset != edits[0].asset for edit in edits):
        _refuse(f"op {id!r} has different weights in these plans", "Mix plans of the same bundle.")
    return edits[0].source, edits[0].asset


def _planner(plans: Sequence[Editable]) -> Any:
    """Who made them: the planner of all, or the one whose weights have a licence to be named."""
    makers = [plan.planner for plan in plans if plan.planner]
    licensed = [maker for maker in makers if maker.get("bundle")]
    if any(maker["bundle"] != licensed[0]["bundle"] for maker in licensed):
        _refuse("these plans are made by the weights of two bundles", "A plan records the licence of one; mix others.")
    if licensed:
        return licensed[0]
    return makers[0] if makers and all(plan.planner == makers[0] for plan in plans) else None


def _refuse(problem: str, cure: str) -> NoReturn:
    raise InvalidPlan(problem, cure=cure)
