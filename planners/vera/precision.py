"""Which precision, and which runtime: what `zoo.load(..., dtype=, runtime=)` asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import torch

from ...core.errors import InvalidRequest
from ..precision import FLOATS, name_of

ONNX: Final = ("float32", "int8", "int4")
RUNTIMES: Final = ("torch", "graphs", "onnx")


@dataclass(frozen=True)
class Runtime:
    """Who writes answers.

    Attributes:
        name: `torch`; `graphs`: torch, one answer at a time, each token one CUDA graph; `onnx`:
            ONNX Runtime on the CPU.
        weights: of the language model on ONNX Runtime: `float32`, `int8` or `int4`.
    """

    name: Literal["torch", "graphs", "onnx"] = "torch"
    weights: str = "float32"


def precision_of(dtype: Any, runtime: str, device: Any) -> tuple[torch.dtype, Runtime]:
    """The dtype of what torch computes, and who writes answers.

    Raises:
        InvalidRequest: a dtype or runtime that is not known, ONNX Runtime on a GPU, or CUDA graphs without one.
    """
    name = name_of(dtype)
    if runtime not in RUNTIMES:
        raise InvalidRequest(f"runtime is {runtime!r}", cure=f"It is one of {', '.join(RUNTIMES)}.")
    if name not in FLOATS and name not in ONNX:
        raise InvalidRequest(f"dtype is {name!r}", cure=f"It is one of {', '.join(dict.fromkeys((*FLOATS, *ONNX)))}.")
    if runtime == "graphs" and (device is None or torch.device(device).type != "cuda"):
        raise InvalidRequest("runtime 'graphs' needs a CUDA device", cure="Give device='cuda', or leave runtime out.")
    if name in FLOATS and runtime != "onnx":
        return FLOATS[name], Runtime("graphs" if runtime == "graphs" else "torch")
    if name not in ONNX or runtime == "graphs":
        known = FLOATS if runtime == "graphs" else ONNX
        raise InvalidRequest(f"dtype {name} is not for runtime {runtime!r}", cure=f"It takes {', '.join(known)}.")
    if device is not None and torch.device(device).type != "cpu":
        raise InvalidRequest(
            f"dtype {name} on ONNX Runtime is for the CPU, not {device}", cure="On a GPU take bfloat16 or float32."
        )
    return torch.float32, Runtime("onnx", name)
