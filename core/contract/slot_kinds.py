"""Kinds of slots that hold more than one number: bands, curves, matrices, embeddings, lattices, strokes, pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from ..errors import InvalidSlot
from ..strict_json import shorten
from .discrete_slots import Choice, Switch, Whole
from .slots import FloatArray, Slot, Value, article

# Dimensions of a lattice -> its most points an edge.
_LARGEST_LATTICES: Final = {1: 65_536, 3: 129}
_MOST_POINTS: Final = 20_000
_LARGEST_PICTURE: Final = 1024


class Bands(Slot):
    """A vector of `n` values, one a band (of hue, of tone).

    Raises:
        InvalidSlot: n is not at least 1, and as `Slot`.

    >>> Bands(8, group="specific_color", doc="Lighten each band of hue.").shape
    (8,)
    """

    kind = "bands"

    def __init__(self, n: int, identity: Value = 0.0, **declaration: Any) -> None:
        super().__init__(identity, shape=(n,), **declaration)


class Curve(Slot):
    """A curve given by its values at `n` uniform positions on [0, 1], at least 1, joined by a monotone cubic.

    The identity is the straight line, bounds are 0 and 1 unless declared. Source: Fritsch and Carlson (1980),
    see `core.color.curves`.

    Raises:
        InvalidSlot: as `Slot`.

    >>> Curve(3, group="lighting", doc="Tones.").identity.tolist()
    [0.0, 0.5, 1.0]
    """

    kind = "curve"

    def __init__(self, n: int, identity: Value = None, **declaration: Any) -> None:
        start = np.linspace(0.0, 1.0, n) if identity is None else identity
        super().__init__(start, shape=(n,), **{"low": 0.0, "high": 1.0} | declaration)


class Matrix(Slot):
    """A matrix of `rows` x `columns`, each at least 1; by default the unit matrix, from -1 to 1."""

    kind = "matrix"

    def __init__(self, rows: int, columns: int, identity: Value = None, **declaration: Any) -> None:
        start = np.eye(rows, columns) if identity is None else identity
        super().__init__(start, shape=(rows, columns), **declaration)


class Embedding(Slot):
    """A learned vector of `n` values, at least 1, without identity or bounds; zeros when its group is switched off."""

    kind = "embedding"

    def __init__(self, n: int, identity: Value = None, **declaration: Any) -> None:
        super().__init__(identity, shape=(n,), **{"low": None, "high": None, "off": 0.0} | declaration)


class Lattice(Slot):
    """A look-up table whose number of points `n` is fixed by the schema, rows as a .cube file has them.

    Of three dimensions it has shape (n, n, n, 3), axes blue, green, red: a map of colours; of one (n, 3): a curve each.

    Args:
        n: points an edge, from 2 to 129, or to 65,536 in one dimension; the identity and `off` follow from it.
        dimensions: 3 or 1.
        declaration: as `Slot`, with numbers for `low` and `high`: -16 and 16 by default.

    Raises:
        InvalidSlot: another n, an identity or `off` of one's own, bounds that are no numbers.

    >>> Lattice(2, group="global_color", doc="A look.").shape
    (2, 2, 2, 3)
    """

    kind = "lattice"
    varies = True

    def __init__(self, n: int = 33, *, dimensions: int = 3, **declaration: Any) -> None:
        if dimensions not in _LARGEST_LATTICES:
            raise InvalidSlot(f"a lattice of {dimensions} dimensions", cure="Use 3, or 1 for a curve a channel.")
        if type(n) is not int or not 2 <= n <= _LARGEST_LATTICES[dimensions]:
            cure = f"Use 2 to {_LARGEST_LATTICES[dimensions]}."
            raise InvalidSlot(f"a lattice of {n} points an edge", cure=cure)
        declaration = {"low": -16.0, "high": 16.0} | declaration
        if {"identity", "off"} & set(declaration):
            raise InvalidSlot("a lattice's identity and off follow from n", cure="Leave them out.")
        if any(np.ndim(declaration[bound]) for bound in ("low", "high")):
            raise InvalidSlot("a lattice has one bound for all its numbers", cure="Give numbers for low and high.")
        self._declaration = {"dimensions": dimensions, **declaration}
        identity = identity_lattice(n) if dimensions == 3 else np.repeat(np.linspace(0.0, 1.0, n)[:, None], 3, axis=1)
        super().__init__(identity, shape=identity.shape, **declaration)

    def resized(self, n: int) -> Lattice:
        """The same slot with `n` points an edge.

        Raises:
            InvalidSlot: another n.
        """
        return self if n == self.shape[0] else Lattice(n, **self._declaration)

    def sized_for(self, value: Any) -> Lattice:
        """The same slot with as many points an edge as `value` has."""
        try:
            return self.resized(len(value)) if np.ndim(value) == len(self.shape) else self
        except ValueError:
            return self  # uneven rows, which `check` refuses by name

    def _values(self) -> dict[str, Any]:
        # The identity follows from n; a hundred thousand numbers in a document would say no more.
        low, high = (None if bound is None else float(bound.flat[0]) for bound in (self.low, self.high))
        return {"low": low, "high": high, "identity": "lattice", "off": "lattice"}


class Strokes(Slot):
    """Brush strokes, a row a point: as many as the value has, at least 1.

    A row holds `x`, `y` (shares of the photo's width and height), `radius` (share of its long side), `hardness`
    (share of the radius that is painted fully), `flow` (how much one stroke paints) and `joined` (1: a line leads
    here from the row before; 0: a stroke begins). The identity is one point of radius 0, which paints nothing.

    Raises:
        InvalidSlot: n is not from 1 to 20,000, bounds or an identity of one's own, and as `Slot`.

    >>> Strokes(2, group="area", doc="Where was painted.").shape
    (2, 6)
    """

    kind = "strokes"
    varies = True

    COLUMNS: Final = ("x", "y", "radius", "hardness", "flow", "joined")

    def __init__(self, n: int = 1, **declaration: Any) -> None:
        if type(n) is not int or not 1 <= n <= _MOST_POINTS:
            raise InvalidSlot(f"strokes of {n} points", cure=f"Use 1 to {_MOST_POINTS}.")
        _refuse_own(declaration, "strokes")
        self._declaration = declaration
        low, high = [[-1.0, -1.0, 0.0, 0.0, 0.0, 0.0]], [[2.0, 2.0, 1.0, 1.0, 1.0, 1.0]]
        super().__init__(0.0, low=low, high=high, shape=(n, 6), **declaration)

    def sized_for(self, value: Any) -> Strokes:
        """The same slot with as many points as `value` has."""
        n = _size(value, 2)
        return self if n is None or n[0] == self.shape[0] else Strokes(n[0], **self._declaration)

    def _values(self) -> dict[str, Any]:
        return dict.fromkeys(("low", "high", "identity", "off"), self.kind)


class GreyPicture(Slot):
    """A small grey picture (height, width) in [0, 1] of the value's own size, each edge from 1 to 1024 pixels.

    Raises:
        InvalidSlot: another size, bounds or an identity of one's own, and as `Slot`.

    >>> GreyPicture(2, 3, group="area", doc="A mask.").shape
    (2, 3)
    """

    kind = "grey_picture"
    varies = True

    def __init__(self, height: int = 1, width: int = 1, **declaration: Any) -> None:
        if any(type(n) is not int or not 1 <= n <= _LARGEST_PICTURE for n in (height, width)):
            raise InvalidSlot(f"a picture of {width} x {height} pixels", cure=f"Use 1 to {_LARGEST_PICTURE} an edge.")
        _refuse_own(declaration, "a picture")
        self._declaration = declaration
        super().__init__(0.0, low=0.0, high=1.0, shape=(height, width), **declaration)

    def sized_for(self, value: Any) -> GreyPicture:
        """The same slot at the size of `value`."""
        size = _size(value, 2)
        return self if size is None or size == self.shape else GreyPicture(*size, **self._declaration)

    def _values(self) -> dict[str, Any]:
        return dict.fromkeys(("low", "high", "identity", "off"), self.kind)


def _refuse_own(declaration: Mapping[str, Any], what: str) -> None:
    if own := {"low", "high", "identity", "off", "period"} & set(declaration):
        raise InvalidSlot(f"{what} cannot declare {', '.join(sorted(own))}", cure="They follow from the kind.")


def _size(value: Any, dimensions: int) -> tuple[int, ...] | None:
    """The shape of a value; None where it has another number of dimensions or uneven rows, which `check` refuses."""
    try:
        shape = np.shape(value)
    except ValueError:
        return None
    return tuple(map(int, shape)) if len(shape) == dimensions and all(shape) else None


def identity_lattice(n: int) -> FloatArray:
    """The (n, n, n, 3) lattice that maps every colour to itself; axes blue, green, red."""
    steps = np.linspace(0.0, 1.0, n)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    return np.stack([red, green, blue], axis=-1)


def slot_from_document(document: Mapping[str, Any]) -> Slot:
    """Make a slot from what `Slot.document` wrote.

    Raises:
        InvalidSlot: an unknown kind, a fact that is missing or unknown, or facts that contradict each other.
    """
    fields = dict(document)
    try:
        kind, shape, dtype = fields.pop("kind"), tuple(fields.pop("shape")), fields.pop("dtype")
        if kind not in _KINDS and kind not in _DISCRETE:
            raise InvalidSlot(f"unknown slot kind {shorten(kind)}", cure=f"Known: {', '.join([*_KINDS, *_DISCRETE])}.")
        if kind == "lattice":
            rest = {name: fact for name, fact in fields.items() if name not in ("identity", "off")}
            slot: Slot = Lattice(shape[0], dimensions=len(shape) - 1, **rest)
        elif kind in _DISCRETE:
            own = {name: fact for name, fact in fields.items() if name != "period"}
            slot = _DISCRETE[kind](**own)
        else:
            if _KINDS[kind].varies:
                fields = {name: fact for name, fact in fields.items() if name not in _FIXED}
            size = shape[:1] if kind == "strokes" else shape
            slot = _KINDS[kind](*size, **fields)
    except (KeyError, TypeError, IndexError) as error:
        raise InvalidSlot(
            f"a slot document that cannot be read: {error}", cure="Take it from its source again."
        ) from None
    facts = slot.facts()
    if (facts["shape"], facts["dtype"]) != (list(shape), dtype):
        raise InvalidSlot(
            f"{article(kind)} of shape {shape} and dtype {dtype!r}", cure="Take it from its source again."
        )
    return slot


_DISCRETE: Final[dict[str, type[Slot]]] = {kind.kind: kind for kind in (Choice, Whole, Switch)}
_FIXED: Final = ("low", "high", "identity", "off", "period")
_KINDS: Final[dict[str, type[Slot]]] = {
    kind.kind: kind for kind in (Slot, Bands, Curve, Matrix, Embedding, Lattice, Strokes, GreyPicture)
}
