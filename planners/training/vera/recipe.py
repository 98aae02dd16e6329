"""How `vera` is trained: settings of each stage, and sizes of models of its architecture, written down as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from ....core import strict_json
from ....core.errors import InvalidDocument
from ...vera.model import SIZES, VeraConfig
from ..loop import TrainingSettings
from .stages import TrainingStage

_FILE: Final = "vera.json"
_NUMBER: Final = {"type": "number", "minimum": 0}
_SETTINGS: Final[Mapping[str, Any]] = {
    "steps": {"type": "integer", "minimum": 1},
    "batch": {"type": "integer", "minimum": 1},
    "warmup": {"type": "integer", "minimum": 0},
    "save_every": {"type": "integer", "minimum": 1},
    "accumulate": {"type": "integer", "minimum": 1},
    "lr": _NUMBER,
    "decay": _NUMBER,
    "average": _NUMBER | {"maximum": 1},
    "alpha": _NUMBER,
    "tower_rate": _NUMBER | {"maximum": 1},
    "image_size": {"type": "integer", "minimum": 8, "maximum": 128},
}
_STAGE: Final = {"type": "object", "additionalProperties": False, "properties": _SETTINGS}
SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "about": {"type": "string"},
        "model": {**SIZES, "additionalProperties": False},
        "pieces": {"type": "integer", "minimum": 256, "maximum": 200_000},
        "stages": {"type": "object", "additionalProperties": _STAGE},
    },
}


@dataclass(frozen=True)
class StageRecipe:
    """What `TrainingSettings` do not say: the weight `alpha` of the text in alpha * CE + L1, `image_size`, pixels a
    side that examples are judged by, and the share `tower_rate` of the learning rate for the tower.
    """

    alpha: float = 0.1
    image_size: int = 64
    tower_rate: float = 1.0


def read_stage(
    stage: TrainingStage, configuration: Path | None = None, given: Mapping[str, Any] | None = None
) -> tuple[TrainingSettings, StageRecipe]:
    """The settings and the recipe of a stage.

    Args:
        configuration: a JSON file in place of the one that comes with veraretouch. given: what takes the place of
            single settings; None is not given.

    Raises:
        InvalidDocument: it lacks the stage, or breaks a rule.
    """
    document = _read(configuration)
    if stage.value not in document.get("stages", {}):
        raise InvalidDocument(
            f"has no stage {stage.value!r}", path=str(configuration), cure="Copy that of planners/training/vera."
        )
    found = document["stages"][stage.value] | {key: v for key, v in (given or {}).items() if v is not None}
    own = {each.name for each in fields(StageRecipe)}
    settings = {key: value for key, value in found.items() if key not in own}
    return TrainingSettings(**settings), StageRecipe(**{key: found[key] for key in own if key in found})


def read_model(configuration: Path, *, vocab_size: int, end: int) -> VeraConfig:
    """The sizes that a configuration names under `model`, with a vocabulary of so many tokens and the one that ends an
    answer.

    Raises:
        InvalidDocument: it names none, or breaks a rule.
    """
    document = _read(configuration)
    if "model" not in document:
        raise InvalidDocument("has no key 'model'", path=str(configuration), cure="Give the sizes of a VeraConfig.")
    return VeraConfig.of(document["model"] | {"vocab_size": vocab_size, "eos_token_id": [end]})


def read_pieces(configuration: Path) -> int:
    """How many pieces a vocabulary is to have that is learnt; 2048 where the configuration does not say."""
    return int(_read(configuration).get("pieces", 2048))


def _read(configuration: Path | None) -> dict[str, Any]:
    from jsonschema import Draft202012Validator

    name = str(configuration) if configuration is not None else _FILE
    try:
        data = (configuration or files(__package__ or "").joinpath(_FILE)).read_bytes()
    except OSError as error:
        raise InvalidDocument(f"cannot be read: {error.strerror}", path=name, cure="Check the path.") from None
    document: dict[str, Any] = strict_json.parse(data, name=name)
    strict_json.judge_by(document, Draft202012Validator(SCHEMA), name=name)
    return document
