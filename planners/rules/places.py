"""Words said of things, where the photo has them: as local adjustments within the areas that show them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...core.contract.planner import Thought
from ...core.plan.addresses import edits_of
from ...core.plan.area_text import read_area
from ...core.plan.edit import Edit
from ...core.plan.local import AreaPart, LocalAdjustment
from ...core.plugins.registry import registry
from ..scene.network import CLASSES
from ..scene.scene import Scene
from .lexicon import Lexicon
from .lexicons.plugged import installed
from .protection import LEAST_SHARE
from .style import Edits, StyleReading, read_style


def regions_in(scene: Scene | None, lexicon: Lexicon | None = None) -> frozenset[str]:
    """The ids of the lexicon's regions that a photo has and an area shows; without a scene none."""
    if scene is None:
        return frozenset()
    regions = (lexicon or installed()).regions.values()
    return frozenset(region.id for region in regions if region.area and _is_in(region.area, scene))


def regions_named(prompt: str, lexicon: Lexicon | None = None) -> frozenset[str]:
    """The ids of the regions with areas of which a prompt says something: for these a photo is looked at."""
    known = lexicon or installed()
    areas = frozenset(region.id for region in known.regions.values() if region.area)
    reading = read_style(prompt, known, seen=areas)
    return frozenset((*reading.local, *reading.spared))


def _is_in(area: str, scene: Scene) -> bool:
    if area not in registry.areas:
        return False
    return area not in CLASSES or scene.share(area) >= LEAST_SHARE


def by_place(
    reading: StyleReading, lexicon: Lexicon | None = None
) -> tuple[tuple[LocalAdjustment, ...], dict[str, Thought]]:
    """The local adjustments of a reading, and a thought on each by "in" and its name.

    What is asked of a region alone applies in its area; what is asked of the whole photo, where something is to be
    spared, in all but that.
    """
    regions = (lexicon or installed()).regions
    spared = tuple(AreaPart(regions[id].area, combine="subtract") for id in reading.spared)
    made, thoughts = [], {}
    if spared and reading.edits:
        names = " and ".join(regions[id].name for id in reading.spared)
        name = f"all but {names}"
        made.append(LocalAdjustment(name, spared, _edits(reading.edits)))
        problem = f"To be kept as it is: {names}."
        thoughts[f"in {name}"] = Thought(problem=problem, plan=f"What is asked for applies to {name}.")
    for id, edits in reading.local.items():
        name = regions[id].name
        area = (*read_area(regions[id].area), *(part for part in spared if part.id != regions[id].area))
        made.append(LocalAdjustment(name, area, _edits(edits)))
        said = ", ".join(_said(edits))
        thoughts[f"in {name}"] = Thought(problem=f"Something is asked of {name} alone.", plan=f"There {said}.")
    return tuple(made), thoughts


def is_beside(place: str) -> bool:
    """Whether a thought is on no group: on the request, or on a local adjustment."""
    return place == "request" or place.startswith("in ")


def _edits(values: Edits) -> dict[str, Edit]:
    arrays = {op: {name: np.asarray(value, dtype=np.float64) for name, value in v.items()} for op, v in values.items()}
    return edits_of(arrays)


def _said(edits: Edits) -> Iterator[str]:
    for op, slots in edits.items():
        for name, value in slots.items():
            text = f"{value:+.2f}" if isinstance(value, float | int) else f"{len(value)} values"
            yield f"{op}.{name} {text}"
