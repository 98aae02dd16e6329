"""What the training loop trains of `tiny`: from examples to rendered pixels and their loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import torch
from torch import Tensor, nn

from ...core.color.oklab import oklab
from ...core.contract.schema import Schema
from ...core.render.renderer import Renderer
from ..tiny.latents import REPAIRS, assemble, repair_size
from ..tiny.network import EDITS, Shape, TinyNetwork
from .tiny_examples import Examples

# Of OkLab's a and b against L: so weighted, distances of ordinary colours follow CIEDE2000.
_COLOUR: Final = 1.9


@dataclass
class TinyTask:
    """A network and its examples; see `training.loop.Task`.

    Each member learns from examples of its own: a batch is dealt out among them. What an edit makes of a photo is
    measured by the mean distance of its pixels, not by its square: so that an edit is worth making where it more
    likely helps than harms, and is left out else.

    Attributes:
        effort: weighs the size of the edit; held: how much more sky and skin count than other pixels.
        left: how much more photos count that are to be left alone; faithful: the share of that edit in the loss.
    """

    network: TinyNetwork
    examples: Examples
    schema: Schema
    repairs: Sequence[str] = REPAIRS
    effort: float = 0.2
    held: float = 1.0
    left: float = 3.2
    faithful: float = 0.5
    renderer: Renderer = field(default_factory=Renderer)

    @classmethod
    def fresh(cls, examples: Examples, schema: Schema, *, seed: int = 0, shape: Shape | None = None) -> TinyTask:
        """An untrained network that fits the examples."""
        torch.manual_seed(seed)
        network = TinyNetwork(shape or Shape(repair_size(schema, REPAIRS)))
        network.fit_scale(examples.features)
        return cls(network, examples, schema)

    @property
    def size(self) -> int:
        """The number of examples."""
        return len(self.examples)

    def losses(self, network: nn.Module, rows: Tensor) -> Tensor:
        """Render the members' latents and compare."""
        device = next(network.parameters()).device
        some = self.examples.rows(rows, device)
        members = len(self.network.members)
        dealt = torch.arange(len(rows), device=device) % members
        raw = network(some.features, votes=True)[dealt, torch.arange(len(rows), device=device)].float()
        # A quarter of the pixels at a time, another one at each step.
        top, left = torch.randint(2, (2,)).tolist()
        before, natural, faithful = (
            part[:, :, top::2, left::2].float() / 255 for part in (some.before, some.natural, some.faithful)
        )
        weights = 1 + self.held * some.held[:, top::2, left::2].float() / 255
        far = [
            self._far(before, raw[:, EDITS.index(edit)], wanted, weights)
            for edit, wanted in (("faithful", faithful), ("natural", natural))
        ]
        return torch.where(some.left, self.left, 1.0) * (self.faithful * far[0] + far[1] * some.known)

    def _far(self, before: Tensor, raw: Tensor, wanted: Tensor, weights: Tensor) -> Tensor:
        """Of each row, the mean distance of pixels from the wanted ones in units like CIEDE2000's, and the effort."""
        latents = assemble(self.schema, self.repairs, raw, raw.new_zeros(len(raw), self.schema.size))
        made = self.renderer(before, latents, clamp=False)
        L, a, b = (one - other for one, other in zip(oklab(made), oklab(wanted), strict=True))
        apart = 100 * (L.square() + _COLOUR**2 * (a.square() + b.square()) + 1e-5).sqrt()[:, 0]
        mean = (apart * weights).flatten(1).sum(dim=1) / weights.flatten(1).sum(dim=1)
        return mean + self.effort * raw.abs().mean(dim=1)
