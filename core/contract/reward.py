"""The contract of a reward: how good the answers are that a planner writes while it is trained by reinforcement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from ..errors import InvalidReward
from .declaration import WHOLE_VERSION, Rule, check_declaration
from .planner import Reasoning
from .request import MODES, Mode, Request

if TYPE_CHECKING:
    from torch import Tensor

    from .latents import Latents


@dataclass(frozen=True)
class Rollouts:
    """Answers that a planner wrote, B of them, with what became of each. A photo stands there once for each answer.

    Attributes:
        requests: what was asked; `texts`: the answers, special tokens included; `ids`: their tokens.
        reasoning: what was read out of each answer, by group.
        latents: the edits, one row an answer; `photos`, `pictures`, `targets`: (B, 3, H, W) in [0, 1], sRGB-encoded:
            before, after, and as it should be.
        renderer: pixels (N, 3, H, W) by latents of N rows, unclamped.
        plan_of: makes the plan of a row: what the command `plan` would write.
    """

    requests: Sequence[Request]
    texts: Sequence[str]
    ids: Sequence[Sequence[int]]
    reasoning: Sequence[Reasoning]
    latents: Latents
    photos: Tensor
    pictures: Tensor
    targets: Tensor
    renderer: Callable[[Tensor, Latents], Tensor]
    plan_of: Callable[[int], Any]

    def __len__(self) -> int:
        return len(self.texts)

    def plan(self, row: int) -> Any:
        """The `Plan` of an answer: from 0 to B - 1."""
        return self.plan_of(row)

    def rendered(self, latents: Latents) -> Tensor:
        """The photos by other edits, (B, 3, H, W) in [0, 1], such as those of one group:
        `rollouts.rendered(rollouts.latents.masked([{"lighting"}] * len(rollouts)))`.
        """
        return self.renderer(self.photos, latents).clamp(0, 1)

    def rows(self, places: Sequence[int]) -> Rollouts:
        """Some of them, in this order: at least one of `places` from 0 to B - 1."""
        kept = list(places)
        return Rollouts(
            requests=[self.requests[place] for place in kept],
            texts=[self.texts[place] for place in kept],
            ids=[self.ids[place] for place in kept],
            reasoning=[self.reasoning[place] for place in kept],
            latents=type(self.latents).cat([self.latents.row(place) for place in kept]),
            photos=self.photos[kept],
            pictures=self.pictures[kept],
            targets=self.targets[kept],
            renderer=self.renderer,
            plan_of=lambda row: self.plan_of(kept[row]),
        )


class Reward:
    """How good answers are, from 0 to 1, for reinforcement learning.

    A subclass states `id` and `version` and defines `score`. The class docstring's first line says what of an answer it
    judges. A constructor's arguments, all with defaults, can be set in the configuration of a run.

    `modes` are those of the requests whose answers it judges: the others are not shown to it. Answers that are
    malformed are not shown to it either, unless it says `judges_malformed = True`. `requires` and `deprecated` are as
    those of `Op`.

    Raises:
        InvalidReward: at class creation, where a declaration is missing or breaks a rule.
    """

    id: ClassVar[str]
    version: ClassVar[int]
    modes: ClassVar[frozenset[Mode]] = frozenset(MODES)
    judges_malformed: ClassVar[bool] = False
    requires: ClassVar[Mapping[str, str]] = MappingProxyType({})
    deprecated: ClassVar[str] = ""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "id" in vars(cls):
            check_declaration(cls, _RULES, "reward", InvalidReward)
            if cls.score is Reward.score:
                raise InvalidReward(f"{cls.__name__}: no score()", cure="Define score(self, rollouts).")

    def ready(self) -> None:
        """Load what scoring needs; called before a run begins, so that what is missing is said then."""

    def score(self, rollouts: Rollouts) -> Tensor:
        """How good each answer is: (B,), from 0 to 1, the same for an answer whatever stands beside it."""
        raise TypeError(f"{type(self).__name__} defines no score()")


_RULES: dict[str, Rule] = {
    "version": WHOLE_VERSION,
    "modes": (
        lambda modes: isinstance(modes, frozenset) and bool(modes) and modes <= frozenset(MODES),
        f"a frozenset of some of {', '.join(MODES)}",
    ),
    "judges_malformed": (lambda value: isinstance(value, bool), "True where malformed answers are judged, else False"),
}


def scores_of(reward: Reward, rollouts: Rollouts) -> Tensor:
    """What a reward says of answers, (B,) from 0 to 1.

    Raises:
        InvalidReward: another shape, or a value that is not finite or lies outside [0, 1].
    """
    scores = reward.score(rollouts)
    if tuple(scores.shape) != (len(rollouts),):
        raise InvalidReward(
            f"reward {reward.id!r} gave {tuple(scores.shape)} for {len(rollouts)} answers",
            cure="Give one number an answer: (B,).",
        )
    if not bool(((scores >= 0) & (scores <= 1)).all()):
        raise InvalidReward(
            f"reward {reward.id!r} gave {[round(value, 4) for value in scores.tolist()]}",
            cure="Give finite numbers from 0 to 1; check_reward finds the answer that does it.",
        )
    return scores


class Scorer(Protocol):
    """How good pictures look, without a target: what the reward `aesthetic` asks. An entry point of the group
    `veraretouch.scorers` names a class or a function that makes one, with these attributes.

    Attributes:
        licence: that of its code and weights, as SPDX or in words; `commercial_use`: whether that allows it.
    """

    licence: str
    commercial_use: bool

    def __call__(self, pictures: Tensor) -> Tensor:
        """(B,) from 0 to 1, of pictures (B, 3, H, W) in [0, 1], sRGB-encoded."""
        ...
