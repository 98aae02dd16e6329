"""Weights of 8 bits: tensors of two and more axes as whole numbers with a scale a row, the rest as floats.

Jacob et al. (2018), arXiv 1712.05877, section 2.1, symmetric.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor

from ..errors import InvalidDocument

_WHOLE: Final = ".int8"
_SCALE: Final = ".scale"
_LARGEST: Final = 127


def quantised(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors as they are stored: NAME.int8 and NAME.scale for weights; what counts batches alone is left out."""
    found = {}
    for name, value in tensors.items():
        value = value.detach().cpu()
        if value.ndim > 1:
            scale = value.float().flatten(1).abs().amax(dim=1).clamp(min=1e-12) / _LARGEST
            found[name + _SCALE] = scale
            found[name + _WHOLE] = (value / _by_row(scale, value)).round().to(torch.int8)
        elif value.is_floating_point():
            found[name] = value.clone()
    return found


def dequantised(tensors: Mapping[str, Tensor], *, path: str) -> dict[str, Tensor]:
    """The inverse, weights in float32; tensors that were never quantised are as they were.

    Raises:
        InvalidDocument: a weight without a scale for each row; `path` names the file.
    """
    found = {}
    for name, value in tensors.items():
        if name.endswith(_WHOLE):
            name = name.removesuffix(_WHOLE)
            scale = tensors.get(name + _SCALE)
            if scale is None or scale.shape != value.shape[:1]:
                raise InvalidDocument(
                    f"{name!r} has no scale for each channel", path=path, cure="Fetch the bundle again."
                )
            found[name] = value.to(torch.float32) * _by_row(scale, value)
        elif not name.endswith(_SCALE) or name.removesuffix(_SCALE) + _WHOLE not in tensors:
            found[name] = value
    return found


def _by_row(scale: Tensor, value: Tensor) -> Tensor:
    return scale.reshape(-1, *[1] * (value.ndim - 1))
