"""Typed latents of an op: scalars, bands, curves, matrices, embeddings and lattices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .errors import InvalidSlot, OutOfBounds

FloatArray = NDArray[np.float64]
Value = float | list[Any] | FloatArray | None

GROUPS: Final = ("lighting", "global_color", "specific_color")

# Bounds are compared in float32, whose neighbours near 1 lie 6e-8 apart.
_BOUND_TOLERANCE: Final = 1e-6


class Slot:
    """One scalar latent: what it means, how far it reaches and where it does nothing.

    Args:
        identity: the value at which the slot changes nothing; None where there is none (then the op is present or absent).
        low, high: bounds, scalars or nested lists of the slot's shape; None for unbounded.
        unit: SI or field unit, "1" for a plain ratio.
        group: the control group that switches the slot on and off; `GROUPS` or a plugin's own.
        doc: one sentence for photographers.
        off: the value taken when the group is switched off; the identity by default.
        period: for angles, the length after which values repeat (`high - low`).

    Raises:
        InvalidSlot: bounds that cross, an identity outside them, a missing doc, a period that is not `high - low`.

    >>> Slot(0.0, low=-5.0, high=5.0, unit="EV", group="lighting", doc="Exposure.").shape
    ()
    """

    kind = "scalar"

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
        if not doc.strip():
            raise InvalidSlot("a slot has no doc", cure="Say in one sentence what it does to a photo.")
        if not group.isidentifier():
            raise InvalidSlot(f"group {group!r} is not a word", cure=f"Use one of {', '.join(GROUPS)} or your own.")
        self.shape = shape
        self.unit, self.group, self.doc, self.period = unit, group, doc, period
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
            filled = np.broadcast_to(np.asarray(value, dtype=np.float64), self.shape).copy()
        except ValueError as error:
            raise InvalidSlot(f"{what} {value!r} does not fit the shape {self.shape}: {error}") from None
        filled.setflags(write=False)
        return filled

    def _check_declaration(self) -> None:
        if self.low is not None and self.high is not None and not (self.low < self.high).all():
            raise InvalidSlot(f"low {self.low} is not below high {self.high}", cure="Every bound needs room.")
        for what, value in (("identity", self.identity), ("off", self.off)):
            if value is None:
                continue
            if not np.isfinite(value).all():
                raise InvalidSlot(f"{what} {value} is not finite")
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

    def check(self, value: Any, *, path: str) -> FloatArray:
        """Return `value` as a float64 array of the slot's shape.

        Raises:
            OutOfBounds: a wrong type or shape, a value that is not finite or lies outside the bounds; `path` begins the message.
        """
        if isinstance(value, bool) or isinstance(value, str | bytes | Mapping):
            raise OutOfBounds(f"{path}: {value!r} is not a number", cure=self._expected())
        try:
            array = np.asarray(value)
        except ValueError:
            raise OutOfBounds(f"{path}: a list of uneven rows", cure=self._expected()) from None
        if array.dtype.kind not in "iuf":
            raise OutOfBounds(f"{path}: {_short(value)} is not made of numbers", cure=self._expected())
        if array.shape != self.shape:
            raise OutOfBounds(f"{path}: shape {list(array.shape)} is not {list(self.shape)}", cure=self._expected())
        array = array.astype(np.float64)
        if not np.isfinite(array).all():
            raise OutOfBounds(f"{path}: {_short(value)} is not finite", cure=self._expected())
        self._check_bound(array, self.low, -1, "below the minimum", path)
        self._check_bound(array, self.high, +1, "above the maximum", path)
        return array

    def _check_bound(self, array: FloatArray, bound: FloatArray | None, sign: int, rule: str, path: str) -> None:
        if bound is None:
            return
        bad = sign * (array - bound) > _BOUND_TOLERANCE * (1 + np.abs(bound))
        if bad.any():
            index = tuple(int(i) for i in np.argwhere(bad)[0])
            place = path + "".join(f"[{i}]" for i in index)
            raise OutOfBounds(f"{place}: {array[index]:g} is {rule} {bound[index]:g}", cure=self._expected())

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
            "low": _plain(self.low),
            "high": _plain(self.high),
            "identity": _plain(self.identity),
            "off": _plain(self.off),
            "period": self.period,
            "group": self.group,
        }

    def document(self) -> dict[str, Any]:
        """The slot as a JSON object, from which `slot_from_document` makes it again."""
        return {**self.facts(), "unit": self.unit, "doc": self.doc}

    def json_schema(self) -> dict[str, Any]:
        """A JSON Schema (draft 2020-12) of one value of this slot as a plan writes it."""
        schema: dict[str, Any] = _number_schema(self.low, self.high, self.shape)
        schema |= {"description": self.doc, "x-unit": self.unit, "x-group": self.group}
        if self.identity is not None:
            schema["default"] = _plain(self.identity)
        return schema

    def __repr__(self) -> str:
        return f"{type(self).__name__}(shape={self.shape}, group={self.group!r}, unit={self.unit!r})"


class Bands(Slot):
    """A vector of `n` values, one a band (of hue, of tone)."""

    kind = "bands"

    def __init__(self, n: int, identity: Value = 0.0, **declaration: Any) -> None:
        super().__init__(identity, shape=(n,), **declaration)


class Curve(Slot):
    """A curve given by its values at `n` uniform positions on [0, 1], joined by a monotone cubic."""

    kind = "curve"

    def __init__(self, n: int, identity: Value = None, **declaration: Any) -> None:
        start = np.linspace(0.0, 1.0, n) if identity is None else identity
        super().__init__(start, shape=(n,), **{"low": 0.0, "high": 1.0} | declaration)


class Matrix(Slot):
    """A matrix of `rows` x `columns`; the identity is the unit matrix."""

    kind = "matrix"

    def __init__(self, rows: int, columns: int, identity: Value = None, **declaration: Any) -> None:
        start = np.eye(rows, columns) if identity is None else identity
        super().__init__(start, shape=(rows, columns), **declaration)


class Embedding(Slot):
    """A learned vector of `n` values without identity or bounds; zeros when its group is switched off."""

    kind = "embedding"

    def __init__(self, n: int, identity: Value = None, **declaration: Any) -> None:
        super().__init__(identity, shape=(n,), **{"low": None, "high": None, "off": 0.0} | declaration)


class Lattice(Slot):
    """A 3D look-up table of shape (n, n, n, 3): axes blue, green, red, as a .cube file runs; n is fixed by the schema."""

    kind = "lattice"

    def __init__(self, n: int = 33, identity: Value = None, **declaration: Any) -> None:
        if not 2 <= n <= 129:
            raise InvalidSlot(f"a lattice of {n} points an edge", cure="Use 2 to 129; 33 is usual.")
        self._declaration = declaration
        start = identity_lattice(n) if identity is None else identity
        super().__init__(start, shape=(n, n, n, 3), **{"low": -16.0, "high": 16.0} | declaration)

    def resized(self, n: int) -> Lattice:
        """The same slot with `n` points an edge."""
        return self if n == self.shape[0] else Lattice(n, **self._declaration)

    def facts(self) -> dict[str, Any]:
        # The identity follows from n; a hundred thousand numbers in a document would say no more.
        return super().facts() | {
            "identity": "lattice",
            "off": "lattice",
            "low": float(self._bound(self.low)),
            "high": float(self._bound(self.high)),
        }

    @staticmethod
    def _bound(bound: FloatArray | None) -> float:
        return float(bound.flat[0]) if bound is not None else float("inf")


def identity_lattice(n: int) -> FloatArray:
    """The (n, n, n, 3) lattice that maps every colour to itself; axes blue, green, red."""
    steps = np.linspace(0.0, 1.0, n)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    return np.stack([red, green, blue], axis=-1)


def slot_from_document(document: Mapping[str, Any]) -> Slot:
    """Make a slot from what `Slot.document` wrote.

    Raises:
        InvalidSlot: an unknown kind, or facts that contradict each other.
    """
    fields = dict(document)
    kind, shape = fields.pop("kind"), tuple(fields.pop("shape"))
    fields.pop("dtype", None)
    if kind == "lattice":
        for fact in ("identity", "off"):
            fields.pop(fact)
        return Lattice(shape[0], **fields)
    makers = {"scalar": Slot, "bands": Bands, "curve": Curve, "matrix": Matrix, "embedding": Embedding}
    if kind not in makers:
        raise InvalidSlot(f"unknown slot kind {kind!r}", cure=f"Known: {', '.join(sorted(makers))}, lattice.")
    identity = fields.pop("identity")
    return makers[kind](*shape, identity=identity, **fields)


def _plain(value: FloatArray | None) -> Any:
    return None if value is None else value.tolist()


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


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
