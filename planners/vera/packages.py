"""The packages of the extras `vera` and `onnx`, imported where they are used and nowhere before."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from ...core.errors import MissingExtra
from .torchvision_operators import make_torchvision_importable


def package(name: str) -> Any:
    """timm, tokenizers or transformers, all of which may import torchvision; onnx or onnxruntime.

    Raises:
        MissingExtra: it is not installed.
    """
    if find_spec(name) is None:
        extra = "onnx" if name.startswith("onnx") else "vera"
        raise MissingExtra(f"the planner 'vera' needs {name}", cure=f"pip install 'veraretouch[{extra}]'")
    make_torchvision_importable()
    return import_module(name)
