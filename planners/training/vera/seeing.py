"""The stage `seeing`: tower and projector learn to tell a photo's light and colour, before the language model puts them
in words.

A tower that was trained to name things knows little of light, and a language model whose pictures say nothing learns to
do without them. So the picture's tokens are read here by one linear layer, which is thrown away afterwards: it has to
find in them what `tiny` measures of the photo. Ours, not a published stage.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn

from ....core.errors import InvalidRequest
from ...tiny.statistics import SIZE, statistics
from ...vera.model import VeraModel
from ...vera.planner import Vera
from .examples import Example
from .stages import TrainingStage, freeze

# Numbers that are further than this many deviations from the mean count as that far.
_FURTHEST: Final = 4.0


class Seeing(nn.Module):
    """Pictures (B, 3, side, side) in [0, 1] to what is measured of them (B, SIZE), each number scaled to deviations, by
    the mean of the tokens that the language model would be shown.
    """

    def __init__(self, model: VeraModel) -> None:
        super().__init__()
        self.model = model
        self.reader = nn.Linear(model.config.hidden_size, SIZE)

    def forward(self, pictures: Tensor) -> Tensor:
        """The numbers (B, SIZE)."""
        told: Tensor = self.reader(self.model.see(pictures).mean(dim=1))
        return told


class SeeingTask:
    """Photos, and how far what is read of their tokens is from what is measured: mean squares of deviations, so that 1
    is no better than the mean of all photos. See `training.loop.TrainingTask`.

    Args:
        planner: whose tower and projector are trained, in place.

    Raises:
        InvalidRequest: no example shows a photo.
    """

    def __init__(self, planner: Vera, examples: Sequence[Example]) -> None:
        self.examples = [one for one in examples if one.prompt.after is not None]
        if not self.examples:
            raise InvalidRequest("no example shows a photo", cure="Build data of the modes auto or style.")
        self.network = Seeing(planner.model)
        self._side = planner.model.config.picture_side
        measured = torch.cat([statistics(one.before.unsqueeze(0) / 255) for one in self.examples])
        scaled = (measured - measured.mean(dim=0)) / measured.std(dim=0, correction=0).clamp(min=1e-4)
        self._measured = scaled.clamp(-_FURTHEST, _FURTHEST)
        freeze(self.network, TrainingStage.SEEING)

    @property
    def size(self) -> int:
        """The number of examples."""
        return len(self.examples)

    def losses(self, network: nn.Module, rows: Tensor) -> Tensor:
        """The mean squares (B,)."""
        device = self.network.model.device
        pictures = torch.stack([self.examples[row].picture(self._side) for row in rows.tolist()])
        told: Tensor = network(pictures.to(device))
        far: Tensor = (told.float() - self._measured[rows.cpu()].to(device)).square().mean(dim=1)
        return far
