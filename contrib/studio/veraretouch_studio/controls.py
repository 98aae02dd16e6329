"""What can be edited: every installed op, area and planner, as the page needs it to make its controls."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from veraretouch.core.contract.op import Stage
from veraretouch.core.contract.planner import DEFAULT_PLANNER, tastes_of
from veraretouch.core.contract.slots import GROUPS, Slot
from veraretouch.core.errors import VeraRetouchError
from veraretouch.core.photo import EXTENSIONS
from veraretouch.core.photo.geometry.framing import LARGEST_ANGLE, PERSPECTIVE_RANGES
from veraretouch.core.plan.edit import provider_of
from veraretouch.core.plugins.catalogue import Catalogue
from veraretouch.core.plugins.registry import registry
from veraretouch.core.plugins.summary import first_paragraph

from .elements import own_controls
from .jobs.sheet import SHEET

_LARGEST_SLOT = 1024
"""Numbers: the identity of a larger slot is not sent."""

_USUAL = ("jpg", "png", "tif", "webp", "heic", "avif", "jxl")


def controls() -> dict[str, Any]:
    """The ops in chain order with their slots, the areas, the groups, the ranges of a frame's numbers, the planners,
    the formats that are written, the modules of plug-ins' own controls, and the plug-ins that cannot be used, with the
    reason.
    """
    broken: list[dict[str, str]] = []
    ops = sorted(_loaded(registry.ops, broken), key=lambda op: (int(op.stage), op.id))
    areas = list(_loaded(registry.areas, broken))
    groups = dict.fromkeys((*GROUPS, *(group for op in ops for group in op.groups())))
    return {
        "ops": [_op(op) for op in ops],
        "areas": [_plugin(area, registry.areas) for area in areas],
        "groups": list(groups),
        "frame": {"angle": (-LARGEST_ANGLE, LARGEST_ANGLE), "perspective": PERSPECTIVE_RANGES},
        "planners": [_planner(planner) for planner in _loaded(registry.planners, broken)],
        "default_planner": DEFAULT_PLANNER,
        "formats": [*(suffix for suffix in _USUAL if f".{suffix}" in EXTENSIONS.writable), SHEET],
        "controls": own_controls(broken),
        "broken": broken,
    }


def _loaded(catalogue: Catalogue, broken: list[dict[str, str]]) -> Iterator[Any]:
    """The plug-ins of a kind that can be used."""
    for id in catalogue.ids():
        try:
            yield catalogue.load(id)
        except VeraRetouchError as error:
            broken.append({"id": id, "reason": str(error)})


def _op(op: Any) -> dict[str, Any]:
    stage = max((stage for stage in Stage if stage <= op.stage), default=Stage.WHITE_BALANCE)
    return _plugin(op, registry.ops) | {
        "stage": int(op.stage),
        "stage_name": stage.name.lower(),
        "pointwise": op.pointwise,
        "weights": hasattr(op, "from_bundle"),
    }


def _plugin(plugin: Any, catalogue: Catalogue) -> dict[str, Any]:
    return {
        "id": plugin.id,
        "version": plugin.version,
        "doc": first_paragraph(inspect.getdoc(plugin)),
        "from": provider_of(plugin.id, catalogue),
        "slots": {name: _slot(slot) for name, slot in plugin.slots.items()},
    }


def _slot(slot: Slot) -> dict[str, Any]:
    """A slot's declaration; without its numbers where they are too many to be moved by hand."""
    document = slot.document()
    if slot.size > _LARGEST_SLOT:
        document |= {"low": None, "high": None, "identity": None, "off": None}
    return document


def _planner(planner: Any) -> dict[str, Any]:
    return {
        "id": planner.id,
        "doc": first_paragraph(inspect.getdoc(planner)),
        "modes": sorted(planner.modes),
        "tastes": sorted(tastes_of(planner)),
    }
