"""Which precision, and which runtime: what `zoo.load(..., dtype=, runtime=)` asks for."""

from __future__ import annotations

from typing import Any, Final

import torch

from ...core.errors import InvalidRequest
from ..precision import FLOATS, name_of

ONNX: Final = ("float32", "int8", "int4")


def precision_of(dtype: Any, runtime: str, device: Any) -> tuple[torch.dtype, str | None]:
    """The dtype of what torch computes, and the weights of ONNX Runtime's language model; None where torch writes the answers.

    Raises:
        InvalidRequest: a dtype or runtime that is not known, or ONNX Runtime on a GPU.
    """
    name = name_of(dtype)
    if runtime not in ("torch", "onnx"):
        raise InvalidRequest(f"runtime is {runtime!r}", cure="It is torch or onnx.")
    if name not in FLOATS and name not in ONNX:
        raise InvalidRequest(f"dtype is {name!r}", cure=f"It is one of {', '.join(dict.fromkeys((*FLOATS, *ONNX)))}.")
    if runtime == "torch" and name in FLOATS:
        return FLOATS[name], None
    if name not in ONNX:
        raise InvalidRequest(f"dtype {name} is not for ONNX Runtime", cure=f"It takes {', '.join(ONNX)}.")
    if device is not None and torch.device(device).type != "cpu":
        raise InvalidRequest(
            f"dtype {name} on ONNX Runtime is for the CPU, not {device}", cure="On a GPU take bfloat16 or float32."
        )
    return torch.float32, name
