"""What is installed, as an assistant reads it."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator
from typing import Any

import veraretouch as vr
from veraretouch.core.contract.planner import tastes_of
from veraretouch.core.errors import VeraRetouchError
from veraretouch.core.plugins.catalogue import Catalogue
from veraretouch.core.plugins.summary import first_paragraph


def described_ops(only: Collection[str] | None) -> list[dict[str, Any]]:
    """The installed ops: id and what each does; of those in `only` also the JSON Schema of each slot.

    Raises:
        UnknownPlugin: of an id that is not installed.
    """
    if only is None:
        return [_named(op) | {"slots": list(op.slots)} for op in _usable(vr.registry.ops)]
    return [_named(op) | {"slots": _schemas(op)} for op in (vr.registry.ops.load(id) for id in only)]


def described_areas() -> list[dict[str, Any]]:
    """The installed areas with the JSON Schema of their slots."""
    return [_named(area) | {"slots": _schemas(area)} for area in _usable(vr.registry.areas)]


def described_planners() -> list[dict[str, Any]]:
    """The installed planners with their modes and tastes."""
    return [
        _named(planner) | {"modes": sorted(planner.modes), "tastes": sorted(tastes_of(planner))}
        for planner in _usable(vr.registry.planners)
    ]


def _usable(catalogue: Catalogue) -> Iterator[Any]:
    for id in catalogue.ids():
        try:
            yield catalogue.load(id)
        except VeraRetouchError:
            continue  # `veraretouch plugins` says what is wrong with it


def _named(plugin: Any) -> dict[str, Any]:
    return {"id": plugin.id, "does": first_paragraph(inspect.getdoc(plugin))}


def _schemas(plugin: Any) -> dict[str, Any]:
    return {name: slot.json_schema() for name, slot in plugin.slots.items()}
