"""The published Retouch Renderer: a small network that maps each pixel by itself, steered by three embeddings.

Xie et al. (2026), "VeraRetouch", arXiv 2604.27375: 3 -> 128 -> 256 -> 512 -> 3. Each hidden layer is a linear one,
rectified, normalised, with a projection of the rectified latent added; a sigmoid ends it. Pixels go in as [-1, 1] and
come out in [0, 1].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..core.contract.op import Op, Params, Stage
from ..core.contract.quantisation import dequantised
from ..core.contract.slot_kinds import Embedding
from ..core.errors import InvalidDocument

if TYPE_CHECKING:
    from ..core.contract.op import Weights

WIDTH: Final = 896
WIDTHS: Final = (128, 256, 512)
FILE: Final = "renderer.safetensors"
# A hidden layer of so many pixels, of all photos of a batch together, takes 4 MiB in float32: it stays in the cache.
_PIXELS: Final = 2048


class RetouchNetwork(nn.Module):
    """The network; parameters are named as in the published checkpoints.

    Args:
        width: of one group's embedding; there are three. `widths`: of the hidden layers.
    """

    def __init__(self, width: int = WIDTH, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip((3, *widths), widths, strict=False))
        self.out_layer = nn.Linear(widths[-1], 3)
        self.z_projs = nn.ModuleList(nn.Linear(3 * width, b) for b in widths)
        self.layer_norms = nn.ModuleList(nn.LayerNorm(b) for b in widths)

    @classmethod
    def untrained(cls, seed: int = 0, **sizes: Any) -> RetouchNetwork:
        """Weights drawn from a seed, the same in every process."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return cls(**sizes)

    def conditions(self, latent: Tensor) -> list[Tensor]:
        """What the latent (B, 3 * width) adds after each layer: (B, 1, layer's width)."""
        return [_linear(layer, torch.relu(latent)).unsqueeze(1) for layer in self.z_projs]

    def forward(self, colours: Tensor, conditions: Sequence[Tensor]) -> Tensor:
        """Colours (B, N, 3) in [0, 1] retouched."""
        x = 2 * colours - 1
        for layer, norm, condition in zip(self.layers, self.layer_norms, conditions, strict=True):
            x = _normalised(norm, torch.relu(_linear(layer, x))) + condition
        return torch.sigmoid(_linear(self.out_layer, x).to(colours.dtype))


def _linear(layer: Any, x: Tensor) -> Tensor:
    """A linear layer in the precision of what comes in."""
    return functional.linear(x, layer.weight.to(x.dtype), layer.bias.to(x.dtype))


def _normalised(layer: Any, x: Tensor) -> Tensor:
    return functional.layer_norm(x, x.shape[-1:], layer.weight.to(x.dtype), layer.bias.to(x.dtype), layer.eps)


class Neural(Op):
    """Retouch by the published network, whose three embeddings a planner makes.

    Args:
        network: the trained weights; untrained ones where none are given, to train or to test.
        asset: which bundle they are from; plans record it.
    """

    id = "neural"
    version = 1
    stage = Stage.NEURAL
    pointwise = True
    costly = True
    light = Embedding(WIDTH, group="lighting", doc="What is to be done to the light, as the planner's network says it.")
    global_color = Embedding(WIDTH, group="global_color", doc="The same for the colours of the whole.")
    specific_color = Embedding(WIDTH, group="specific_color", doc="The same for single colours.")

    def __init__(self, network: RetouchNetwork | None = None, *, asset: Mapping[str, str] | None = None) -> None:
        self.network = network or RetouchNetwork.untrained()
        self.asset = asset

    @classmethod
    def from_bundle(cls, bundle: Weights, *, device: Any = None, dtype: Any = None) -> Neural:
        """The op with the weights of a bundle's renderer.safetensors, float32 unless a dtype is given.

        Raises:
            InvalidDocument: its tensors are not this network's.
        """
        tensors = dequantised(bundle.tensors(FILE), path=FILE)
        with torch.device("meta"):
            network = RetouchNetwork()
        wanted = {name: tuple(value.shape) for name, value in network.state_dict().items()}
        given = {name: tuple(value.shape) for name, value in tensors.items()}
        if wanted != given:
            wrong = sorted(name for name in {*wanted, *given} if wanted.get(name) != given.get(name))
            raise InvalidDocument(
                f"{len(wrong)} tensors are not the retouch renderer's: {', '.join(wrong[:5])}",
                path=FILE,
                cure="Convert the weights again.",
            )
        network.load_state_dict(tensors, assign=True)
        network.requires_grad_(False)
        return cls(network.to(device=device, dtype=dtype or torch.float32), asset=bundle.asset)

    def prepare(self, p: Params) -> dict[str, Any]:
        """The projections of the latent: made once a photo."""
        latent = torch.cat([p.light, p.global_color, p.specific_color], dim=1).flatten(1)
        return {"conditions": self.network.conditions(latent.to(self._dtype(latent)))}

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Retouch each pixel by itself."""
        colours = rgb.flatten(2).transpose(1, 2).to(self._dtype(rgb))
        if torch.is_grad_enabled():
            done = self.network(colours, p.conditions)
        else:
            parts = torch.split(colours, max(1, _PIXELS // max(1, len(colours))), dim=1)
            done = torch.cat([self.network(part, p.conditions) for part in parts], dim=1)
        retouched: Tensor = done.transpose(1, 2).reshape(rgb.shape).to(rgb.dtype)
        return retouched

    def _dtype(self, like: Tensor) -> torch.dtype:
        """The weights' own precision, but double where the photo is double."""
        return torch.float64 if like.dtype == torch.float64 else self.network.out_layer.weight.dtype
