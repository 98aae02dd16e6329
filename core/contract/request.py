"""A request: what somebody wants of a photo, in one of four modes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from ..errors import InvalidRequest, nearest
from ..strict_json import is_unicode, shorten

if TYPE_CHECKING:
    from ..photo import Photo

Mode = Literal["auto", "style", "param", "reference"]
MODES: tuple[Mode, ...] = ("auto", "style", "param", "reference")
Taste = Literal["faithful", "natural", "vivid"]
TASTES: tuple[Taste, ...] = get_args(Taste)
LONGEST_PROMPT = 20_000
LARGEST_SEED = 2**63 - 1
# Wishes that say by themselves how far to go.
_LEAVE_NO_TASTE = {
    "params": "exact values are taken as they are",
    "reference": "the reference decides how far the edit goes",
}


@dataclass(frozen=True)
class Request:
    """What somebody wants of a photo.

    Attributes:
        mode: `auto`, `style` (a prompt in words), `param` (exact values) or `reference` (a before/after pair or one
            target).
        prompt: the words, for style.
        params: exact values: a plan, ``{"exposure.ev": 0.35}``, a published parameter file, or a path to either.
        reference: photos, one (the target) or two (before, after).
        groups: the groups that may be edited; None for all.
        seed: seed of whatever is random; the same request gives the same plan.
        taste: how far the planner goes, for auto and style: `faithful` repairs faults and no more, `natural` also
            finishes what is unfinished, `vivid` goes on. None for the planner's own default.
    """

    mode: Mode = "auto"
    prompt: str | None = None
    params: Mapping[str, Any] | str | Path | None = None
    reference: tuple[Photo, ...] | None = None
    groups: frozenset[str] | None = None
    seed: int = 0
    taste: Taste | None = None

    @classmethod
    def of(
        cls,
        *,
        style: str | None = None,
        params: Any = None,
        reference: tuple[Photo, ...] | None = None,
        groups: Collection[str] | None = None,
        seed: int = 0,
        taste: Taste | None = None,
    ) -> Request:
        """The request that these keywords make; none of style, params and reference means auto.

        Raises:
            InvalidRequest: more than one of them, an empty prompt, groups that are no collection of names, a `seed` not
                from 0 to 2**63 - 1, a reference of no photo or of three, an unknown `taste`, or one for exact values or
                a reference.
        """
        given = {
            name: value
            for name, value in (("style", style), ("params", params), ("reference", reference))
            if value is not None
        }
        if len(given) > 1:
            raise InvalidRequest(f"{' and '.join(given)} were given together", cure="Ask for one mode at a time.")
        if style is not None and (not isinstance(style, str) or not style.strip()):
            raise InvalidRequest(
                f"style is {shorten(style)}", cure="Describe the look in words, or leave style out for auto."
            )
        if style is not None and not is_unicode(style):
            raise InvalidRequest(f"style {shorten(style)} holds half a character", cure="Give Unicode text.")
        if style is not None and len(style) > LONGEST_PROMPT:
            raise InvalidRequest(f"a style of {len(style)} characters", cure=f"At most {LONGEST_PROMPT}.")
        if groups is not None and (
            isinstance(groups, str | bytes)
            or not isinstance(groups, Collection)
            or not all(isinstance(group, str) for group in groups)
        ):
            raise InvalidRequest(f"groups is {groups!r}", cure='Give a collection of names, such as {"lighting"}.')
        if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed <= LARGEST_SEED:
            raise InvalidRequest(f"seed is {shorten(seed)}", cure=f"Give a whole number from 0 to {LARGEST_SEED}.")
        if reference is not None and len(reference) not in (1, 2):
            raise InvalidRequest(f"a reference of {len(reference)} photos", cure="Give one target, or (before, after).")
        _check_taste(taste, given)
        mode: Mode = "auto"
        if style is not None:
            mode = "style"
        elif params is not None:
            mode = "param"
        elif reference is not None:
            mode = "reference"
        chosen = None if groups is None else frozenset(groups)
        return cls(mode, style, params, reference, chosen, seed, taste)


def _check_taste(taste: Any, given: Mapping[str, Any]) -> None:
    """Refuse a taste that does not exist, or beside a wish that leaves nothing to it."""
    if taste is None:
        return
    if not isinstance(taste, str) or taste not in TASTES:
        hint = nearest(taste, TASTES) if isinstance(taste, str) else ""
        raise InvalidRequest(f"taste is {shorten(taste)}", cure=f"Choose {', '.join(TASTES)}.{hint}")
    for name, why in _LEAVE_NO_TASTE.items():
        if name in given:
            raise InvalidRequest(f"taste {taste!r} was given with {name}: {why}", cure="Leave the taste out.")
