"""Training the reference encoder and the renderer together: the published pre-training, by pairs of pictures and random masks of groups.

Xie et al. (2026), arXiv 2604.27375. What a masked group would have done is left out of the wanted picture, so that each group learns its own.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from ...core.latents import Latents
from ...core.renderer import Renderer
from ...core.schema import Schema
from ...core.slots import GROUPS
from ...ops.neural import Neural, RetouchNetwork
from ..training.losses import pixel_loss
from ..training.pairs import Batch, Masks, Pairs
from .encoder import ReferenceEncoder

# Every other pair has all groups on; the rest any of the seven masks that leave something.
_MASKS: Final = tuple(frozenset(group for i, group in enumerate(GROUPS) if bits >> i & 1) for bits in range(1, 8))


class PairChain(nn.Module):
    """Encoder and renderer as one module: a pair of pictures to a latent, masked, to pixels."""

    def __init__(self, encoder: ReferenceEncoder, renderer: RetouchNetwork) -> None:
        super().__init__()
        self.encoder, self.renderer = encoder, renderer
        self.schema = Schema.of([Neural])

    def forward(self, batch: Batch) -> Tensor:
        """The thinned `before` as the groups that are on retouch it, not clamped; pixels are rendered in float32."""
        latent = self.encoder(2 * batch.before - 1, 2 * batch.after - 1)
        return self.render(batch.rgb, latent, batch.masks)

    def render(self, rgb: Tensor, latent: Tensor, masks: Masks) -> Tensor:
        """Pixels (B, 3, H, W) by latents (B, 3 * 896): what a masked group's latent holds does not count."""
        with torch.autocast(rgb.device.type, enabled=False):
            latents = Latents.unpack(self.schema, latent.float()).masked(masks)
            return Renderer([Neural(self.renderer)]).apply(rgb, latents, clamp=False)


class PairTask:
    """Networks and pairs; see `training.loop.Task`. The loss is that of `training.losses`, whose logarithm minds weak edits as strong ones."""

    def __init__(self, pairs: Pairs, *, seed: int = 0) -> None:
        torch.manual_seed(seed)
        self.pairs = pairs
        self.network = PairChain(ReferenceEncoder(), RetouchNetwork())

    @property
    def size(self) -> int:
        """The number of pairs."""
        return len(self.pairs)

    def losses(self, network: nn.Module, rows: Tensor) -> Tensor:
        """Encode the pairs, mask groups at random, render, and compare."""
        batch = self.pairs.batch(rows, draw_masks(len(rows)), next(network.parameters()).device)
        return pixel_loss(network(batch), batch.wanted)


def draw_masks(count: int) -> list[frozenset[str]]:
    """The groups that are on, drawn by torch's own generator, which the training loop sets by seed and step."""
    whole, others = torch.rand(count) < 0.5, torch.randint(len(_MASKS), (count,))
    return [
        _MASKS[-1] if all_on else _MASKS[other] for all_on, other in zip(whole.tolist(), others.tolist(), strict=True)
    ]
