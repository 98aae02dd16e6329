"""ATen operations as MIL operations.

Semantics: torch's core ATen opset; Core ML's reference of MIL operations, opset iOS 18.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import getitem
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from ...extras import builder
from .operands import (
    Wide,
    as_float,
    concat,
    constant,
    cut,
    expand,
    is_float,
    is_zero,
    pair,
    pick,
    reshape,
    shape_of,
    split,
    squeeze,
    symbolic,
    unsqueeze,
    var,
    where,
)
from .percentiles import Histogram

aten = torch.ops.aten


def _binary(name: str) -> Callable[..., Any]:
    def write(a: Any, b: Any) -> Any:
        x, y = pair(a, b)
        return getattr(builder(), name)(x=x, y=y)

    return write


def _unary(name: str, **options: Any) -> Callable[..., Any]:
    return lambda x: getattr(builder(), name)(x=x, **options)


def _multiply(a: Any, b: Any) -> Any:
    """A product; with 0 it is 0, which needs no computing."""
    x, y = pair(a, b)
    if is_zero(x) or is_zero(y):
        return torch.zeros(
            np.broadcast_shapes(shape_of(x), shape_of(y)), dtype=torch.float32 if is_float(x) else torch.int32
        )
    return builder().mul(x=x, y=y)


def _scaled(name: str) -> Callable[..., Any]:
    """add and sub, which may scale their second operand; adding 0 needs no computing."""
    write = _binary(name)

    def scaled(a: Any, b: Any, *, alpha: float = 1) -> Any:
        x, y = pair(a, b if alpha == 1 else _multiply(b, float(alpha)))
        for kept, other in ((x, y), (y, x)) if name == "add" else ((x, y),):
            if is_zero(other) and shape_of(kept) == np.broadcast_shapes(shape_of(x), shape_of(y)):
                return kept
        return write(x, y)

    return scaled


def _reduce(name: str) -> Callable[..., Any]:
    def write(x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
        axes = [dim] if isinstance(dim, int) else list(dim) if dim else list(range(x.rank))
        return getattr(builder(), name)(
            x=as_float(x) if dtype or name == "reduce_mean" else x, axes=axes, keep_dims=keepdim
        )

    return write


def _variance(x: Any, dim: Any = None, *, correction: float = 1, keepdim: bool = False) -> Any:
    mb, axes = builder(), list(dim) if dim else list(range(x.rank))
    centred = mb.sub(x=x, y=mb.reduce_mean(x=x, axes=axes, keep_dims=True))
    total = mb.reduce_sum(x=mb.mul(x=centred, y=centred), axes=axes, keep_dims=keepdim)
    count = math.prod(x.shape[axis] for axis in axes)
    return mb.mul(x=total, y=np.float32(1 / (count - correction)))


def _power(x: Any, exponent: float) -> Any:
    """Whole powers by products: the phone's pow may not take a negative base."""
    if exponent in (2, 3, 4):
        product = x
        for _ in range(int(exponent) - 1):
            product = builder().mul(x=product, y=x)
        return product
    return builder().pow(x=x, y=np.float32(exponent))


def _clamp(x: Any, low: Any = None, high: Any = None) -> Any:
    for name, bound in (("maximum", low), ("minimum", high)):
        x = x if bound is None else _binary(name)(x, bound)
    return x


def _expm1(x: Any) -> Any:
    """2 t / (1 - t) with t = tanh(x / 2): precise near 0, where exp(x) - 1 has lost its digits."""
    mb = builder()
    t = mb.tanh(x=mb.mul(x=x, y=np.float32(0.5)))
    return mb.real_div(x=mb.mul(x=t, y=np.float32(2)), y=mb.sub(x=np.float32(1), y=t))


def _atan2(y: Any, x: Any) -> Any:
    mb = builder()
    y, x = pair(y, x)
    # So little that it changes no x but 0, where it keeps a quotient finite.
    slope = mb.real_div(x=y, y=mb.add(x=x, y=np.float32(1e-30)))
    turn = where(mb.less(x=y, y=np.float32(0)), torch.tensor(-math.pi), torch.tensor(math.pi))
    left = mb.cast(x=mb.less(x=x, y=np.float32(0)), dtype="fp32")
    return mb.add(x=mb.atan(x=slope), y=mb.mul(x=left, y=turn))


def _to(x: Any, *, dtype: Any = None, **unused: Any) -> Any:
    if dtype is None or isinstance(x, Wide | Histogram):
        return x
    if dtype.is_floating_point:
        return as_float(x)
    return builder().cast(x=x, dtype="bool" if dtype == torch.bool else "int32")


def _linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """x @ weight, for a weight that is a parameter laid out the other way round."""
    if symbolic(weight):
        product = builder().matmul(x=x, y=weight)
        return product if bias is None else builder().add(x=product, y=var(bias))
    more = {} if bias is None else {"bias": var(bias)}
    return builder().linear(x=x, weight=np.ascontiguousarray(constant(weight).T), **more)


