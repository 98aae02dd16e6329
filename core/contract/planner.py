"""The contract of a planner: photos and requests in, latents and reasoning out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, TypedDict, runtime_checkable

from .request import Mode, Request

if TYPE_CHECKING:
    from ..photo import Photo
    from .latents import Latents

# The planner to use where none is named.
DEFAULT_PLANNER: Final = "tiny"


class Thought(TypedDict, total=False):
    """Why one group is edited: the problem that was found, the plan that follows."""

    problem: str
    plan: str


Reasoning = Mapping[str, Thought]


@dataclass(frozen=True)
class Proposal:
    """What a planner proposes for a batch: latents with one row a photo, and the reasoning of each row by group."""

    latents: Latents
    reasoning: Sequence[Reasoning] = field(default_factory=list)


@runtime_checkable
class Planner(Protocol):
    """Anything with these four members is a planner; no base class is needed.

    Attributes:
        id: the entry point's name.
        version: the planner's own version; it rises when plans change for the same photo.
        modes: the request modes it understands.

    A planner may also have `asks_for_color(request) -> bool`: whether a style's words ask for colour. Without it, or
    where it says no, photos without colour stay without: the groups of colour in their plans are off. And it may have
    `to(device)`, for its networks.
    """

    id: str
    version: str
    modes: frozenset[Mode]

    def plan(self, photos: Sequence[Photo], requests: Sequence[Request]) -> Proposal:
        """Propose latents for each photo, of any size, by the request beside it; the same input gives the same
        proposal.
        """
        ...
