"""Param mode: exact values from a plan, from slot addresses, or from a published parameter file.

The form is told from the keys: ``schema`` is a plan, ``exposure.ev`` is an address, ``Exposure2012`` is a crs name.
A parameter file's field is a number, or an object whose ``value`` counts; what the authors' own tool writes beside it
(``min``, ``max``, ``initial``, ``sigma``) is read over.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..core import strict_json
from ..core.errors import InvalidRequest, nearest
from ..core.plan.addresses import Values, edits_of, set_address
from ..core.plan.edit import op_of
from ..core.plan.plan import Plan
from ..core.plugins.registry import registry
from ..ops.crs import FIELDS, CrsField

_BESIDE_VALUE = frozenset({"value", "min", "max", "initial", "sigma"})
_MOST_NAMED = 8  # in a warning


def read_params(source: Plan | Mapping[str, Any] | str | Path, *, bounded: bool = True) -> Values:
    """Values op -> slot -> array, checked against the bounds of the installed ops.

    Args:
        source: a `Plan`, ``{"exposure.ev": 0.35}``, ``{"Exposure2012": {"value": 30}}``, a plan's JSON object, JSON
            text, or a path.
        bounded: whether a parameter file's numbers have to lie within -100 to 100. A model that is told them as words
            takes others too.

    Warns:
        UserWarning: names the fields of a parameter file that are not known here, and are left out.

    Raises:
        InvalidRequest: nothing in it, an unknown name, a parameter file's number beyond its slot's bounds; OutOfBounds;
            InvalidDocument: a file that is not strict JSON.
    """
    if isinstance(source, Plan):
        return _of_plan(source)
    document = dict(source) if isinstance(source, Mapping) else _read(source)
    if str(document.get("schema", "")).startswith("veraretouch.plan/"):
        return _of_plan(Plan.load(document))
    if not document:
        raise InvalidRequest("params are empty", cure='Give values such as {"exposure.ev": 0.35}.')
    values: Values = {}
    known_fields = any(name in FIELDS for name in document)
    unknown: list[str] = []
    for name, value in document.items():
        if not isinstance(name, str):
            raise InvalidRequest(
                f"params.{name!r} is not a name", cure='Names look like "exposure.ev" or "Exposure2012".'
            )
        if "." in name:
            set_address(values, name, value)
        elif name in FIELDS:
            _refuse_twice(FIELDS[name], document)
            _set_field(values, FIELDS[name], value, bounded=bounded, unknown=unknown)
        elif known_fields:
            unknown.append(name)
        else:
            raise InvalidRequest(
                f"params.{name}: no crs field {strict_json.shorten(name)} is known",
                cure=f"{nearest(name, FIELDS)} Or name a slot, such as exposure.ev.".lstrip(),
            )
    if unknown:
        more = f" and {len(unknown) - _MOST_NAMED} more" if len(unknown) > _MOST_NAMED else ""
        shown = ", ".join(strict_json.shorten(name) for name in unknown[:_MOST_NAMED])
        warnings.warn(f"params: unknown fields are left out: {shown}{more}", UserWarning, stacklevel=2)
    return values


def field_numbers(source: Plan | Mapping[str, Any] | str | Path) -> dict[str, float]:
    """The numbers that a parameter file gives its crs fields, as they stand there; empty for other forms of `source`.

    What `read_params` accepts is accepted; its checks are not made again.
    """
    if isinstance(source, Plan):
        return {}
    document = source if isinstance(source, Mapping) else _read(source)
    given = {name: value for name, value in document.items() if name in FIELDS}
    return {name: float(value["value"] if isinstance(value, Mapping) else value) for name, value in given.items()}


def _read(source: str | Path) -> dict[str, Any]:
    return strict_json.load(source, "parameters", name="params")  # type: ignore[no-any-return]


def _of_plan(plan: Plan) -> Values:
    return {op: dict(edit.params) for op, edit in plan.edits.items()}


def _refuse_twice(field: CrsField, document: Mapping[str, Any]) -> None:
    """Refuse a field whose slot is given by its address, too.

    Raises:
        InvalidRequest
    """
    address = f"{field.op}.{field.slot}"
    if address in document:
        raise InvalidRequest(f"params.{field.name} and params.{address} are the same slot", cure="Give one of them.")


def _set_field(values: Values, field: CrsField, value: Any, *, bounded: bool, unknown: list[str]) -> None:
    """Set a crs field of a published parameter file; bands of one slot come together from several fields."""
    if isinstance(value, Mapping):
        if "value" not in value:
            raise InvalidRequest(f"params.{field.name}: keys {sorted(map(str, value))}", cure='Write {"value": 30}.')
        unknown += [f"{field.name}.{key}" for key in value if key not in _BESIDE_VALUE]
        value = value["value"]
    number = _parameter(field, value, bounded=bounded)
    slot = registry.ops.load(field.op).slots[field.slot]
    slots = values.setdefault(field.op, {})
    if field.index is None:
        slots[field.slot] = np.array(number)
    else:
        bands = slots.setdefault(field.slot, np.array(slot.identity))
        bands[field.index] = number


def _parameter(field: CrsField, value: Any, *, bounded: bool) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidRequest(
            f"params.{field.name}: {strict_json.shorten(value)} is not a number from -100 to 100",
            cure="100 is the slider's end.",
        )
    if bounded and not -100 <= value <= 100:
        low, high = (field.from_parameter_file(end) for end in (-100, 100))
        raise InvalidRequest(
            f"params.{field.name}: {strict_json.shorten(value)} is not from -100 to 100, "
            f"which is {low:g} to {high:g}, the bounds of {field.op}.{field.slot}",
            cure="100 is the slider's end. The planner 'vera' is told other numbers as they are.",
        )
    if field.low >= 0:
        raise InvalidRequest(
            f"params.{field.name}: a parameter file has no scale for {field.name}, whose range is "
            f"{field.low:g} to {field.high:g}",
            cure=f"Set {field.op}.{field.slot} instead.",
        )
    return field.from_parameter_file(float(value))


def plan_with_assets(
    values: Mapping[str, Any], assets: Sequence[str], *, groups: Collection[str] | None = None
) -> Plan:
    """The plan of exact values for ops of which some have weights: ``plan_with_assets({...}, ["acme.look=./bundle"])``.

    Args:
        values: by address, as `read_params` takes them.
        assets: for each op with weights its id and the name of its bundle, which is fetched and verified.

    Raises:
        InvalidRequest: no such form, an op that no value is given for or that has no weights,
            a bundle that nobody knows.
        And as `read_params` and `Plan.only`.
    """
    edits = edits_of(read_params(values))
    for text in assets:
        id, equals, name = (part.strip() for part in text.partition("="))
        if not (id and equals and name):
            raise InvalidRequest(f"--asset {text!r} is not OP=BUNDLE", cure="An example: --asset acme.look=./bundle.")
        id = registry.ops.resolve(id)
        if id not in edits:
            raise InvalidRequest(f"--asset {text}: no value is set for op {id!r}", cure=f"Give --set {id}.SLOT=VALUE.")
        if not hasattr(op_of(id), "from_bundle"):
            raise InvalidRequest(f"--asset {text}: op {id!r} has no weights", cure="Leave --asset out.")
        opened = registry.announce("open_bundle", name=name, variant=None)
        if not opened:
            raise InvalidRequest(
                f"--asset {text}: nobody here opens bundle {name!r}", cure="Is the zoo's hook blocked?"
            )
        edits[id] = replace(edits[id], asset=opened[0].asset)
    plan = Plan(mode="param", edits=edits)
    return plan if groups is None else plan.only(groups)


def describe(values: Values) -> str:
    """The values in one line, for the reasoning."""
    parts = []
    for op, slots in values.items():
        for name, value in slots.items():
            text = f"{float(value):+.3g}" if np.ndim(value) == 0 else f"{np.size(value)} values"
            parts.append(f"{op}.{name} {text}")
    return ", ".join(parts)
