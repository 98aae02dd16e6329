"""Typed latents: a slot declares what one means, how far it reaches and where it does nothing. A scalar is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidSlot, OutOfBounds
from ..strict_json import shorten

if TYPE_CHECKING:
    from torch import Tensor

FloatArray = NDArray[np.float64]
Value = float | list[Any] | FloatArray | None

GROUPS: Final = ("lighting", "global_color", "specific_color")

# Bounds are compared in float32, whose neighbours near 1 lie 6e-8 apart.
_BOUND_TOLERANCE: Final = 1e-6

# Plans write arrays of more numbers as base64.
INLINE: Final = 64


class Slot:
    """One scalar latent: what it means, how far it reaches and where it does nothing.

    Args:
        identity: the value at which nothing changes; None where there is none (the op is then present or absent).
        low, high: bounds, scalars or nested lists of the slot's shape; None for unbounded.
        unit: SI or field unit, "1" for a plain ratio.
        group: the control group that switches the slot on and off; `GROUPS` or a plugin's own.
        doc: one sentence for photographers.
        off: the value taken when the group is switched off; the identity by default.
        period: for angles, the length after which values repeat (`high - low`), above 0.
        shape: for the kinds below, which set it; () here. Every axis is at least 1.

    Raises:
        InvalidSlot: bounds that cross or are not finite, an identity outside them, a missing doc, a period that is not
            `high - low`, a shape without room.

    >>> Slot(0.0, low=-5.0, high=5.0, unit="EV", group="lighting", doc="Exposure.").shape
    ()
    """

    kind = "scalar"
    varies = False  # True: each value has a size of its own, see `sized_for`
    differentiable = True  # False: ops get it rounded, and no gradient reaches it

    def __init__(
        self,
        identity: Value = 0.0,
        *,
        low: Value = -1.0,
        high: Value = 1.0,
        unit: str = "1",
        group: str,
        doc: str,
        off: Value = None,
        period: float | None = None,
        shape: tuple[int, ...] = (),
    ) -> None:
        if not isinstance(doc, str) or not doc.strip():
            raise InvalidSlot("a slot has no doc", cure="Say in one sentence what it does to a photo.")
        if not isinstance(group, str) or not group.isidentifier():
            raise InvalidSlot(f"group {group!r} is not a word", cure=f"Use one of {', '.join(GROUPS)} or your own.")
        if any(type(n) is not int or n < 1 for n in shape) or (shape and self.kind == "scalar"):
            raise InvalidSlot(f"shape {shape} of {article(self.kind)}", cure="Use Bands(n), Curve(n) or Matrix(n, m).")
        self.shape = shape
        self.unit, self.group, self.doc = unit, group, doc
        self.period = None if period is None else float(period)
        self.dtype = "float32"
        self.identity = self._fill(identity, "identity")
        self.low, self.high = self._fill(low, "low"), self._fill(high, "high")
        self.off = self._fill(off, "off") if off is not None else self.identity
        self._check_declaration()

    def _fill(self, value: Value, what: str) -> FloatArray | None:
        """Broadcast a scalar or nested list to the slot's shape."""
        if value is None:
            return None
        try:
            # Adding 0 makes -0.0 the same fact as 0.0.
            filled = np.broadcast_to(np.asarray(value, dtype=np.float64), self.shape) + 0.0
        except (ValueError, TypeError, OverflowError) as error:
            raise InvalidSlot(f"{what} {shorten(value)} does not fit the shape {self.shape}: {error}") from None
        if not np.isfinite(filled).all():
            raise InvalidSlot(f"{what} {shorten(value)} is not finite", cure="Give None for a missing bound.")
        filled.setflags(write=False)
        return filled

    def _check_declaration(self) -> None:
        if self.low is not None and self.high is not None and not (self.low < self.high).all():
            raise InvalidSlot(f"low {self.low} is not below high {self.high}", cure="Every bound needs room.")
        for what, value in (("identity", self.identity), ("off", self.off)):
            if value is None:
                continue
            below = self.low is not None and (value < self.low).any()
            above = self.high is not None and (value > self.high).any()
            if below or above:
                raise InvalidSlot(f"{what} {value} lies outside [{self.low}, {self.high}]")
        if self.off is None:
            raise InvalidSlot("a slot without identity needs `off`", cure="Embeddings take zeros.")
        if self.period is not None:
            span = None if self.low is None or self.high is None else self.high - self.low
            if span is None or not np.allclose(span, self.period):
                raise InvalidSlot(f"period {self.period} is not high - low", cure="Declare bounds one period apart.")

    @property
    def size(self) -> int:
        """How many numbers the slot holds."""
        return int(np.prod(self.shape, dtype=np.int64))

    def sized_for(self, value: Any) -> Slot:
        """The slot at the size of `value`: itself, but for kinds whose size varies."""
        return self

    def settled(self, value: Tensor) -> Tensor:
        """Values (B, *shape) as ops get them: as they are, but for kinds without gradients."""
        return value

    def written(self, value: FloatArray) -> Any:
        """A value (*shape) as plans write it, where that is neither a number nor an array of them; None otherwise."""
        return None

    def check(self, value: Any, *, path: str) -> FloatArray:
        """Return `value` as a float64 array of the slot's shape; float32 rounding beyond a bound is undone.

        Raises:
            OutOfBounds: a wrong type or shape, a value not finite or outside the bounds; the message begins by `path`.
        """
        if isinstance(value, str | bytes | Mapping) or _holds_bool(value):
            raise OutOfBounds(f"{path}: {shorten(value)} is not made of numbers", cure=self._expected())
        try:
            array = np.asarray(value)
        except ValueError:
            raise OutOfBounds(f"{path}: a list of uneven rows", cure=self._expected()) from None
        if array.dtype.kind == "O" and all(isinstance(item, int | float) for item in array.flat):
            # Integers beyond 64 bits lie beyond every bound: float64 holds most of them, the others are infinite.
            array = np.array([_as_float(item) for item in array.flat]).reshape(array.shape)
        if array.dtype.kind not in "iuf":
            raise OutOfBounds(f"{path}: {shorten(value)} is not made of numbers", cure=self._expected())
        if array.shape != self.shape:
            raise OutOfBounds(f"{path}: shape {list(array.shape)} is not {list(self.shape)}", cure=self._expected())
        array = array.astype(np.float64)
        self._refuse(~np.isfinite(array), array, path, "is not finite")
        if self.low is not None:
            bad = array < self.low - _BOUND_TOLERANCE * (1 + np.abs(self.low))
            self._refuse(bad, array, path, "is below the minimum", self.low)
            array = np.maximum(array, self.low)
        if self.high is not None:
            bad = array > self.high + _BOUND_TOLERANCE * (1 + np.abs(self.high))
            self._refuse(bad, array, path, "is above the maximum", self.high)
            array = np.minimum(array, self.high)
        return array

    def _refuse(
        self, bad: NDArray[np.bool_], array: FloatArray, path: str, rule: str, bound: FloatArray | None = None
    ) -> None:
        """Raise `OutOfBounds` for the first bad element, if there is one."""
        if bad.any():
            index = tuple(int(i) for i in np.argwhere(bad)[0])
            place = path + "".join(f"[{i}]" for i in index)
            limit = "" if bound is None else f" {float(bound[index])}"
            raise OutOfBounds(f"{place}: {float(array[index])} {rule}{limit}", cure=self._expected())

    def _expected(self) -> str:
        """A sentence that shows a right value."""
        if self.shape:
            what = f"an array of shape {list(self.shape)}"
        else:
            what = "a number"
        if self.low is None or self.high is None:
            return f"Give {what}."
        unit = "" if self.unit == "1" else f" {self.unit}"
        return f"Give {what} from {float(self.low.min()):g} to {float(self.high.max()):g}{unit}."

    def facts(self) -> dict[str, Any]:
        """What the schema's fingerprint covers: everything but words."""
        return {
            "kind": self.kind,
            "shape": list(self.shape),
            "dtype": self.dtype,
            **self._values(),
            "period": self.period,
            "group": self.group,
        }

    def _values(self) -> dict[str, Any]:
        names = ("low", "high", "identity", "off")
        return {name: _plain(getattr(self, name)) for name in names}

    def document(self) -> dict[str, Any]:
        """The slot as a JSON object, from which `slot_from_document` makes it again."""
        return {**self.facts(), "unit": self.unit, "doc": self.doc}

    def json_schema(self) -> dict[str, Any]:
        """A JSON Schema (draft 2020-12) of this slot's value as a plan writes it; above `INLINE` numbers in base64."""
        schema: dict[str, Any] = _number_schema(self.low, self.high, self.shape)
        if self.size > INLINE:
            schema = {"anyOf": [schema, _base64_schema(self.shape)]}
        schema |= {"description": self.doc, "x-unit": self.unit, "x-group": self.group}
        if not self.differentiable:
            schema["x-differentiable"] = False
        if self.identity is not None and self.size <= INLINE:
            schema["default"] = _plain(self.identity)
        return schema

    def __repr__(self) -> str:
        return f"{type(self).__name__}(shape={self.shape}, group={self.group!r}, unit={self.unit!r})"


