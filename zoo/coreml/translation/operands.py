"""Operands and shapes of MIL operations: constants and variables of one kind, views, slices, repetition."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from torch import Tensor

from ...extras import builder
from .percentiles import Histogram

_MOST_AXES: Final = 5


@dataclass(frozen=True)
class Wide:
    """A value of more axes than the five that Core ML has: laid out in one line, with the shape that it stands for."""

    line: Any
    shape: tuple[int, ...]


def symbolic(value: Any) -> bool:
    """Whether a MIL variable is anywhere in it."""
    if isinstance(value, dict):
        return any(map(symbolic, value.values()))
    if isinstance(value, list | tuple):
        return any(map(symbolic, value))
    return isinstance(value, Wide | Histogram) or hasattr(value, "sym_type")


def constant(value: Tensor) -> np.ndarray[Any, Any]:
    """A tensor as MIL holds constants: float32, int32 or bool."""
    array = value.detach().cpu().numpy()
    if array.dtype == np.float64:
        return array.astype(np.float32)
    return array.astype(np.int32) if array.dtype.kind in "iu" else array


def var(value: Any) -> Any:
    """A tensor as a constant; what is none stays."""
    return constant(value) if isinstance(value, Tensor) else value


def is_float(value: Any) -> bool:
    """Whether a value holds reals."""
    if isinstance(value, float):
        return True
    kind = getattr(value, "dtype", None)
    if isinstance(kind, np.dtype):
        return kind.kind == "f"
    return kind is not None and "fp" in str(getattr(kind, "__name__", kind))


def as_float(value: Any) -> Any:
    """A value as reals."""
    if isinstance(value, int | float | np.ndarray):
        return np.asarray(value, np.float32)
    return value if is_float(value) else builder().cast(x=value, dtype="fp32")


def pair(a: Any, b: Any) -> tuple[Any, Any]:
    """Two operands of one kind: floats where either is one, else integers."""
    a, b = var(a), var(b)
    if is_float(a) or is_float(b):
        return as_float(a), as_float(b)
    x, y = (np.asarray(each, np.int32) if isinstance(each, int | np.ndarray) else each for each in (a, b))
    return x, y


def is_zero(value: Any) -> bool:
    """Whether a value is known and all of it is 0."""
    known = isinstance(value, int | float | np.ndarray | Tensor)
    return known and not np.asarray(constant(value) if isinstance(value, Tensor) else value).any()


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of a variable, an array or a number."""
    return tuple(np.shape(value)) if isinstance(value, int | float | np.ndarray) else tuple(value.shape)


def expand(x: Any, shape: Sequence[int], *, implicit: bool = False) -> Any:
    """Repeat axes of one, and put new ones in front."""
    x = var(x)
    old = (1,) * (len(shape) - len(shape_of(x))) + shape_of(x)
    wanted = [was if side == -1 else side for was, side in zip(old, shape, strict=True)]
    if isinstance(x, int | float | np.ndarray):
        return np.ascontiguousarray(np.broadcast_to(x, wanted))
    if shape_of(x) != old:
        x = builder().reshape(x=x, shape=old)
    repeats = [side // was for was, side in zip(old, wanted, strict=True)]
    return x if all(n == 1 for n in repeats) else builder().tile(x=x, reps=repeats)


def where(condition: Any, a: Any, b: Any) -> Any:
    """a where the condition holds, else b, each repeated to one shape; of two that are the same, that one."""
    x, y = pair(a, b)
    shape = np.broadcast_shapes(shape_of(condition), shape_of(x), shape_of(y))
    if x is y:
        return expand(x, shape)
    return builder().select(cond=expand(condition, shape), a=expand(x, shape), b=expand(y, shape))


def reshape(x: Any, shape: Sequence[int]) -> Any:
    """A view; what has more than five axes is kept in one line."""
    if isinstance(x, Histogram):
        return replace(x, shape=tuple(shape))
    mb = builder()
    line, old = (x.line, x.shape) if isinstance(x, Wide) else (x, shape_of(x))
    if -1 in shape:
        rest = math.prod(side for side in shape if side != -1)
        shape = [math.prod(old) // rest if side == -1 else side for side in shape]
    if len(shape) > _MOST_AXES:
        return Wide(line if isinstance(x, Wide) else mb.reshape(x=x, shape=[-1]), tuple(shape))
    return mb.reshape(x=line, shape=list(shape)) if tuple(shape) != shape_of(line) else line


def unsqueeze(x: Any, dim: int) -> Any:
    """With a new axis of one."""
    shape = list(x.shape)
    shape.insert(dim if dim >= 0 else dim + len(shape) + 1, 1)
    return reshape(x, shape)


def squeeze(x: Any, dims: Sequence[int]) -> Any:
    """Without these axes, where they are one."""
    dropped = {dim % len(x.shape) for dim in dims}
    return reshape(x, [side for axis, side in enumerate(x.shape) if axis not in dropped or side != 1])


def cut(x: Any, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Any:
    """Every `step`-th place of an axis from `start` to `end`."""
    start, end, step = slice(start, end, step).indices(x.shape[dim])
    if (start, end, step) == (0, x.shape[dim], 1):
        return x
    if isinstance(x, Wide):
        places = np.arange(math.prod(x.shape), dtype=np.int32).reshape(x.shape)
        kept = places.take(range(start, end, step), axis=dim)
        return reshape(Wide(builder().gather(x=x.line, indices=kept.ravel(), axis=0), kept.shape), kept.shape)
    begin, last, by = [0] * x.rank, list(x.shape), [1] * x.rank
    begin[dim], last[dim], by[dim] = start, end, step
    return builder().slice_by_index(x=x, begin=begin, end=last, stride=by)


def pick(x: Any, dim: int, index: int) -> Any:
    """One place of an axis, which goes."""
    dim, index = dim % len(x.shape), index % x.shape[dim]
    return squeeze(cut(x, dim, index, index + 1), [dim])


def split(x: Any, sizes: Sequence[int], dim: int = 0) -> list[Any]:
    """Parts of these sizes along an axis."""
    ends = np.cumsum(sizes)
    return [cut(x, dim, int(end - size), int(end)) for size, end in zip(sizes, ends, strict=True)]


def concat(parts: Sequence[Any], dim: int = 0) -> Any:
    """Parts behind each other along an axis."""
    values = [var(part) for part in parts]
    if any(map(is_float, values)):
        values = [as_float(value) for value in values]
    return builder().concat(values=values, axis=dim)
