"""MIL operations in torch, as Core ML's reference of the iOS 15 to iOS 18 opsets defines them.

Half-precision operands are computed in float32, and each result is rounded to the precision that the program declares:
as the phone stores it. What the phone rounds within one operation (a convolution's partial sums) is not known and not
imitated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional

DTYPES: Final = {
    "fp16": torch.float16,
    "fp32": torch.float32,
    "int8": torch.int8,
    "uint8": torch.uint8,
    "int16": torch.int16,
    "uint16": torch.int32,  # torch has few operations on its own uint16
    "int32": torch.int32,
    "bool": torch.bool,
}


def _tensor(x: Any) -> Any:
    return x if isinstance(x, Tensor) else torch.as_tensor(x)


def _binary(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda x, y: function(_tensor(x), _tensor(y))


def _unary(function: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda x: function(_tensor(x))


def _divide(x: Tensor, y: Tensor) -> Tensor:
    return x / y if x.is_floating_point() else torch.div(x, y, rounding_mode="floor")


def _reduce(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def reduce(x: Tensor, axes: Sequence[int] | None = None, keep_dims: bool = False) -> Tensor:
        return function(x, dim=list(range(x.ndim)) if axes is None else list(axes), keepdim=keep_dims)

    return reduce


def log(x: Tensor, epsilon: float = 1e-45) -> Tensor:
    """The natural logarithm of x + epsilon."""
    return torch.log(x + epsilon)


def rsqrt(x: Tensor, epsilon: float = 1e-12) -> Tensor:
    """1 / sqrt(x + epsilon)."""
    return torch.rsqrt(x + epsilon)


def gelu(x: Tensor, mode: str = "EXACT") -> Tensor:
    """x Phi(x), or an approximation of it."""
    if mode == "SIGMOID_APPROXIMATION":
        return x * torch.sigmoid(1.702 * x)
    return functional.gelu(x, approximate="none" if mode == "EXACT" else "tanh")


def layer_norm(
    x: Tensor, axes: Sequence[int], gamma: Tensor | None = None, beta: Tensor | None = None, epsilon: float = 1e-5
) -> Tensor:
    """Mean 0 and variance 1 over some axes, then a scale and a shift of their shape."""
    mean = x.mean(dim=list(axes), keepdim=True)
    variance = (x - mean).square().mean(dim=list(axes), keepdim=True)
    shape = [x.shape[axis] if axis in {a % x.ndim for a in axes} else 1 for axis in range(x.ndim)]
    done = (x - mean) * torch.rsqrt(variance + epsilon)
    done = done if gamma is None else done * gamma.reshape(shape)
    return done if beta is None else done + beta.reshape(shape)


def batch_norm(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    epsilon: float = 1e-5,
) -> Tensor:
    """Channels normalised by known statistics."""
    return functional.batch_norm(x, mean, variance, gamma, beta, training=False, eps=float(epsilon))


def conv(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    strides: Sequence[int] = (1, 1),
    pad_type: str = "valid",
    pad: Sequence[int] = (0, 0, 0, 0),
    dilations: Sequence[int] = (1, 1),
    groups: int = 1,
) -> Tensor:
    """Convolution of (B, C, H, W); `pad` is top, bottom, left, right, for pad_type `custom`."""
    padded = _padded(x, pad_type, pad, 0.0)
    return functional.conv2d(padded, weight, bias, list(strides), 0, list(dilations), int(groups))


def _padded(x: Tensor, pad_type: str, pad: Sequence[int], value: float) -> Tensor:
    if pad_type == "valid":
        return x
    if pad_type != "custom":
        raise NotImplementedError(f"pad_type {pad_type!r}")
    top, bottom, left, right = pad
    return functional.pad(x, (left, right, top, bottom), value=value)


def max_pool(
    x: Tensor,
    kernel_sizes: Sequence[int],
    strides: Sequence[int] = (1, 1),
    pad_type: str = "valid",
    pad: Sequence[int] = (0, 0, 0, 0),
    ceil_mode: bool = False,
) -> Tensor:
    """The largest value of each window; padding never wins."""
    return functional.max_pool2d(
        _padded(x, pad_type, pad, -math.inf), list(kernel_sizes), list(strides), ceil_mode=ceil_mode
    )


def avg_pool(
    x: Tensor,
    kernel_sizes: Sequence[int],
    strides: Sequence[int] = (1, 1),
    pad_type: str = "valid",
    pad: Sequence[int] = (0, 0, 0, 0),
    exclude_padding_from_average: bool = False,
    ceil_mode: bool = False,
) -> Tensor:
    """The mean of each window."""
    if exclude_padding_from_average and pad_type != "valid":
        raise NotImplementedError("exclude_padding_from_average")
    return functional.avg_pool2d(_padded(x, pad_type, pad, 0.0), list(kernel_sizes), list(strides), ceil_mode=ceil_mode)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x W' + b."""
    return functional.linear(x, weight, bias)