def _plain(value: FloatArray | None) -> Any:
    return None if value is None else value.tolist()


def article(kind: str) -> str:
    return f"an {kind}" if kind == "embedding" else f"a {kind}"


def _as_float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


def _holds_bool(value: Any) -> bool:
    """Whether a list holds True or False, which numpy would take for 1 and 0."""
    if isinstance(value, list | tuple):
        # Lists of a million numbers pass at once.
        return not set(map(type, value)) <= {float, int} and any(_holds_bool(item) for item in value)
    return isinstance(value, bool)


def _base64_schema(shape: tuple[int, ...]) -> dict[str, Any]:
    """The form that a plan gives to large arrays."""
    properties = {"dtype": {"const": "float32"}, "shape": {"const": list(shape)}, "base64": {"type": "string"}}
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _number_schema(low: FloatArray | None, high: FloatArray | None, shape: tuple[int, ...]) -> dict[str, Any]:
    """Nested array schemas down to numbers with their own bounds."""
    if not shape:
        schema: dict[str, Any] = {"type": "number"}
        if low is not None:
            schema["minimum"] = float(low)
        if high is not None:
            schema["maximum"] = float(high)
        return schema
    n = shape[0]
    uniform = all(bound is None or (bound == bound.flat[0]).all() for bound in (low, high))
    length = {"type": "array", "minItems": n, "maxItems": n}
    if uniform:
        first = _number_schema(None if low is None else low[0], None if high is None else high[0], shape[1:])
        return length | {"items": first}
    items = [
        _number_schema(None if low is None else low[i], None if high is None else high[i], shape[1:]) for i in range(n)
    ]
    return length | {"prefixItems": items}
