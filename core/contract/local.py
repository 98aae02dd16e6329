"""Local adjustments as a schema sees them: where, what, and by which names latents hold their values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from ..errors import InvalidSchema
from ..strict_json import shorten
from .area import GROUP
from .slots import Slot

Combine = Literal["add", "subtract", "intersect"]
"""How a part of an area joins those before it: a and b give a + b - ab, a(1 - b) or ab."""

COMBINES: Final = get_args(Combine)

_NAME: Final = re.compile(r"[^/#\x00-\x1f\x7f]{1,100}")

STRENGTH: Final = Slot(
    1.0, low=0.0, high=1.0, group=GROUP, doc="How much of the adjustment is mixed in where its mask is 1."
)


def key_of(name: str) -> str:
    """By what latents hold an adjustment itself: its slot `strength`, and in which rows it is present."""
    return f"{name}#"


def key_of_part(name: str, index: int) -> str:
    """By what latents hold the slots of the parts of its area, counted from 0."""
    return f"{name}#{index}"


def key_of_op(name: str, op: str) -> str:
    """By what latents hold the values of one of its ops."""
    return f"{name}/{op}"


def is_global(key: str) -> bool:
    """Whether a key of latents is the id of an op that edits the whole photo."""
    return "/" not in key and "#" not in key


@dataclass(frozen=True)
class PartSpec:
    """One part of an adjustment's area: which `area`, in which `version` from 1, with which `slots`, how it joins the
    parts before it (`combine`), and whether it covers what it would leave out (`invert`).
    """

    area: str
    version: int
    slots: Mapping[str, Slot] = field(repr=False)
    combine: Combine = "add"
    invert: bool = False


def check_name(name: Any) -> str:
    """Return the name of an adjustment.

    Raises:
        InvalidSchema: it is no text of 1 to 100 characters, or holds a slash, a number sign or a control character.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidSchema(
            f"{shorten(name)} cannot name a local adjustment", cure="Use 1 to 100 characters other than / and #."
        )
    return name


def check_combine(combine: Any) -> Combine:
    """Return the word by which a part joins the others.

    Raises:
        InvalidSchema
    """
    if combine not in COMBINES:
        raise InvalidSchema(f"combine: {shorten(combine)} is not known", cure=f"Use one of {', '.join(COMBINES)}.")
    joined: Combine = combine
    return joined
