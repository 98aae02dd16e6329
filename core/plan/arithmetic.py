"""Arithmetic of plans: weighted means, differences and sums of their values, slot by slot.

What a plan does not set, or has switched off with its group, counts as the slot's identity. Angles go the
shorter way round; in means, hues of colours without chroma are ignored. Values end within their bounds; the reasoning
tells which were put there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, replace
from typing import Any, ClassVar, NoReturn, Protocol, TypeVar

import numpy as np

from ..contract.op import Op
from ..contract.slot_kinds import Lattice
from ..contract.slots import FloatArray, Slot
from ..errors import InvalidPlan, InvalidRequest
from .edit import Edit, op_of

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

    return _combined(mixed, between, strength, said)


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

    return _combined([plan, before], apart, 1.0, "Do what one plan does beyond another")


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

    return _combined([plan, more], moved, plan.strength, "Do what two plans do, one on top")


def _combined(plans: list[_Plan], rule: _Rule, strength: float, said: str) -> _Plan:
    """The plan whose values a rule makes of these plans' values."""
    edits: dict[str, Edit] = {}
    beyond: list[str] = []
    for id in dict.fromkeys(id for plan in plans for id in plan.edits):
        op = op_of(id)
        given = [plan.edits.get(id) if set(op.groups()) & set(plan.groups) else None for plan in plans]
        params: dict[str, FloatArray] = {}
        for name in _names(op, given):
            slot = _sized(
                op.slots[name], f"{id}.{name}", [edit.params[name] for edit in given if edit and name in edit.params]
            )
            values = [_value(edit, plan.groups, name, slot) for edit, plan in zip(given, plans, strict=True)]
            made = rule(values, slot, f"{id}.{name}")
            params[name] = _bounded(made, slot)
            if not np.allclose(_turned(params[name] - made, slot), 0, atol=1e-6):
                beyond.append(f"{id}.{name}")
        if any(not _at_rest(value, op.slots[name]) for name, value in params.items()):
            edits[id] = Edit(op.version, params, *_source(id, given))
    limits = f"; put on their bounds: {', '.join(beyond)}" if beyond else ""
    return replace(
        plans[0],
        mode="param",
        edits=edits,
        prompt=None,
        taste=None,
        strength=min(max(strength, 0.0), 1.0),
        planner=_planner(plans),
        groups=tuple(dict.fromkeys(group for plan in plans for group in plan.groups)),
        reasoning={"request": {"problem": f"Asked for one plan of {len(plans)}.", "plan": f"{said}{limits}."}},
    )


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
    """The slot at the size of the lattices."""
    sizes = sorted({len(value) for value in values}) if isinstance(slot, Lattice) else []
    if len(sizes) > 1:
        points = " and ".join(map(str, sizes))
        _refuse(f"{path} has {points} points in these plans", "Export the tables with as many points.")
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


def _bounded(value: FloatArray, slot: Slot) -> FloatArray:
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
