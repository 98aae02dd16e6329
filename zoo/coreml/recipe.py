"""The recipe of one package: its inputs and outputs, how it is written, and how it is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np
from torch import Tensor, nn

from .packages import BLOCK
from .translation.translate import program

Array = np.ndarray[Any, Any]
Units = Literal["all", "cpuOnly", "cpuAndGPU", "cpuAndNeuralEngine"]


@dataclass(frozen=True)
class Feature:
    """One input, output or state: its shape, and in words what bundle.json says of it.

    Attributes:
        photo: it is a picture; its golden values are stored as bytes, of which `scale` and `bias` make what goes in.
    """

    shape: tuple[int, ...]
    about: Mapping[str, Any] = field(default_factory=dict)
    dtype: str = "float32"
    photo: bool = False
    scale: float = 1.0
    bias: float = 0.0

    def document(self) -> dict[str, Any]:
        """As bundle.json has it."""
        found = {"shape": list(self.shape), "dtype": self.dtype, **self.about}
        return found | ({"scale": self.scale, "bias": self.bias} if self.photo else {})


@dataclass(frozen=True)
class Joined:
    """A package of several functions, which store equal weights once; `about`: what it does, in words."""

    name: str
    about: str


@dataclass(frozen=True)
class PackageRecipe:
    """How one package is made and judged.

    Attributes:
        write: its MIL program; `reference`: the same in torch, tensors in and out, in the order of inputs and outputs.
        half: whether an operation computes in half precision; None: it is written so already.
        image: its first input is a picture of 8 bits a channel.
        example: golden inputs drawn from a seed, by name; pictures that it lacks are taken from photos.
        tolerance: how far outputs may be from golden values besides what the package's own weights cost, as a share of
            the largest golden value.
        block, kinds: of the weights that are stored in few bits: inputs that share a scale, and whose weights they are.
        render: what latents that come out make of some colours; `span`: the range of each.
        facts: further keys of bundle.json.
        joined: the package of which it becomes a function, by what its own name says after that package's.
    """

    name: str
    write: Callable[[], Any]
    reference: Callable[..., Any]
    inputs: Mapping[str, Feature]
    outputs: Mapping[str, Feature]
    half: Callable[[Any], bool] | None
    about: str
    units: Units = "all"
    image: bool = False
    example: Callable[[np.random.Generator], Mapping[str, Array]] = lambda generator: {}
    tolerance: float = 0.01
    block: int = BLOCK
    kinds: tuple[str, ...] = ("conv", "linear")
    render: Callable[[Tensor], Tensor] | None = None
    span: Callable[[Array], Array] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    joined: Joined | None = None


def network_recipe(
    name: str,
    network: nn.Module,
    inputs: Mapping[str, Feature],
    outputs: Mapping[str, Feature],
    *,
    by_value: bool = False,
    **more: Any,
) -> PackageRecipe:
    """The recipe of a torch module; see `PackageRecipe`."""
    shapes = {key: feature.shape for key, feature in inputs.items()}
    network.eval()
    write = partial(program, network, shapes, list(outputs), by_value=by_value)
    return PackageRecipe(name, write, network, inputs, outputs, **more)
