"""Slots without gradients: a choice, a whole number, a switch.

Latents hold them as floats, like all slots; ops get them rounded. A planner may leave them at rest: no descent moves
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InvalidSlot, OutOfBounds, nearest
from ..strict_json import shorten
from .slots import FloatArray, Slot

if TYPE_CHECKING:
    from torch import Tensor


class Whole(Slot):
    """A whole number, such as from 1 to 8, without a gradient. Values have shape ().

    Args:
        identity: the number at which nothing changes. low, high: bounds, any finite number that is whole.

    Raises:
        InvalidSlot: bounds or an identity that are not whole, and as `Slot`.

    >>> Whole(2, low=1, high=8, group="effects", doc="How many rings.").differentiable
    False
    """

    kind = "whole"
    differentiable = False

    def __init__(self, identity: int = 0, *, low: int, high: int, **declaration: Any) -> None:
        given = (identity, low, high, *([declaration["off"]] if declaration.get("off") is not None else []))
        if any(number != round(number) for number in given):
            raise InvalidSlot(f"a whole number with {given}", cure="Give whole bounds and a whole identity.")
        super().__init__(identity, low=low, high=high, **declaration)

    def settled(self, value: Tensor) -> Tensor:
        """The nearest whole numbers, of the same shape; the gradient is zero."""
        return value.round()

    def check(self, value: Any, *, path: str) -> FloatArray:
        """Return `value` as float64.

        Raises:
            OutOfBounds: as `Slot.check`, and a number that is not whole.
        """
        array = super().check(value, path=path)
        if (array != np.rint(array)).any():
            raise OutOfBounds(f"{path}: {float(array)} is not whole", cure=self._expected())
        return array


class Switch(Whole):
    """On or off, 1 or 0; plans write true and false. Without a gradient.

    Raises:
        InvalidSlot: bounds of its own, and as `Slot`.

    >>> Switch(group="effects", doc="Whether the edge is kept.").check(True, path="here").tolist()
    1.0
    """

    kind = "switch"

    def __init__(self, identity: bool = False, **declaration: Any) -> None:
        declaration = {name: value for name, value in declaration.items() if name not in ("low", "high")}
        super().__init__(int(identity), low=0, high=1, **declaration)

    def check(self, value: Any, *, path: str) -> FloatArray:
        """Return True, False, 1 or 0 as float64.

        Raises:
            OutOfBounds: anything else.
        """
        return super().check(int(value) if isinstance(value, bool | np.bool_) else value, path=path)

    def written(self, value: FloatArray) -> Any:
        """True or False, as a plan writes it."""
        return bool(value > 0.5)

    def json_schema(self) -> dict[str, Any]:
        """A JSON Schema (draft 2020-12) of true and false."""
        about = {"description": self.doc, "x-group": self.group, "x-unit": self.unit, "x-differentiable": False}
        return {"enum": [True, False, 1, 0], "default": bool(self.identity), **about}

    def _expected(self) -> str:
        return "Give true or false."


class Choice(Whole):
    """One of several words, which latents hold by its place among them; without a gradient.

    Args:
        options: the words, at least two and at most 100, each once.
        identity: the one to begin with, by default the first; by name or by place.

    Raises:
        InvalidSlot: options that are not so, an identity that is none of them, bounds of its own, and as `Slot`.

    >>> Choice(["soft", "hard"], group="effects", doc="The edge.").check("hard", path="here").tolist()
    1.0
    """

    kind = "choice"

    def __init__(self, options: Sequence[str], identity: str | int | None = None, **declaration: Any) -> None:
        words = tuple(options) if not isinstance(options, str) else ()
        if not 2 <= len(words) <= 100 or len(set(words)) < len(words) or not all(map(_is_word, words)):
            raise InvalidSlot(f"options {shorten(options)}", cure="Give 2 to 100 words, each once.")
        start = words[0] if identity is None else identity
        if isinstance(start, str) and start not in words:
            raise InvalidSlot(f"identity {start!r} is no option", cure=f"Choose one of {', '.join(words)}.")
        self.options = words
        declaration = {name: value for name, value in declaration.items() if name not in ("low", "high")}
        place = words.index(start) if isinstance(start, str) else int(start)
        super().__init__(place, low=0, high=len(words) - 1, **declaration)

    def check(self, value: Any, *, path: str) -> FloatArray:
        """Return an option's place, given by name or place, as float64.

        Raises:
            OutOfBounds: it is none of the options.
        """
        if isinstance(value, str):
            if value not in self.options:
                cure = f"{nearest(value, self.options)} {self._expected()}".lstrip()
                raise OutOfBounds(f"{path}: {shorten(value)} is not an option", cure=cure)
            value = self.options.index(value)
        return super().check(value, path=path)

    def written(self, value: FloatArray) -> Any:
        """The option by name, as a plan writes it."""
        return self.options[int(value)]

    def facts(self) -> dict[str, Any]:
        """What the schema's fingerprint covers: the options too."""
        return super().facts() | {"options": list(self.options)}

    def json_schema(self) -> dict[str, Any]:
        """A JSON Schema (draft 2020-12) of the options."""
        about = {"description": self.doc, "x-group": self.group, "x-unit": self.unit, "x-differentiable": False}
        places = list(range(len(self.options)))
        return {"enum": [*self.options, *places], "default": self.options[int(np.asarray(self.identity))], **about}

    def _expected(self) -> str:
        return f"Choose one of {', '.join(self.options)}."


def _is_word(option: Any) -> bool:
    return isinstance(option, str) and 1 <= len(option) <= 100 and option.isprintable()
