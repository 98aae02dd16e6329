"""How the scene network is trained: stages whose settings are committed in `scene.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from ....core import strict_json
from ....core.errors import InvalidDocument
from ...scene.network import CLASSES, SIDE
from ..loop import TrainingSettings
from .stages import SceneStage

_FILE: Final = "scene.json"


@dataclass(frozen=True)
class SceneRecipe:
    """How examples are drawn and weighed.

    Attributes:
        weak: weight of sources named `weak_...`, whose masks nobody drew by hand, 0 to 1.
        balance: how often a source is drawn: 0 by its number of pictures, 1 as often as any other, 0.5 by the root.
        emphasis: class -> weight of its pixels; 1 where none is given.
        frozen_statistics: batch normalisation keeps its means and spreads, as small batches need it.
        frozen_blocks: so many of the first blocks, and the stem, are not trained: edges are the same in every photo.
        side: pixels a side of the pictures that are learnt from, a multiple of 32; parts of photos are enlarged to it.
    """

    weak: float = 0.4
    balance: float = 0.5
    emphasis: Mapping[str, float] = field(default_factory=dict)
    frozen_statistics: bool = False
    frozen_blocks: int = 0
    side: int = SIDE


def read_stage(stage: SceneStage, configuration: Path | None = None) -> tuple[dict[str, Any], SceneRecipe]:
    """Settings of the loop, and the recipe, of a stage.

    Args:
        configuration: a JSON file in place of the committed one.

    Raises:
        InvalidDocument: it lacks the stage or has keys that are not known.
    """
    name = str(configuration) if configuration is not None else _FILE
    try:
        data = (configuration or files(__package__ or "").joinpath(_FILE)).read_bytes()
    except OSError as error:
        raise InvalidDocument(f"cannot be read: {error.strerror}", path=name, cure="Check the path.") from None
    stages = strict_json.parse(data, name=name).get("stages", {})
    if stage.value not in stages:
        raise InvalidDocument(f"has no stage {stage.value!r}", path=name, cure="Copy that of planners/training/scene.")
    found = stages[stage.value]
    settings, recipe = (dict(found.get(key, {})) for key in ("settings", "recipe"))
    _check(settings, {each.name for each in fields(TrainingSettings)}, f"{name}: stages.{stage}.settings")
    _check(recipe, {each.name for each in fields(SceneRecipe)}, f"{name}: stages.{stage}.recipe")
    _check(recipe.get("emphasis", {}), set(CLASSES), f"{name}: stages.{stage}.recipe.emphasis")
    for key, low, high, step in (("balance", 0, 1, None), ("weak", 0, 1, None), ("side", 32, 1024, 32)):
        value = recipe.get(key, low)
        if not isinstance(value, int | float) or not low <= value <= high or (step and value % step):
            rule = f"from {low} to {high}" + (f", a multiple of {step}" if step else "")
            raise InvalidDocument(f"{key} is {value!r}", path=f"{name}: stages.{stage}.recipe", cure=f"Give {rule}.")
    return settings, SceneRecipe(**recipe)


def _check(given: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(given.keys() - known):
        raise InvalidDocument(f"{unknown[0]!r} is not known", path=where, cure=f"There are {', '.join(sorted(known))}.")
