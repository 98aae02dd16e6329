"""The contract of a planner: photos and requests in, latents and reasoning out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Protocol, TypedDict, runtime_checkable

from ..errors import InvalidRequest
from .request import TASTES, Mode, Request, Taste

if TYPE_CHECKING:
    from ..photo import Photo
    from ..photo.geometry.framing import Framing
    from .latents import Latents

# The planner to use where none is named.
DEFAULT_PLANNER: Final = "tiny"
_SHOWN: Final = 1024  # pixels of a photo whose horizon is looked for


class Thought(TypedDict, total=False):
    """Why one group is edited: the problem that was found, the plan that follows."""

    problem: str
    plan: str


Reasoning = Mapping[str, Thought]


@dataclass(frozen=True)
class Tilt:
    """How far a photo hangs.

    Attributes:
        degrees: clockwise from level; 0 where there is nothing to be sure of.
        thought: what was seen, and what follows.
    """

    degrees: float
    thought: Thought


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

    It may have `tastes: frozenset[Taste]`, the tastes that it plans by. A request's `taste` is then one of them, or
    None for its default, which is `natural` where it has that. A taste that a planner does not have is refused.

    Its `plan` may take a keyword `on_text`, which is called with a photo's place in the batch and the next piece of its
    answer, as that is written; whoever shows reasoning gives one.

    It may have `tilt(photo) -> Tilt`: how far a photo hangs, for whoever asks for a level one. It is asked for nothing
    else, and should say 0 unless it is sure: a level photo that is turned is worse than a tilted one left alone.
    """

    id: str
    version: str
    modes: frozenset[Mode]

    def plan(self, photos: Sequence[Photo], requests: Sequence[Request]) -> Proposal:
        """Propose latents for each photo, of any size, by the request beside it; the same input gives the same
        proposal.
        """
        ...


def tastes_of(planner: Any) -> frozenset[Taste]:
    """The tastes that a planner or its class plans by; none where it declares none."""
    declared: frozenset[Taste] = getattr(planner, "tastes", frozenset())
    return declared


def check_taste(planner: Planner, request: Request) -> None:
    """Refuse a taste that the planner does not have.

    Raises:
        InvalidRequest
    """
    known = tastes_of(planner)
    if request.taste is None or request.taste in known:
        return
    has = [taste for taste in TASTES if taste in known]
    cure = (
        f"It has {', '.join(has)}." if has else "It plans in one way: leave the taste out, or choose another planner."
    )
    raise InvalidRequest(f"planner {planner.id!r} has no taste {request.taste!r}", cure=cure)


def levelled(planner: Any, photo: Photo, frame: Framing | None) -> tuple[Framing | None, Reasoning]:
    """The frame with the angle that levels a photo, by the planner's own eye, and why; the same frame where it is not
    sure of any.

    Raises:
        InvalidRequest: the frame has an angle already, or the planner finds no horizons.
    """
    from ..photo.geometry.framing import Framing  # imports NumPy, which lists of commands go without

    frame = frame or Framing()
    if frame.angle:
        raise InvalidRequest(f"a level photo was asked for, and an angle of {frame.angle:g}", cure="Ask for one.")
    find = getattr(planner, "tilt", None)
    if find is None:
        raise InvalidRequest(f"planner {planner.id!r} finds no horizons", cure="Use tiny or rules, or give an angle.")
    seen = photo.resized(_SHOWN).framed(replace(frame, flip="none"))
    tilt: Tilt = find(seen)
    return replace(frame, angle=round(-tilt.degrees, 2)), {"frame": tilt.thought}
