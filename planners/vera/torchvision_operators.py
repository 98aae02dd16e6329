"""Let torchvision be imported beside a torch that it was not compiled for;
timm imports it for transforms that nobody here uses.

PyPI's torchvision is compiled for CUDA builds of torch. Beside a CPU build its compiled library does not load, and its
import ends with "operator torchvision::nms does not exist", since two of its modules describe operators that are not
there. Declaring their signatures suffices. To be removed when torchvision imports without its compiled library, or timm
without torchvision.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any

import torch

_SIGNATURES = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: list[Any] = []


def make_torchvision_importable() -> None:
    """Import torchvision, with its missing operators declared where it does not load by itself."""
    if "torchvision" in sys.modules or _declared or find_spec("torchvision") is None:
        return
    try:
        import torchvision  # noqa: F401
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        library: Any = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        for signature in _SIGNATURES:
            library.define(signature)
        _declared.append(library)
