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
FAR: Final = 3.0
"""How far a good photo may be moved, at most, before it counts more than a fault that is left."""
_STEP: Final = 4


@dataclass
class TinyTask:
    """A network and its examples; see `training.loop.Task`.

    Each member learns from examples of its own: a batch is dealt out among them. What an edit makes of a photo is
    measured by the mean distance of its pixels, not by its square: so that an edit is worth making where it more
    likely helps than harms, and is left out else. A photo that is to be left alone counts by the square of how far it
    is moved: what is not seen costs next to nothing, what ruins a good photo very much.

    Attributes:
        effort: weighs the size of the edit; held: how much more sky and skin count than other pixels.
        left: how much more a photo that is to be left alone counts where it is moved by FAR; faithful: the share of
            that edit in the loss.
    """

    network: TinyNetwork
    examples: Examples
    schema: Schema
    repairs: Sequence[str] = REPAIRS
    effort: float = 0.2
    held: float = 1.0
    left: float = 2.0
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
        # A sixteenth of the pixels, others at each step.
        top, left = torch.randint(_STEP, (2,)).tolist()
        before, natural, faithful = (
            part[:, :, top::_STEP, left::_STEP].float() / 255 for part in (some.before, some.natural, some.faithful)
        )
        alone = some.left[:, None, None, None]
        wanted = [torch.where(alone, before, part) for part in (faithful, natural)]
        weights = 1 + self.held * some.held[:, top::_STEP, left::_STEP].float() / 255
        # Both edits at once: each costs nearly as much as both.
        edits = torch.cat([raw[:, EDITS.index("faithful")], raw[:, EDITS.index("natural")]])
        far = self._far(before.repeat(2, 1, 1, 1), edits, torch.cat(wanted), weights.repeat(2, 1, 1))
        far = torch.where(some.left.repeat(2), self.left * far.square() / FAR, far)
        of_faithful, of_natural = (far + self.effort * edits.abs().mean(dim=1)).chunk(2)
        return self.faithful * of_faithful + of_natural * some.known

    def _far(self, before: Tensor, raw: Tensor, wanted: Tensor, weights: Tensor) -> Tensor:
        """Of each row, the mean distance of pixels from the wanted ones in units like CIEDE2000's."""
        latents = assemble(self.schema, self.repairs, raw, raw.new_zeros(len(raw), self.schema.size))
        made = self.renderer(before, latents, clamp=False)
        L, a, b = (one - other for one, other in zip(oklab(made), oklab(wanted), strict=True))
        apart = 100 * (L.square() + _COLOUR**2 * (a.square() + b.square()) + 1e-6).sqrt()[:, 0]
        return (apart * weights).flatten(1).sum(dim=1) / weights.flatten(1).sum(dim=1)