def _matmul(a: Any, b: Any) -> Any:
    return builder().matmul(x=var(a), y=var(b))


def _convolution(
    x: Any,
    weight: Tensor,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    spare: Any,
    groups: int,
) -> Any:
    if transposed:
        raise NotImplementedError("transposed convolutions")
    more = {} if bias is None else {"bias": var(bias)}
    pad = [side for side in padding for _ in range(2)]
    return builder().conv(
        x=x,
        weight=var(weight),
        pad_type="custom",
        pad=pad,
        strides=list(stride),
        dilations=list(dilation),
        groups=groups,
        **more,
    )


def _pad(x: Any, pad: Sequence[int], value: float = 0.0) -> Any:
    """Torch names the last axis first, MIL the first of those that are padded."""
    pairs = [pad[place : place + 2] for place in range(0, len(pad), 2)]
    sides = [side for pair in reversed(pairs) for side in pair]
    return builder().pad(x=x, pad=sides, mode="constant", constant_val=np.float32(value))


def _batch_norm(x: Any, weight: Any, bias: Any, mean: Any, variance: Any, momentum: float, epsilon: float) -> list[Any]:
    facts = {"mean": mean, "variance": variance, "gamma": weight, "beta": bias}
    known = {name: var(value) for name, value in facts.items() if value is not None}
    return [builder().batch_norm(x=x, epsilon=np.float32(epsilon), **known), None, None]


def _channels_norm(
    x: Any, weight: Any, bias: Any, mean: Any, variance: Any, training: bool, momentum: float, epsilon: float
) -> list[Any]:
    if training:
        raise NotImplementedError("batch normalisation in training")
    return _batch_norm(x, weight, bias, mean, variance, momentum, epsilon)


def _layer_norm(x: Any, shape: Sequence[int], weight: Any, bias: Any, epsilon: float) -> list[Any]:
    known = {name: var(value) for name, value in {"gamma": weight, "beta": bias}.items() if value is not None}
    return [
        builder().layer_norm(x=x, axes=list(range(-len(shape), 0)), epsilon=np.float32(epsilon), **known),
        None,
        None,
    ]


def _max_pool(
    x: Any, kernel: Any, stride: Any = (), padding: Any = (0, 0), dilation: Any = 1, ceil: bool = False
) -> list[Any]:
    pad = [side for side in padding for _ in range(2)]
    return [
        builder().max_pool(
            x=x, kernel_sizes=list(kernel), strides=list(stride or kernel), pad_type="custom", pad=pad, ceil_mode=ceil
        ),
        None,
    ]


def _average_pool(x: Any, kernel: Any, stride: Any = ()) -> Any:
    return builder().avg_pool(x=x, kernel_sizes=list(kernel), strides=list(stride or kernel), pad_type="valid")


def _softmax(x: Any, dim: int, half_to_float: bool = False) -> Any:
    return builder().softmax(x=x, axis=dim)


def _attention(q: Any, k: Any, v: Any, *unused: Any, scale: float | None = None, **more: Any) -> Any:
    """softmax(q k' / sqrt(size)) v; queries are scaled first, so that products stay small."""
    mb = builder()
    scaled = mb.mul(x=q, y=np.float32(scale or q.shape[-1] ** -0.5))
    weights = mb.softmax(x=mb.matmul(x=scaled, y=k, transpose_y=True), axis=-1)
    return mb.matmul(x=weights, y=v)


def _gelu(x: Any, *, approximate: str = "none") -> Any:
    return builder().gelu(x=x, mode="EXACT" if approximate == "none" else "TANH_APPROXIMATION")


