"""What the training loop trains of the scene network: the share that falls on the classes which a label allows.

A pixel's label says which classes it may be; the loss is minus the logarithm of the share on those (Cour, Sapp and
Taskar 2011, "Learning from partial labels"). So sources that label different classes are learnt from together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...scene.network import CLASSES, GRID, SIDE, SceneNetwork
from .labels import Labelled
from .recipe import SceneRecipe
from .variation import varied

# Rows of the order, for each picture: enough that a rare source's share comes out right.
_ROUNDS: Final = 4
# A picture of which fewer places are labelled weighs less.
_LEAST: Final = 64
_NOT: Final = -1e4


class _FrozenStatistics(SceneNetwork):
    """A network whose batch normalisation keeps its means and spreads while the rest is trained."""

    def train(self, mode: bool = True) -> _FrozenStatistics:
        super().train(mode)
        for layer in self.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.eval()
        return self


@dataclass
class SceneTask:
    """A network and labelled pictures; see `training.loop.TrainingTask`.

    Attributes:
        order: (N,) the pictures of an epoch, in which a source comes as often as `SceneRecipe.balance` says.
    """

    network: SceneNetwork
    items: Sequence[Labelled]
    recipe: SceneRecipe
    order: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.order = order_of([item.source for item in self.items], self.recipe.balance)
        self._emphasis = emphasis_of(self.recipe.emphasis)

    @classmethod
    def of(cls, items: Sequence[Labelled], recipe: SceneRecipe, start: SceneNetwork | None = None) -> SceneTask:
        """A task that starts at some weights, or at random ones."""
        network = _FrozenStatistics() if recipe.frozen_statistics else SceneNetwork()
        if start is not None:
            network.load_state_dict(start.state_dict())
        if recipe.frozen_blocks:
            for part in (network.stem, *network.blocks[: recipe.frozen_blocks]):
                part.requires_grad_(False)
        return cls(network, items, recipe)

    @property
    def size(self) -> int:
        """The number of examples of an epoch."""
        return len(self.order)

    def losses(self, network: nn.Module, rows: Tensor) -> Tensor:
        """Read, vary and judge some pictures."""
        device = next(network.parameters()).device
        items = [self.items[place] for place in self.order[rows.cpu()].tolist()]
        rgb = torch.stack([torch.from_numpy(item.picture().copy()) for item in items]).to(device)
        allowed = torch.stack([torch.from_numpy(item.allowed()) for item in items]).to(device)
        pictures, allowed = varied(rgb.permute(0, 3, 1, 2).float() / 255, allowed.long(), self.recipe.side)
        step = SIDE // GRID
        weights = torch.tensor([self.recipe.weak if item.source.startswith("weak_") else 1.0 for item in items])
        found = partial_loss(network(pictures), allowed[:, ::step, ::step], self._emphasis.to(device))
        return found * weights.to(device)


def order_of(sources: Sequence[str], balance: float) -> Tensor:
    """Places of pictures, several times as many as there are: every picture of a source comes as often as any other of
    it, and a source of n pictures as often as n ** (1 - balance) says.
    """
    by_source: dict[str, list[int]] = {}
    for place, source in enumerate(sources):
        by_source.setdefault(source, []).append(place)
    parts = {source: len(places) ** (1 - balance) for source, places in by_source.items()}
    total = sum(parts.values())
    found: list[int] = []
    for source, places in by_source.items():
        count = max(1, round(_ROUNDS * len(sources) * parts[source] / total))
        found += [places[turn % len(places)] for turn in range(count)]
    return torch.tensor(found)


def emphasis_of(weights: Mapping[str, float]) -> Tensor:
    """The weight of each class, (9,)."""
    return torch.tensor([float(weights.get(name, 1.0)) for name in CLASSES])


def partial_loss(logits: Tensor, allowed: Tensor, emphasis: Tensor) -> Tensor:
    """Each picture's loss (B,): minus the log of the share on the allowed classes, a mean over labelled places.

    Args:
        logits: (B, 9, h, w). allowed: (B, h, w) the classes as bits; 0 where nothing is known.
        emphasis: (9,) weights of classes: a place weighs their mean over the classes that it may be.
    """
    bits = torch.arange(len(CLASSES), device=allowed.device).reshape(1, -1, 1, 1)
    may = (allowed.unsqueeze(1) >> bits) & 1 == 1
    shares = functional.log_softmax(logits.float(), dim=1)
    on = torch.logsumexp(shares.masked_fill(~may, _NOT), dim=1)
    weights = (may * emphasis.reshape(1, -1, 1, 1)).sum(dim=1) / may.sum(dim=1).clamp(min=1)
    return (-on * weights).flatten(1).sum(dim=1) / weights.flatten(1).sum(dim=1).clamp(min=_LEAST)
