"""What the command `check` can judge: a suite of checks for each kind, brought by the room that knows the kind.

A suite is a plugin of the group `veraretouch.checks`, whose entry point is named as the kind.
Importing one loads no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..plugins.registry import registry
from .checks import OF_AREAS, OF_OPS, OF_PLANNERS, OF_REWARDS, promises

if TYPE_CHECKING:
    from .verdict import CheckOutcome


@dataclass(frozen=True)
class CheckSuite:
    """The checks of one kind.

    Attributes:
        knows: whether an id is one of this kind.
        ids: the ids to suggest for a misspelt one.
        promises: what each check looks at, in a sentence, by the check's name; nothing heavy is imported for it.
        outcomes: runs the checks on an id, of which `only` may name some, and gives each outcome as soon as it is
            there; the last argument says that a licence without commercial use is agreed to.
        hint: what to write instead of an id that is not known; empty where there is nothing to say.
        place: its place in lists.
    """

    knows: Callable[[str], bool]
    ids: Callable[[], Iterable[str]]
    promises: Callable[[], Mapping[str, str]]
    outcomes: Callable[[str, list[str] | None, bool], Iterator[CheckOutcome]]
    hint: Callable[[str], str] = lambda id: ""
    place: int = 100


def _op_outcomes(id: str, only: list[str] | None, accept_licence: bool) -> Iterator[CheckOutcome]:
    from .op import op_outcomes

    return op_outcomes(id, only=only)


def _area_outcomes(id: str, only: list[str] | None, accept_licence: bool) -> Iterator[CheckOutcome]:
    from .area import area_outcomes

    return area_outcomes(id, only=only)


def _planner_outcomes(id: str, only: list[str] | None, accept_licence: bool) -> Iterator[CheckOutcome]:
    from .planner import planner_outcomes

    return planner_outcomes(id, only=only)


def _reward_outcomes(id: str, only: list[str] | None, accept_licence: bool) -> Iterator[CheckOutcome]:
    from .reward import reward_outcomes

    return reward_outcomes(id, only=only)


OPS = CheckSuite(
    knows=lambda id: id in registry.ops,
    ids=registry.ops.ids,
    promises=lambda: promises(OF_OPS),
    outcomes=_op_outcomes,
    place=10,
)
AREAS = CheckSuite(
    knows=lambda id: id in registry.areas,
    ids=registry.areas.ids,
    promises=lambda: promises(OF_AREAS),
    outcomes=_area_outcomes,
    place=15,
)
PLANNERS = CheckSuite(
    knows=lambda id: id in registry.planners,
    ids=registry.planners.ids,
    promises=lambda: promises(OF_PLANNERS),
    outcomes=_planner_outcomes,
    place=20,
)
REWARDS = CheckSuite(
    knows=lambda id: id in registry.rewards,
    ids=registry.rewards.ids,
    promises=lambda: promises(OF_REWARDS),
    outcomes=_reward_outcomes,
    place=22,
)
