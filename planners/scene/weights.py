"""The network's weights as they are stored: convolutions in 8 bits, see `core.contract.quantisation`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from ...core.contract import quantisation
from ...core.errors import InvalidDocument
from .network import SceneNetwork, quick

VERSION: Final = 2
"""The version of the installed weights, and so of the areas that are made with them: one more with every change."""

FILE: Final = "scene.safetensors"


def quantised(network: SceneNetwork) -> dict[str, Tensor]:
    """The tensors of a trained network as they are stored; what counts batches alone is left out."""
    return quantisation.quantised(network.state_dict())


def dequantised(tensors: Mapping[str, Tensor], *, path: str = FILE) -> SceneNetwork:
    """The network of stored tensors, to be trained further or made `quick`.

    Raises:
        InvalidDocument: they are not this network's.
    """
    network = SceneNetwork()
    wanted = network.state_dict()
    counters = {name for name, value in wanted.items() if not value.is_floating_point()}
    state = {name: wanted[name] for name in counters}
    state |= {name: value.to(torch.float32) for name, value in quantisation.dequantised(tensors, path=path).items()}
    for name in sorted(wanted.keys() | state.keys()):
        if name not in state or name not in wanted:
            raise _wrong(f"{'lacks' if name not in state else 'does not know'} {name!r}", path)
        if state[name].shape != wanted[name].shape:
            shapes = tuple(state[name].shape), tuple(wanted[name].shape)
            raise _wrong(f"{name!r} has the shape {shapes[0]}, not {shapes[1]}", path)
        if not bool(torch.isfinite(state[name]).all()):
            raise _wrong(f"{name!r} holds numbers that are not finite", path)
    network.load_state_dict(state)
    return network


def _wrong(problem: str, path: str) -> InvalidDocument:
    return InvalidDocument(
        f"the scene network {problem}",
        path=path,
        cure="Fetch the bundle again, or train it with: veraretouch train scene.",
    )


@cache
def installed() -> SceneNetwork:
    """The network that comes with veraretouch, ready to run; read once a process."""
    return quick(stored(), copied=False)


def stored() -> SceneNetwork:
    """The network that comes with veraretouch, as it was trained."""
    from safetensors.torch import load_file

    path = Path(__file__).with_name("bundle") / FILE
    return dequantised(load_file(path), path=str(path))
