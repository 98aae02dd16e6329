"""Values by address, such as `exposure.ev`: the slots of installed ops, and adjustments within areas given in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..contract.slots import FloatArray
from ..errors import InvalidRequest, nearest
from ..plugins.registry import registry
from ..strict_json import shorten
from .area_text import read_area
from .edit import Edit, op_of, provider_of
from .local import LocalAdjustment, check_names, free_name, read_adjustment

Values = dict[str, dict[str, FloatArray]]


def set_address(values: Values, name: str, value: Any, path: str = "params") -> None:
    """Set the slot of an address `op.slot`; an op's id may itself hold a dot. `path` begins messages.

    Raises:
        InvalidRequest: no such op or slot, or a slot given twice. OutOfBounds.
    """
    id, _, slot_name = name.rpartition(".")
    ops = registry.ops
    if id not in ops:
        raise InvalidRequest(
            f"{path}.{name}: no op {id!r} is installed",
            cure=f"{nearest(id, ops)} Names look like exposure.ev.".lstrip(),
        )
    op = ops.load(id)
    given, id = id, op.id  # an old name may have been given
    if slot_name not in op.slots:
        known = ", ".join(f"{id}.{slot}" for slot in op.slots)
        raise InvalidRequest(
            f"{path}.{name}: op {id!r} has no slot {slot_name!r}",
            cure=f"{nearest(slot_name, op.slots)} Known: {known}.".lstrip(),
        )
    slots = values.setdefault(id, {})
    if slot_name in slots:
        raise InvalidRequest(
            f"{path}.{name}: {id}.{slot_name} is given twice, as {given!r} is an old name of {id!r}",
            cure="Give the new name alone.",
        )
    slots[slot_name] = op.slots[slot_name].sized_for(value).check(value, path=f"{path}.{name}")


def edits_of(values: Mapping[str, Mapping[str, FloatArray]]) -> dict[str, Edit]:
    """The edits of checked values, op -> slot -> array, by the installed ops."""
    return {id: Edit(op_of(id).version, dict(params), provider_of(id)) for id, params in values.items()}


Local = Mapping[str, Mapping[str, Any]] | Sequence[LocalAdjustment | Mapping[str, Any]]
"""Local adjustments as people give them: areas in words with values by address, or a list of adjustments."""


def read_adjustments(local: Local) -> tuple[LocalAdjustment, ...]:
    """Local adjustments from `{"skin": {"exposure.ev": 0.2}}`, or from a list of them.

    Args:
        local: areas in words, see `core.plan.area_text`, with values by address; or a list of `LocalAdjustment` and of
            JSON objects as a plan has them.

    Raises:
        InvalidRequest: an area or an address that is not understood, an adjustment without values. OutOfBounds,
            InvalidPlan.
    """
    if isinstance(local, Mapping):
        found = list(_by_words(local))
    elif isinstance(local, Sequence) and not isinstance(local, str | bytes):
        found = [_adjustment(each) for each in local]
    else:
        raise InvalidRequest(
            f"local is {shorten(local)}", cure='Give areas and values: {"skin": {"exposure.ev": 0.2}}.'
        )
    check_names(found)
    return tuple(found)


def _by_words(local: Mapping[str, Mapping[str, Any]]) -> Iterator[LocalAdjustment]:
    taken: set[str] = set()
    for text, given in local.items():
        area, values = read_area(text), Values()
        if not isinstance(given, Mapping) or not given:
            raise InvalidRequest(f"local.{shorten(text)}: no values", cure='Give some, such as {"exposure.ev": -0.5}.')
        for name, value in given.items():
            set_address(values, str(name), value, f"local[{shorten(text)}]")
        name = name_for(text, taken)
        taken.add(name)
        yield LocalAdjustment(name, area, edits_of(values))


def name_for(text: str, taken: set[str]) -> str:
    """A name for the adjustment of an area in words: the words, cut and numbered where they are taken."""
    return free_name(" ".join(text.replace("/", " ").replace("#", " ").split())[:80] or "area", taken)


def _adjustment(given: Any) -> LocalAdjustment:
    if isinstance(given, LocalAdjustment):
        return given
    if not isinstance(given, Mapping):
        raise InvalidRequest(
            f"local: {shorten(given)} is no adjustment", cure="Give a LocalAdjustment, or an object as a plan has them."
        )
    return read_adjustment(given)
