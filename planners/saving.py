"""Writing a network's weights, for planners that make bundles."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor


def save_weights(weights: Mapping[str, Tensor], path: Path) -> None:
    """Write tensors as safetensors, each in its own precision; the same tensors give the same bytes."""
    from safetensors.torch import save_file

    save_file({name: value.detach().cpu().contiguous() for name, value in weights.items()}, path)
