"""What is to be done to a photo: latents, how strongly, with which seed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from ..contract.latents import Latents
from ..contract.schema import Schema
from ..contract.slots import GROUPS
from ..errors import InvalidRequest, nearest
from ..plan.local import keyed_edits
from ..plan.plan import Plan
from .monochrome import COLOR_GROUPS


@dataclass(frozen=True)
class RenderJob:
    """Latents with the strength, 0..1, the seed and the weights (key of latents -> asset) to render them with.

    `neutral`: a photo without colour stays without, since no group of colour is on.
    """

    latents: Latents
    strength: float = 1.0
    seed: int = 0
    assets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    neutral: bool = False

    def __post_init__(self) -> None:
        check_strength(self.strength)

    @classmethod
    def of(
        cls,
        edit: Plan | Latents,
        *,
        groups: Collection[str] | None = None,
        strength: float | None = None,
        seed: int | None = None,
    ) -> RenderJob:
        """What a plan or latents ask for, with the caller's own wishes applied.

        Raises:
            InvalidRequest
        """
        own_strength, own_seed, assets, neutral = 1.0, 0, {}, False
        if isinstance(edit, Plan):
            latents, own_strength, own_seed = edit.latents(), edit.strength, edit.seed or 0
            neutral = COLOR_GROUPS.isdisjoint(edit.groups if groups is None else set(edit.groups) & set(groups))
            edits = keyed_edits(edit.edits, edit.local)
            assets = {key: change.asset for key, change in edits if change.asset is not None}
        elif isinstance(edit, Latents):
            latents = edit
        else:
            raise InvalidRequest(
                f"{type(edit).__name__} is neither a Plan nor Latents", cure="Load one with Plan.load."
            )
        if groups is not None:
            check_groups(groups, latents.schema)
            latents = latents.masked([frozenset(groups)] * latents.batch)
        strength = own_strength if strength is None else strength
        return cls(latents, strength, own_seed if seed is None else seed, assets, neutral)


def check_strength(strength: float) -> None:
    """Refuse what is no share of an edit.

    Raises:
        InvalidRequest
    """
    try:
        within = bool(0 <= strength <= 1)
    except (TypeError, ValueError):  # no number, or several
        within = False
    if not within:
        raise InvalidRequest(f"strength {strength!r} lies outside [0, 1]", cure="0 gives the input, 1 the full edit.")


def check_groups(groups: Collection[str], schema: Schema, others: Iterable[str] = ()) -> None:
    """Refuse a text, and names of groups that neither the schema's slots, nor the built-in ones, nor `others` have.

    Raises:
        InvalidRequest
    """
    if isinstance(groups, str | bytes):
        raise InvalidRequest(f"groups is {groups!r}", cure='Give a collection of names, such as {"lighting"}.')
    known = dict.fromkeys((*GROUPS, *schema.groups, *others))
    for group in groups:
        if group not in known:
            cure = f"{nearest(str(group), known)} There are {', '.join(known)}.".lstrip()
            raise InvalidRequest(f"no group {group!r}", cure=cure)