def _norm(x: Any, order: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    return builder().reduce_l2_norm(x=x, axes=list(dim), keep_dims=keepdim)


def _sort(x: Any, dim: int = -1, descending: bool = False) -> list[Any]:
    return list(builder().topk(x=x, k=x.shape[dim], axis=dim, ascending=not descending, sort=True))


def _cumsum(x: Any, dim: int) -> Any:
    if isinstance(x, Histogram) and not x.summed and dim % len(x.shape) == len(x.shape) - 1:
        return replace(x, summed=True)
    raise NotImplementedError("running sums of what is no histogram")


def _divide(a: Any, b: Any) -> Any:
    if isinstance(a, Histogram):
        return replace(a, scale=a.scale / b)
    if is_zero(a):
        return torch.zeros(np.broadcast_shapes(shape_of(a), shape_of(b)))
    return _binary("real_div")(a, b)


def _lerp(a: Any, b: Any, weight: Any) -> Any:
    """a + weight (b - a): torch's own second form, for weights from a half on, gives the same but for rounding."""
    return _scaled("add")(a, _multiply(_scaled("sub")(b, a), weight))


def _searchsorted(knots: Any, values: Any, *, right: bool = False, **unused: Any) -> Any:
    """How many of the knots (B, n) lie below, or with `right` not above, each value (B, m)."""
    if isinstance(knots, Histogram):
        return knots.search(values)
    mb = builder()
    below = mb.less_equal if right else mb.less
    found = below(x=reshape(knots, (*knots.shape[:-1], 1, knots.shape[-1])), y=constant(values)[..., None])
    return mb.reduce_sum(x=mb.cast(x=found, dtype="int32"), axes=[-1], keep_dims=False)


def _gather(x: Any, dim: int, index: Any) -> Any:
    return builder().gather_along_axis(x=var(x), indices=var(index), axis=dim)


def _index(x: Any, indices: Sequence[Any]) -> Any:
    """x[..., index, ...], for one index of one axis."""
    places = [(axis, index) for axis, index in enumerate(indices) if index is not None]
    if len(places) != 1:
        raise NotImplementedError("several indices")
    axis, index = places[0]
    return _index_select(x, axis, index)


def _index_select(x: Any, dim: int, index: Any) -> Any:
    return builder().gather(x=var(x), indices=var(index), axis=dim)


def _nothing(*unused: Any, **more: Any) -> None:
    """Checks of shapes and types, which translation makes itself."""


def _same(x: Any, **unused: Any) -> Any:
    return x


TRANSLATIONS: Final[dict[Any, Callable[..., Any]]] = {
    getitem: getitem,
    aten._adaptive_avg_pool2d: lambda x, size: builder().reduce_mean(x=x, axes=[2, 3], keep_dims=True),
    aten._assert_tensor_metadata: _nothing,
    aten._native_batch_norm_legit_no_training: _batch_norm,
    aten._safe_softmax: lambda x, dim, dtype=None: _softmax(x, dim),
    aten._softmax: _softmax,
    aten._to_copy: _to,
    aten.abs: _unary("abs"),
    aten.add: _scaled("add"),
    aten.addmm: lambda bias, x, weight: _linear(x, weight, bias),
    aten.alias: _same,
    aten.amax: _reduce("reduce_max"),
    aten.amin: _reduce("reduce_min"),
    aten.atan2: _atan2,
    aten.atanh: _unary("atanh"),
    aten.avg_pool2d: _average_pool,
    aten.bincount: lambda x, weights=None, minlength=0: Histogram(x, (minlength,)),
    aten.bmm: _matmul,
    aten.cat: concat,
    aten.clamp: _clamp,
    aten.clone: _same,
    aten.constant_pad_nd: _pad,
    aten.convolution: _convolution,
    aten.cos: _unary("cos"),
    aten.cumsum: _cumsum,
    aten.div: _divide,
    aten.eq: _binary("equal"),
    aten.exp: _unary("exp"),
    aten.exp2: _unary("exp2"),
    aten.expand: expand,
    aten.expm1: _expm1,
    aten.floor: _unary("floor"),
    aten.gather: _gather,
    aten.ge: _binary("greater_equal"),
    aten.gelu: _gelu,
    aten.gt: _binary("greater"),
    aten.hardtanh: lambda x, low=-1.0, high=1.0: _clamp(x, float(low), float(high)),
    aten.index: _index,
    aten.index_select: _index_select,
    aten.le: _binary("less_equal"),
    aten.lerp: _lerp,
    aten.linalg_vector_norm: _norm,
    aten.log2: lambda x: builder().mul(x=builder().log(x=x), y=np.float32(1 / math.log(2))),
    aten.logical_not: _unary("logical_not"),
    aten.lt: _binary("less"),
    aten.max_pool2d_with_indices: _max_pool,
    aten.maximum: _binary("maximum"),
    aten.mean: _reduce("reduce_mean"),
    aten.minimum: _binary("minimum"),
    aten.mm: lambda a, b: _linear(a, b) if not isinstance(a, Tensor) else _matmul(a, b),
    aten.mul: _multiply,
    aten.native_batch_norm: _channels_norm,
    aten.native_layer_norm: _layer_norm,
    aten.neg: lambda x: builder().mul(x=x, y=np.float32(-1)),
    aten.permute: lambda x, dims: builder().transpose(x=x, perm=list(dims)),
    aten.pow: _power,
    aten.reciprocal: lambda x: builder().real_div(x=np.float32(1), y=x),
    aten.relu: _unary("relu"),
    aten.remainder: _binary("mod"),
    aten.round: _unary("round"),
    aten.rsqrt: _unary("rsqrt", epsilon=np.float32(0)),
    aten.scaled_dot_product_attention: _attention,
    aten.searchsorted: _searchsorted,
    aten.select: pick,
    aten.sigmoid: _unary("sigmoid"),
    aten.sin: _unary("sin"),
    aten.slice: cut,
    aten.sort: _sort,
    aten.split_with_sizes: split,
    aten.sqrt: _unary("sqrt"),
    aten.squeeze: squeeze,
    aten.sub: _scaled("sub"),
    aten.sum: _reduce("reduce_sum"),
    aten.sym_size: lambda x, dim: int(x.shape[dim]),
    aten.tanh: _unary("tanh"),
    aten.unsqueeze: unsqueeze,
    aten.var: _variance,
    aten.view: reshape,
    aten.where: where,
}
