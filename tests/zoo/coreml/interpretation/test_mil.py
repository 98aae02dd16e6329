"""Each MIL operation of the interpreter against vectors computed by NumPy alone, or written out."""

import math

import numpy as np
import pytest
import torch

from veraretouch.zoo.coreml.interpretation.mil import OPERATIONS

RNG = np.random.default_rng(5)
A = RNG.standard_normal((2, 3, 4)).astype(np.float32)
B = RNG.standard_normal((2, 3, 4)).astype(np.float32)
POSITIVE = np.abs(A) + 0.1
SMALL = (A / 10).clip(-0.9, 0.9)
IMAGE = RNG.standard_normal((1, 4, 6, 5)).astype(np.float32)
KERNEL = RNG.standard_normal((6, 2, 3, 2)).astype(np.float32)
PER_CHANNEL = RNG.standard_normal((4, 4)).astype(np.float32)


def erf(x):
    return np.vectorize(math.erf)(x)


def by_hand_conv(x, weight, bias, strides, pad, dilations, groups):
    top, bottom, left, right = pad
    x = np.pad(x.astype(np.float64), ((0, 0), (0, 0), (top, bottom), (left, right)))
    batch, _, height, width = x.shape
    outs, per_group, kh, kw = weight.shape
    rows = (height - dilations[0] * (kh - 1) - 1) // strides[0] + 1
    columns = (width - dilations[1] * (kw - 1) - 1) // strides[1] + 1
    done = np.zeros((batch, outs, rows, columns))
    for b, o, r, c in np.ndindex(done.shape):
        first = o // (outs // groups) * per_group
        for i, u, v in np.ndindex(per_group, kh, kw):
            pixel = x[b, first + i, r * strides[0] + u * dilations[0], c * strides[1] + v * dilations[1]]
            done[b, o, r, c] += pixel * weight[o, i, u, v]
        done[b, o, r, c] += bias[o]
    return done


def windows(x, kernel, strides):
    rows = (x.shape[2] - kernel[0]) // strides[0] + 1
    columns = (x.shape[3] - kernel[1]) // strides[1] + 1
    found = np.empty((*x.shape[:2], rows, columns, kernel[0] * kernel[1]))
    for r, c in np.ndindex(rows, columns):
        part = x[:, :, r * strides[0] : r * strides[0] + kernel[0], c * strides[1] : c * strides[1] + kernel[1]]
        found[:, :, r, c] = part.reshape(*x.shape[:2], -1)
    return found


def updated():
    done = A.copy()
    done[0:1, 1:3, 0:4:2] = 7.0
    return done


