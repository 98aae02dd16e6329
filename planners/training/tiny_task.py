"""What the training loop trains of `tiny`: from examples to rendered pixels and their loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from ...core.contract.schema import Schema
from ...core.render.renderer import Renderer
from ..tiny.latents import REPAIRS, assemble, repair_size
from ..tiny.network import Shape, TinyNetwork
from .losses import pixel_loss
from .tiny_examples import Examples


@dataclass
class TinyTask:
    """A network and its examples; see `training.loop.Task`. `effort` weighs the size of the edit,
    so that good photos are left alone.
    """

    network: TinyNetwork
    examples: Examples
    schema: Schema
    repairs: Sequence[str] = REPAIRS
    effort: float = 0.02
    renderer: Renderer = field(default_factory=Renderer)

    @classmethod
    def fresh(cls, examples: Examples, schema: Schema, *, seed: int = 0, shape: Shape | None = None) -> TinyTask:
        """An untrained network that fits the examples."""
        torch.manual_seed(seed)
        network = TinyNetwork(shape or Shape(outputs=repair_size(schema, REPAIRS), wishes=schema.size))
        network.fit_scale(examples.statistics)
        return cls(network, examples, schema)

    @property
    def size(self) -> int:
        """The number of examples."""
        return len(self.examples)

    def losses(self, network: nn.Module, rows: Tensor) -> Tensor:
        """Render the network's latents and compare."""
        device = next(network.parameters()).device
        some = self.examples.rows(rows, device)
        raw = network(some.statistics, some.picture.float() / 255, some.wishes).float()
        latents = assemble(self.schema, self.repairs, raw, some.wishes)
        done = self.renderer(some.before.float() / 255, latents, clamp=False)
        loss: Tensor = pixel_loss(done, some.after.float() / 255) + self.effort * raw.abs().mean(dim=1)
        return loss
