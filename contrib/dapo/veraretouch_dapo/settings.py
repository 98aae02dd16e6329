"""How a run of post-training goes: a JSON file, every number of which has a default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from veraretouch.core import strict_json
from veraretouch.core.contract.request import MODES, Mode
from veraretouch.core.errors import InvalidDocument

REWARDS: Mapping[str, Mapping[str, Any]] = {
    "format": {"weight": 1.0},
    "similarity": {"weight": 2.0},
    "consistency": {"weight": 0.5},
}


@dataclass(frozen=True)
class DapoSettings:
    """The settings of a run. Clipping, loss and punishment are those of DAPO; what it leaves open is ours.

    Attributes:
        steps: optimiser steps; `lr`: constant after `warmup` steps.
        prompts: photos a generation; `group`: answers to each; `updates`: optimiser steps that a generation's answers
            are divided among; `epochs`: how often they are gone through; `part`: answers a forward pass.
        most_tokens: of an answer; `overlong`: the last of these, over which the punishment rises to -1.
        redraws: how often a group whose rewards are all equal is drawn again.
        clip_low, clip_high: the ratio of probabilities is clipped to [1 - clip_low, 1 + clip_high].
        rewards: reward -> its weight, and what else its constructor takes.
        beside: weight of an L1 loss that trains head and renderer beside the policy; 0 leaves them frozen.
        save_every: generations between checkpoints; `show_every`: between grids of pictures.
        image_size: pixels a side of the pictures that are rewarded.
        mode: of the requests that are answered: `auto`, `style`, `param`, or `all`.
    """

    steps: int = 200
    lr: float = 1e-5
    warmup: int = 5
    prompts: int = 8
    group: int = 8
    updates: int = 2
    epochs: int = 1
    part: int = 16
    most_tokens: int = 400
    overlong: int = 80
    redraws: int = 2
    clip_low: float = 0.2
    clip_high: float = 0.28
    rewards: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: REWARDS)
    beside: float = 0.0
    save_every: int = 10
    show_every: int = 5
    image_size: int = 64
    mode: str = "all"
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what no run could be made with.

        Raises:
            InvalidDocument
        """
        if self.mode not in _MODES:
            raise InvalidDocument(f"is {self.mode!r}", path="mode", cure=f"Give one of {', '.join(_MODES)}.")
        for name, least in _LEAST.items():
            if getattr(self, name) < least:
                raise InvalidDocument(f"is {getattr(self, name)}", path=name, cure=f"Give at least {least}.")
        answers = self.prompts * self.group
        if answers % (self.updates * self.part):
            raise InvalidDocument(
                f"{answers} answers cannot be divided into {self.updates} updates of parts of {self.part}",
                path="part",
                cure="Give a `part` that divides prompts * group / updates.",
            )
        if self.overlong >= self.most_tokens:
            raise InvalidDocument(f"is {self.overlong}", path="overlong", cure="Give less than most_tokens.")
        if not self.rewards:
            raise InvalidDocument("names none", path="rewards", cure='Give one, such as {"format": {"weight": 1}}.')

    @property
    def generations(self) -> int:
        """How often answers are drawn: each generation takes `updates * epochs` steps."""
        return -(-self.steps // self.steps_a_generation)

    @property
    def steps_a_generation(self) -> int:
        """Optimiser steps between two generations."""
        return self.updates * self.epochs

    @property
    def asked(self) -> Mode | None:
        """The mode whose examples are read; None for all."""
        return next((mode for mode in MODES if mode == self.mode), None)

    def document(self) -> dict[str, Any]:
        """As a JSON object."""
        return {**asdict(self), "rewards": {name: dict(about) for name, about in self.rewards.items()}}

    @classmethod
    def load(cls, source: Path | Mapping[str, Any], **changed: Any) -> DapoSettings:
        """Read a configuration; `changed` counts more than what stands there, None for nothing.

        Raises:
            InvalidDocument: a key that is not known, or a value of another kind.
        """
        name = str(source) if isinstance(source, Path) else "configuration"
        try:
            document = strict_json.parse(source.read_bytes(), name=name) if isinstance(source, Path) else dict(source)
        except OSError as error:
            raise InvalidDocument(f"cannot be read: {error.strerror}", path=name, cure="Check the path.") from None
        if not isinstance(document, dict):
            raise InvalidDocument("is no object", path=name, cure='Write {"steps": 200}.')
        document = {**document, **{key: value for key, value in changed.items() if value is not None}}
        known = {each.name: each for each in fields(cls)}
        for key, value in document.items():
            if key not in known:
                raise InvalidDocument("is not known", path=f"{name}.{key}", cure=f"There are {', '.join(known)}.")
            if not _fits(value, known[key].type):
                raise InvalidDocument(
                    f"is {value!r}", path=f"{name}.{key}", cure=f"Give {_KINDS[str(known[key].type)]}."
                )
        return cls(**document)


_MODES = ("auto", "style", "param", "all")
_LEAST = {
    "steps": 1, "lr": 0, "warmup": 0, "prompts": 1, "group": 2, "updates": 1, "epochs": 1, "part": 1, "most_tokens": 2,
    "overlong": 0, "redraws": 0, "clip_low": 0, "clip_high": 0, "beside": 0, "save_every": 1, "show_every": 1,
    "image_size": 8, "seed": 0,
}  # fmt: skip
_KINDS = {
    "str": "a word",
    "int": "a whole number",
    "float": "a number",
    "Mapping[str, Mapping[str, Any]]": "an object of objects",
}


def _fits(value: Any, kind: Any) -> bool:
    if kind == "str":
        return type(value) is str
    if kind == "int":
        return type(value) is int
    if kind == "float":
        return type(value) in (int, float)
    return isinstance(value, Mapping) and all(isinstance(each, Mapping) for each in value.values())
