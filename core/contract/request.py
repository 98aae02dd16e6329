"""A request: what somebody wants of a photo, in one of four modes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import InvalidRequest
from ..strict_json import is_unicode, shorten

if TYPE_CHECKING:
    from ..photo import Photo

Mode = Literal["auto", "style", "param", "reference"]
MODES: tuple[Mode, ...] = ("auto", "style", "param", "reference")
LONGEST_PROMPT = 20_000
LARGEST_SEED = 2**63 - 1


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
    """

    mode: Mode = "auto"
    prompt: str | None = None
    params: Mapping[str, Any] | str | Path | None = None
    reference: tuple[Photo, ...] | None = None
    groups: frozenset[str] | None = None
    seed: int = 0

    @classmethod
    def of(
        cls,
        *,
        style: str | None = None,
        params: Any = None,
        reference: tuple[Photo, ...] | None = None,
        groups: Collection[str] | None = None,
        seed: int = 0,
    ) -> Request:
        """The request that these keywords make; none of style, params and reference means auto.

        Raises:
            InvalidRequest: more than one of them, an empty prompt, groups that are no collection of names, a `seed` not
                from 0 to 2**63 - 1, a reference of no photo or of three.
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
        mode: Mode = "auto"
        if style is not None:
            mode = "style"
        elif params is not None:
            mode = "param"
        elif reference is not None:
            mode = "reference"
        chosen = None if groups is None else frozenset(groups)
        return cls(mode, style, params, reference, chosen, seed)