def unpacked(data, scale, offset, block):
    """Weights of blocks, number by number."""
    data, scale, offset = (value.astype(np.float64) for value in (data, scale, offset))
    done = np.empty(data.shape)
    for r, c in np.ndindex(data.shape):
        done[r, c] = scale[r, c // block] * (data[r, c] - offset[r, c // block])
    return done


INT4 = RNG.integers(-8, 8, (3, 8)).astype(np.int8)
SCALE = (RNG.random((3, 2)) + 0.5).astype(np.float16)
OFFSET = RNG.integers(-8, 8, (3, 2)).astype(np.int8)
GAMMA, BETA = RNG.standard_normal((2, 4)).astype(np.float32)
PADDED = np.full((1, 4, 8, 8), -np.inf)
PADDED[:, :, 1:7, 2:7] = IMAGE
ORDER = np.argsort(A, axis=1)

CASES = {
    "abs": [({"x": A}, np.abs(A))],
    "add": [({"x": A, "y": B}, A + B), ({"x": A, "y": 2.0}, A + 2)],
    "atan": [({"x": A}, np.arctan(A))],
    "atanh": [({"x": SMALL}, np.arctanh(SMALL))],
    "avg_pool": [
        ({"x": IMAGE, "kernel_sizes": [2, 2], "strides": [2, 1]}, windows(IMAGE, (2, 2), (2, 1)).mean(-1)),
    ],
    "batch_norm": [
        (
            {
                "x": IMAGE,
                "mean": PER_CHANNEL[0],
                "variance": np.abs(PER_CHANNEL[1]),
                "gamma": PER_CHANNEL[2],
                "beta": PER_CHANNEL[3],
                "epsilon": 1e-3,
            },
            (IMAGE - PER_CHANNEL[0][:, None, None])
            / np.sqrt(np.abs(PER_CHANNEL[1]) + 1e-3)[:, None, None]
            * PER_CHANNEL[2][:, None, None]
            + PER_CHANNEL[3][:, None, None],
        )
    ],
    "cast": [({"x": np.float32([1.7, -2.3]), "dtype": "int32"}, np.int32([1, -2]))],
    "clip": [({"x": A, "alpha": -0.5, "beta": 0.25}, A.clip(-0.5, 0.25))],
    "concat": [({"values": [A, B], "axis": 1}, np.concatenate([A, B], 1))],
    "constexpr_blockwise_shift_scale": [
        ({"data": INT4, "scale": SCALE, "offset": OFFSET}, unpacked(INT4, SCALE, OFFSET, 4)),
        ({"data": INT4, "scale": SCALE}, unpacked(INT4, SCALE, np.zeros_like(OFFSET), 4)),
    ],
    "conv": [
        (
            {
                "x": IMAGE,
                "weight": KERNEL,
                "bias": np.arange(6, dtype=np.float32),
                "strides": [2, 1],
                "pad_type": "custom",
                "pad": [1, 0, 2, 1],
                "dilations": [1, 2],
                "groups": 2,
            },
            by_hand_conv(IMAGE, KERNEL, np.arange(6), (2, 1), (1, 0, 2, 1), (1, 2), 2),
        )
    ],
    "cos": [({"x": A}, np.cos(A))],
    "equal": [({"x": np.int32([1, 2]), "y": np.int32([1, 3])}, np.array([True, False]))],
    "exp": [({"x": A}, np.exp(A))],
    "exp2": [({"x": A}, 2.0**A)],
    "expand_dims": [({"x": A, "axes": [0, 3]}, A[None, :, :, None])],
    "floor": [({"x": A}, np.floor(A))],
    "gather": [
        ({"x": A, "indices": np.int32([[2, 0], [1, -1]]), "axis": 1}, A[:, [[2, 0], [1, 2]]]),
    ],
    "gather_along_axis": [({"x": A, "indices": ORDER.astype(np.int32), "axis": 1}, np.take_along_axis(A, ORDER, 1))],
    "gelu": [
        ({"x": A}, A * 0.5 * (1 + erf(A / math.sqrt(2)))),
        (
            {"x": A, "mode": "TANH_APPROXIMATION"},
            0.5 * A * (1 + np.tanh(math.sqrt(2 / math.pi) * (A + 0.044715 * A**3))),
        ),
        ({"x": A, "mode": "SIGMOID_APPROXIMATION"}, A / (1 + np.exp(-1.702 * A))),
    ],
    "greater": [({"x": A, "y": B}, A > B)],
    "greater_equal": [({"x": np.int32([1, 2]), "y": np.int32([2, 2])}, np.array([False, True]))],
    "identity": [({"x": A}, A)],
    "layer_norm": [
        (
            {"x": A, "axes": [-1], "gamma": GAMMA, "beta": BETA, "epsilon": 1e-2},
            (A - A.mean(-1, keepdims=True)) / np.sqrt(A.var(-1, keepdims=True) + 1e-2) * GAMMA + BETA,
        ),
        (
            {"x": IMAGE, "axes": [1], "gamma": GAMMA},
            (IMAGE - IMAGE.mean(1, keepdims=True)) / np.sqrt(IMAGE.var(1, keepdims=True) + 1e-5) * GAMMA[:, None, None],
        ),
    ],
    "less": [({"x": A, "y": B}, A < B)],
    "less_equal": [({"x": np.int32([1, 3]), "y": np.int32([2, 2])}, np.array([True, False]))],
    "linear": [({"x": A, "weight": B[0], "bias": np.float32([1, 2, 3])}, A @ B[0].T + [1, 2, 3])],
    "log": [({"x": POSITIVE, "epsilon": 0.5}, np.log(POSITIVE + 0.5))],
    "logical_not": [({"x": np.array([True, False])}, np.array([False, True]))],
    "matmul": [
        ({"x": A, "y": B, "transpose_y": True}, np.einsum("bij,bkj->bik", A, B)),
        ({"x": A, "y": B[:1], "transpose_x": True}, np.einsum("bji,bjk->bik", A, np.repeat(B[:1], 2, 0))),
    ],
    "max_pool": [
        (
            {"x": IMAGE, "kernel_sizes": [3, 3], "strides": [2, 2], "pad_type": "custom", "pad": [1, 1, 2, 1]},
            windows(PADDED, (3, 3), (2, 2)).max(-1),
        )
    ],
    "maximum": [({"x": A, "y": B}, np.maximum(A, B))],
    "minimum": [({"x": A, "y": 0.1}, np.minimum(A, 0.1))],
    "mod": [({"x": np.float32([-1.5, 5.5]), "y": 4.0}, np.float32([2.5, 1.5]))],
    "mul": [({"x": A, "y": B}, A * B)],
    "pad": [
        ({"x": A, "pad": [1, 0, 0, 2], "constant_val": 3.0}, np.pad(A, ((0, 0), (1, 0), (0, 2)), constant_values=3)),
        (
            {"x": IMAGE, "pad": [1, 2, 2, 1], "mode": "reflect"},
            np.pad(IMAGE, ((0, 0), (0, 0), (1, 2), (2, 1)), "reflect"),
        ),
        (
            {"x": IMAGE, "pad": [0, 1, 2, 0], "mode": "replicate"},
            np.pad(IMAGE, ((0, 0), (0, 0), (0, 1), (2, 0)), "edge"),
        ),
    ],
    "pow": [({"x": POSITIVE, "y": 1.7}, POSITIVE**1.7)],
    "real_div": [({"x": A, "y": POSITIVE}, A / POSITIVE), ({"x": np.int32([-7, 7]), "y": 2}, np.int32([-4, 3]))],
    "reduce_l2_norm": [({"x": A, "axes": [-1], "keep_dims": True}, np.sqrt((A**2).sum(-1, keepdims=True)))],
    "reduce_max": [({"x": A, "axes": [1, 2]}, A.max((1, 2)))],
    "reduce_mean": [({"x": A, "axes": [1], "keep_dims": True}, A.mean(1, keepdims=True))],
    "reduce_min": [({"x": A, "axes": [0]}, A.min(0))],
    "reduce_sum": [({"x": A}, A.sum())],
    "relu": [({"x": A}, A.clip(0))],
    "reshape": [({"x": A, "shape": [0, -1]}, A.reshape(2, 12))],
    "round": [({"x": np.float32([0.4, 0.6, -1.2])}, np.float32([0, 1, -1]))],
    "rsqrt": [({"x": POSITIVE, "epsilon": 0.25}, 1 / np.sqrt(POSITIVE + 0.25))],
    "select": [({"cond": A > 0, "a": A, "b": B}, np.where(A > 0, A, B))],
    "sigmoid": [({"x": A}, 1 / (1 + np.exp(-A)))],
    "silu": [({"x": A}, A / (1 + np.exp(-A)))],
    "sin": [({"x": A}, np.sin(A))],
    "slice_by_index": [
        ({"x": A, "begin": [0, 1, 0], "end": [1, 3, 4], "stride": [1, 1, 2]}, A[0:1, 1:3, 0:4:2]),
        (
            {
                "x": A,
                "begin": [1, 0, -3],
                "end": [0, 2, 0],
                "begin_mask": [False, True, False],
                "end_mask": [False, False, True],
                "squeeze_mask": [True, False, False],
            },
            A[1, :2, -3:],
        ),
    ],
    "slice_update": [
        (
            {
                "x": A,
                "update": np.full((1, 2, 2), 7, np.float32),
                "begin": [0, 1, 0],
                "end": [1, 3, 4],
                "stride": [1, 1, 2],
            },
            updated(),
        )
    ],
    "softmax": [({"x": A, "axis": 1}, np.exp(A) / np.exp(A).sum(1, keepdims=True))],
    "split": [
        ({"x": A, "split_sizes": [1, 3], "axis": 2}, [A[..., :1], A[..., 1:]]),
        ({"x": A, "num_splits": 2, "axis": -1}, [A[..., :2], A[..., 2:]]),
    ],
    "sqrt": [({"x": POSITIVE}, np.sqrt(POSITIVE))],
    "square": [({"x": A}, A**2)],
    "squeeze": [({"x": A[None, :, None], "axes": [0, 2]}, A)],
    "stack": [({"values": [A, B], "axis": 1}, np.stack([A, B], 1))],
    "sub": [({"x": A, "y": B}, A - B)],
    "tanh": [({"x": A}, np.tanh(A))],
    "tile": [({"x": A, "reps": [1, 2, 3]}, np.tile(A, (1, 2, 3)))],
    "topk": [
        ({"x": A, "k": 2, "axis": 1}, [-np.sort(-A, 1)[:, :2], np.argsort(-A, 1)[:, :2]]),
        ({"x": A, "k": 3, "axis": 2, "ascending": True, "return_indices": False}, [np.sort(A, 2)[..., :3]]),
    ],
    "transpose": [({"x": A, "perm": [2, 0, 1]}, A.transpose(2, 0, 1))],
}


def as_torch(value):
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value.copy()).float() if value.dtype == np.float16 else torch.from_numpy(value.copy())
    return (
        [as_torch(each) for each in value]
        if isinstance(value, list) and value and isinstance(value[0], np.ndarray)
        else value
    )


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_does_what_numpy_does(name):
    for given, wanted in CASES[name]:
        found = OPERATIONS[name](**{key: as_torch(value) for key, value in given.items()})
        pairs = zip(found, wanted, strict=True) if isinstance(wanted, list) else [(found, wanted)]
        for one, two in pairs:
            assert tuple(one.shape) == np.shape(two)
            np.testing.assert_allclose(one.numpy(), two, rtol=2e-5, atol=1e-5)


def test_an_update_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="an update of shape"):
        OPERATIONS["slice_update"](torch.zeros(1, 8, 2), torch.ones(1, 4, 2), [0, 6, 0], [1, 10, 2])
