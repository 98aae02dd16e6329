"""What the classes of ops, areas and rewards declare: slots, and rules for the rest."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any, Final

from ..errors import VeraRetouchError
from .slots import Slot

_ID: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?")

Rule = tuple[Callable[[Any], bool], str]
"""Whether a value may stand there, and in words what may."""

WHOLE_VERSION: Final[Rule] = (lambda v: type(v) is int and v >= 1, "a whole number from 1")


def declared_slots(
    cls: type, base: type, reserved: Collection[str], error: type[VeraRetouchError]
) -> Mapping[str, Slot]:
    """The slots that a subclass of `base` declares, after those that it inherits.

    Raises:
        error: a slot has the name of an attribute of `base` or one that is reserved.
    """
    own = {name: value for name, value in vars(cls).items() if isinstance(value, Slot)}
    for name in own:
        if hasattr(base, name) or name in reserved:
            raise error(
                f"{cls.__name__}: slot {name!r} shadows an attribute of {base.__name__}", cure="Rename the slot."
            )
    inherited: dict[str, Slot] = {}
    for parent in reversed(cls.__mro__[1:]):
        inherited.update(slot for slot in vars(parent).items() if isinstance(slot[1], Slot))
    return MappingProxyType({**inherited, **own})


def check_declaration(cls: Any, rules: Mapping[str, Rule], kind: str, error: type[VeraRetouchError]) -> None:
    """Check the id, the docstring, and the attributes that `rules` names; `kind` is the word for messages.

    Raises:
        error
    """
    name = cls.__name__
    if not isinstance(cls.id, str) or not _ID.fullmatch(cls.id):
        raise error(f"{name}: id {cls.id!r} is not of the form '{kind}' or 'vendor.{kind}'", cure="Use a-z, 0-9 and _.")
    for attribute, (holds, rule) in rules.items():
        value = getattr(cls, attribute, None)
        if not holds(value):
            raise error(f"{name}: {attribute} is {value!r}", cure=f"Give {rule}.")
    if not (cls.__doc__ or "").strip():
        does = {"op": "does to a photo", "area": "covers of a photo"}.get(kind, "judges of an answer")
        raise error(f"{name}: no docstring", cure=f"Say in one line what the {kind} {does}.")
