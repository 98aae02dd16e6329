"""Training the reference encoder and the renderer together: the published pre-training,
by pairs of pictures and random masks of groups.

Xie et al. (2026), arXiv 2604.27375. What a masked group would have done is left out of the wanted picture,
so that each group learns its own.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from ...core.contract.latents import Latents
from ...core.contract.schema import Schema
from ...core.contract.slots import GROUPS
from ...core.render.renderer import Renderer
from ...ops.neural import WIDTH, Neural, RetouchNetwork
from ..reference.encoder import ReferenceEncoder
from .losses import pixel_loss
from .pairs import Batch, EditedPairs, Masks, PicturePairs

_SCHEMA: Final = Schema.of([Neural])
_SOME: Final = 4096
# Every other pair has all groups on; the rest any of the seven masks that leave something.
_MASKS: Final = tuple(frozenset(group for i, group in enumerate(GROUPS) if bits >> i & 1) for bits in range(1, 8))


class PretrainingChain(nn.Module):
    """The renderer behind one linear layer that encodes edit parameters as latents."""

    def __init__(self, numbers: int) -> None:
        super().__init__()
        self.parameter_encoder = nn.Linear(numbers, 3 * WIDTH)
        self.renderer = Renderer([Neural(RetouchNetwork())])

    def forward(self, parameters: Tensor, batch: Batch) -> Tensor:
        """Edit parameters (B, N) and pairs to the thinned `before` as the groups that are on retouch it,
        not clamped.
        """
        return render(self.renderer, batch.rgb, self.parameter_encoder(parameters), batch.masks)


class PairChain(nn.Module):
    """Encoder and renderer as one module: a pair of pictures to a latent, masked, to pixels."""

    def __init__(self, encoder: ReferenceEncoder, renderer: Renderer) -> None:
        super().__init__()
        self.encoder, self.renderer = encoder, renderer

    @property
    def op(self) -> Neural:
        """The op that renders, with its network."""
        (op,) = self.renderer.ops
        assert isinstance(op, Neural)
        return op

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The thinned `before` as the groups that are on retouch it, not clamped, and the latents (B, 3 * 896)."""
        latent = self.encoder(2 * batch.before - 1, 2 * batch.after - 1)
        return render(self.renderer, batch.rgb, latent, batch.masks), latent


def render(renderer: Renderer, rgb: Tensor, latent: Tensor, masks: Masks) -> Tensor:
    """Pixels (B, 3, H, W) by latents (B, 3 * 896), in float32: what a masked group's latent holds does not count."""
    with torch.autocast(rgb.device.type, enabled=False):
        latents = Latents.unpack(_SCHEMA, latent.float()).masked(masks)
        return renderer(rgb, latents, clamp=False)


class PretrainingTask:
    """Pre-trains the renderer on pairs whose edit parameters are known; see `training.loop.TrainingTask`.

    It learns from many more edits than an encoder could look at in the time, and gives the encoder latents to aim at.
    """

    def __init__(self, pairs: EditedPairs, *, seed: int = 0) -> None:
        torch.manual_seed(seed)
        self.pairs = pairs.thinned()
        self.network = PretrainingChain(pairs.edits.shape[1] + 1)

    @property
    def size(self) -> int:
        """The number of pairs."""
        return len(self.pairs)

    def losses(self, network: nn.Module, rows: Tensor) -> Tensor:
        """Mask groups at random, render, and compare."""
        device = next(network.parameters()).device
        batch = self.pairs.batch(rows, draw_masks(len(rows)), device)
        return pixel_loss(network(self.pairs.edit_parameters(rows).to(device), batch), batch.wanted)

    @torch.no_grad()
    def latents(self, rows: Tensor) -> Tensor:
        """The latents (B, 3 * 896) that encode the edit parameters of pairs (B,)."""
        encoder = self.network.parameter_encoder
        made: Tensor = encoder(self.pairs.edit_parameters(rows).to(encoder.weight.device))
        return made

    def spread(self) -> float:
        """The variance of latents, of some thousands of the pairs: those of all would fill the memory."""
        return float(self.latents(torch.arange(0, len(self.pairs), len(self.pairs) // _SOME + 1)).var())


class PairTask:
    """Networks and pairs; see `training.loop.TrainingTask`. The loss is that of `training.losses`,
    whose logarithm minds weak edits as strong ones.

    Args:
        pretrained: a task that has been trained on the same pairs. Its renderer is where this one's begins, and the
            loss has a second part: how far the encoder's latents are from those of the numbers, in variances.
    """

    def __init__(self, pairs: PicturePairs, *, seed: int = 0, pretrained: PretrainingTask | None = None) -> None:
        torch.manual_seed(seed)
        self.pairs = pairs
        self.network = PairChain(
            ReferenceEncoder(), pretrained.network.renderer if pretrained else Renderer([Neural(RetouchNetwork())])
        )
        # A quarter faster on a CPU, at 32 pixels.
        self.network.encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._pretrained, self._spread = pretrained, pretrained.spread() if pretrained else 1.0

    @property
    def size(self) -> int:
        """The number of pairs."""
        return len(self.pairs)

    def losses(self, network: nn.Module, rows: Tensor) -> Tensor:
        """Encode the pairs, mask groups at random, render, and compare."""
        batch = self.pairs.batch(rows, draw_masks(len(rows)), next(network.parameters()).device)
        done, latent = network(batch)
        loss = pixel_loss(done, batch.wanted)
        if self._pretrained is None:
            return loss
        astray: Tensor = (latent - self._pretrained.latents(rows).to(latent)).square().mean(dim=1) / self._spread
        return loss + astray


def draw_masks(count: int) -> list[frozenset[str]]:
    """The groups that are on, drawn by torch's own generator, which the training loop sets by seed and step."""
    whole, others = torch.rand(count) < 0.5, torch.randint(len(_MASKS), (count,))
    return [
        _MASKS[-1] if all_on else _MASKS[other] for all_on, other in zip(whole.tolist(), others.tolist(), strict=True)
    ]