def matmul(x: Any, y: Any, transpose_x: bool = False, transpose_y: bool = False) -> Tensor:
    """Products of matrices, with axes before the last two repeated where they are one."""
    x, y = _tensor(x), _tensor(y)
    return torch.matmul(x.transpose(-1, -2) if transpose_x else x, y.transpose(-1, -2) if transpose_y else y)


def pad(x: Tensor, pad: Sequence[int], mode: str = "constant", constant_val: float = 0.0) -> Tensor:
    """`pad` has two numbers for each of the last axes, first axis first."""
    pairs = [pad[place : place + 2] for place in range(0, len(pad), 2)]
    flat = [side for pair in reversed(pairs) for side in pair]
    if mode == "constant":
        return functional.pad(x, flat, value=float(constant_val))
    if mode not in ("reflect", "replicate"):
        raise NotImplementedError(f"mode {mode!r}")
    return functional.pad(x, flat, mode=mode)


def reshape(x: Any, shape: Sequence[int]) -> Any:
    """The same values in another shape: 0 keeps an axis, -1 is what remains."""
    x = _tensor(x)
    return x.reshape([x.shape[axis] if side == 0 else side for axis, side in enumerate(shape)])


def squeeze(x: Any, axes: Sequence[int] | None = None) -> Any:
    """Without axes of one."""
    x = _tensor(x)
    return x.squeeze() if axes is None else x.squeeze(tuple(axes))


def expand_dims(x: Any, axes: Sequence[int]) -> Any:
    """With new axes of one at these places of the result."""
    x = _tensor(x)
    for axis in sorted(axis % (x.ndim + len(axes)) for axis in axes):
        x = x.unsqueeze(axis)
    return x


def _spans(
    shape: Sequence[int],
    begin: Sequence[int],
    end: Sequence[int],
    stride: Sequence[int] | None,
    begin_mask: Sequence[bool] | None,
    end_mask: Sequence[bool] | None,
    squeeze_mask: Sequence[bool] | None,
) -> tuple[Any, ...]:
    spans: list[Any] = []
    for axis, side in enumerate(shape):
        if squeeze_mask is not None and squeeze_mask[axis]:
            spans.append(torch.tensor([begin[axis] % side]))
            continue
        start = None if begin_mask is not None and begin_mask[axis] else int(begin[axis])
        stop = None if end_mask is not None and end_mask[axis] else int(end[axis])
        step = 1 if stride is None else int(stride[axis])
        spans.append(torch.arange(side)[torch.arange(side).numpy()[start:stop:step].copy()])
    return tuple(spans)


def _grid(spans: Sequence[Tensor]) -> tuple[Tensor, ...]:
    return tuple(
        span.reshape([-1 if axis == other else 1 for other in range(len(spans))]) for axis, span in enumerate(spans)
    )


def slice_by_index(
    x: Any,
    begin: Sequence[int],
    end: Sequence[int],
    stride: Sequence[int] | None = None,
    begin_mask: Sequence[bool] | None = None,
    end_mask: Sequence[bool] | None = None,
    squeeze_mask: Sequence[bool] | None = None,
) -> Any:
    """x[begin:end:stride], axis by axis; masks open an end or drop an axis."""
    x = _tensor(x)
    found = x[_grid(_spans(x.shape, begin, end, stride, begin_mask, end_mask, squeeze_mask))]
    dropped = [axis for axis, gone in enumerate(squeeze_mask or []) if gone]
    return found.squeeze(tuple(dropped)) if dropped else found


def slice_update(
    x: Tensor,
    update: Tensor,
    begin: Sequence[int],
    end: Sequence[int],
    stride: Sequence[int] | None = None,
    begin_mask: Sequence[bool] | None = None,
    end_mask: Sequence[bool] | None = None,
    squeeze_mask: Sequence[bool] | None = None,
) -> Tensor:
    """x with x[begin:end:stride] replaced."""
    if squeeze_mask is not None and any(squeeze_mask):
        raise NotImplementedError("squeeze_mask")
    done = x.clone()
    spans = _spans(x.shape, begin, end, stride, begin_mask, end_mask, None)
    wanted = tuple(len(span) for span in spans)
    if tuple(update.shape) != wanted:
        raise ValueError(f"an update of shape {tuple(update.shape)} for a slice of {wanted}")
    done[_grid(spans)] = update
    return done


def split(
    x: Tensor, split_sizes: Sequence[int] | None = None, num_splits: int | None = None, axis: int = 0
) -> list[Tensor]:
    """Parts along an axis."""
    sizes = split_sizes if split_sizes is not None else x.shape[axis] // int(num_splits or 1)
    return list(torch.split(x, sizes if isinstance(sizes, int) else list(sizes), dim=axis))


