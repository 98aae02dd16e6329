"""A stand-in for the published renderer's network, of its size and form, trained for a moment to a strong smooth look."""

from __future__ import annotations

import torch
from scenes import ten_ops
from torch import Tensor, nn

from veraretouch import Latents, Op, Params, Renderer, Schema, Slot, Stage

WIDTHS = (128, 256, 512)


class Network(nn.Module):
    """3 -> 128 -> 256 -> 512 -> 3: relu, normalised, a projection of the latent added; sigmoid at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip((3, *WIDTHS), WIDTHS, strict=False))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for width in WIDTHS)
        self.latent = nn.ParameterList(nn.Parameter(torch.zeros(width)) for width in WIDTHS)
        self.last = nn.Linear(WIDTHS[-1], 3)

    def forward(self, x: Tensor) -> Tensor:
        for layer, norm, latent in zip(self.layers, self.norms, self.latent, strict=True):
            x = norm(torch.relu(layer(x))) + latent
        return torch.sigmoid(self.last(x))


class StandIn(Op):
    """The picture of a small network, pixel by pixel."""

    id = "bench.network"
    version = 1
    stage = Stage.NEURAL
    pointwise = True
    amount = Slot(0.0, low=0.0, high=1.0, group="global_color", doc="Blend with the photo.")
    network = Network()

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        colours = rgb.flatten(2).transpose(1, 2)
        done = self.network(2 * colours - 1).transpose(1, 2).reshape(rgb.shape)
        return rgb + p.amount * (done - rgb)

    @classmethod
    def trained(cls, steps: int = 400) -> tuple[Renderer, Latents]:
        """A renderer and latents, after some steps towards the look of `ten_ops`."""
        torch.manual_seed(0)
        teacher, wanted = Renderer(), ten_ops()
        optimiser = torch.optim.Adam(cls.network.parameters(), lr=2e-3)
        for _ in range(steps):
            colours = torch.rand(1, 3, 1, 2048)
            loss = (cls.network(2 * colours[0, :, 0].T - 1).T - teacher.apply(colours, wanted)[0, :, 0]).abs().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        cls.network.requires_grad_(False)
        return Renderer([cls]), Latents(Schema.of([cls]), {cls.id: {"amount": torch.ones(1)}})