def gather(x: Any, indices: Any, axis: int = 0, batch_dims: int = 0, validate_indices: bool = False) -> Any:
    """Slices of x at indices of any shape, along an axis."""
    if batch_dims:
        raise NotImplementedError("batch_dims")
    x, indices = _tensor(x), _tensor(indices).long()
    axis = axis % x.ndim
    found = x.index_select(axis, torch.where(indices < 0, indices + x.shape[axis], indices).flatten())
    return found.reshape(*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])


def gather_along_axis(x: Any, indices: Any, axis: int = 0, validate_indices: bool = False) -> Tensor:
    """For each place, the value of x at the index that stands there."""
    return torch.gather(_tensor(x), axis, _tensor(indices).long())


def topk(
    x: Tensor,
    k: int = 1,
    axis: int = -1,
    ascending: bool = False,
    sort: bool = True,
    return_indices: bool = True,
    output_indices_dtype: str = "int32",
) -> list[Tensor]:
    """The k largest values, or the smallest, in order, and where they stood."""
    values, indices = torch.topk(x, int(k), dim=axis, largest=not ascending, sorted=True)
    return [values, indices] if return_indices else [values]


def select(cond: Any, a: Any, b: Any) -> Tensor:
    """a where the condition holds, else b."""
    return torch.where(_tensor(cond).bool(), _tensor(a), _tensor(b))


def shift_scale(data: Tensor, scale: Tensor, offset: Tensor | None = None) -> Tensor:
    """Weights of few bits: scale * (data - offset), a scale for each block; blocks are equal parts of an axis."""
    for axis, (side, blocks) in enumerate(zip(data.shape, scale.shape, strict=True)):
        scale = scale.repeat_interleave(side // blocks, dim=axis)
        offset = offset if offset is None else offset.repeat_interleave(side // blocks, dim=axis)
    values = data.float() if offset is None else data.float() - offset.float()
    return values * scale.float()


OPERATIONS: Final[dict[str, Callable[..., Any]]] = {
    "abs": _unary(torch.abs),
    "add": _binary(torch.add),
    "atan": _unary(torch.atan),
    "atanh": _unary(torch.atanh),
    "avg_pool": avg_pool,
    "batch_norm": batch_norm,
    "cast": lambda x, dtype: _tensor(x).to(DTYPES[dtype]),
    "clip": lambda x, alpha, beta: torch.clamp(x, float(alpha), float(beta)),
    "concat": lambda values, axis, interleave=False: torch.cat([_tensor(value) for value in values], dim=axis),
    "constexpr_blockwise_shift_scale": shift_scale,
    "conv": conv,
    "cos": _unary(torch.cos),
    "equal": _binary(torch.eq),
    "exp": _unary(torch.exp),
    "exp2": _unary(torch.exp2),
    "expand_dims": expand_dims,
    "floor": _unary(torch.floor),
    "gather": gather,
    "gather_along_axis": gather_along_axis,
    "gelu": gelu,
    "greater": _binary(torch.gt),
    "greater_equal": _binary(torch.ge),
    "identity": _unary(torch.clone),
    "layer_norm": layer_norm,
    "less": _binary(torch.lt),
    "less_equal": _binary(torch.le),
    "linear": linear,
    "log": log,
    "logical_not": _unary(torch.logical_not),
    "matmul": matmul,
    "max_pool": max_pool,
    "maximum": _binary(torch.maximum),
    "minimum": _binary(torch.minimum),
    "mod": _binary(torch.remainder),
    "mul": _binary(torch.mul),
    "pad": pad,
    "pow": _binary(torch.pow),
    "real_div": _binary(_divide),
    "reduce_l2_norm": _reduce(torch.linalg.vector_norm),
    "reduce_max": _reduce(torch.amax),
    "reduce_mean": _reduce(torch.mean),
    "reduce_min": _reduce(torch.amin),
    "reduce_sum": _reduce(torch.sum),
    "relu": _unary(torch.relu),
    "reshape": reshape,
    "round": _unary(torch.round),
    "rsqrt": rsqrt,
    "select": select,
    "sigmoid": _unary(torch.sigmoid),
    "silu": _unary(functional.silu),
    "sin": _unary(torch.sin),
    "slice_by_index": slice_by_index,
    "slice_update": slice_update,
    "softmax": lambda x, axis=-1: torch.softmax(x, dim=axis),
    "split": split,
    "sqrt": _unary(torch.sqrt),
    "square": _unary(torch.square),
    "squeeze": squeeze,
    "stack": lambda values, axis: torch.stack([_tensor(value) for value in values], dim=axis),
    "sub": _binary(torch.sub),
    "tanh": _unary(torch.tanh),
    "tile": lambda x, reps: _tensor(x).repeat(*reps),
    "topk": topk,
    "transpose": lambda x, perm: _tensor(x).permute(*perm),
}
