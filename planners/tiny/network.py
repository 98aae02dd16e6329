"""The network of `tiny`: statistics, a small CNN and the wish of a style prompt in, raw latents out.

Nothing is normalised before it is pooled: a normalised feature map has forgotten how bright and how coloured the photo
is. The head starts at zero, so that training starts at the identity (for a prompt: at what the lexicon says). A gate
scales all of a photo's repair: whether it needs work is easier to learn than how much of what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from .statistics import SIZE


@dataclass(frozen=True)
class Shape:
    """How large the network is and what it sees.

    Attributes:
        outputs: raw numbers that it emits; `wishes`: numbers of a style prompt.
        channels: of the CNN's layers, each of half the resolution of the one before; none switches the CNN off.
        hidden: width of the layers behind it; `dropout` on them while training.
        statistics: whether it is given them.
    """

    outputs: int
    wishes: int
    channels: tuple[int, ...] = (24, 48, 96, 128)
    hidden: int = 192
    dropout: float = 0.1
    statistics: bool = True

    def document(self) -> dict[str, Any]:
        """As a JSON object."""
        return {**asdict(self), "channels": list(self.channels)}

    @classmethod
    def of(cls, document: dict[str, Any]) -> Shape:
        """The inverse of `document`."""
        return cls(**{**document, "channels": tuple(document["channels"])})


class TinyNetwork(nn.Module):
    """Statistics (B, SIZE), a picture (B, 3, 64, 64) in [0,
    1] and wishes (B, shape.wishes) -> raw latents (B, shape.outputs).
    """

    centre: Tensor
    scale: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.register_buffer("centre", torch.zeros(SIZE))
        self.register_buffer("scale", torch.ones(SIZE))
        layers: list[nn.Module] = []
        for before, after in zip((3, *shape.channels), shape.channels, strict=False):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.GELU()]
        self.cnn = nn.Sequential(*layers)
        seen = 2 * shape.channels[-1] if shape.channels else 0
        features = seen + (SIZE if shape.statistics else 0) + shape.wishes
        self.body = nn.Sequential(
            nn.Linear(features, shape.hidden),
            nn.GELU(),
            nn.Dropout(shape.dropout),
            nn.Linear(shape.hidden, shape.hidden),
            nn.GELU(),
            nn.Dropout(shape.dropout),
        )
        self.head = nn.Linear(shape.hidden, shape.outputs)
        self.gate = nn.Linear(shape.hidden, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        nn.init.zeros_(self.gate.weight)
        nn.init.constant_(self.gate.bias, 1.0)

    def fit_scale(self, statistics: Tensor) -> None:
        """Take mean and spread of the statistics (N, SIZE) of the training examples."""
        self.centre.copy_(statistics.mean(dim=0))
        self.scale.copy_(statistics.std(dim=0).clamp(min=1e-3))

    def forward(self, statistics: Tensor, picture: Tensor, wishes: Tensor) -> Tensor:
        """Raw latents; 0 is the identity."""
        features: Sequence[Tensor] = [wishes]
        if self.shape.statistics:
            features = [*features, ((statistics - self.centre) / self.scale).clamp(-4, 4)]
        if self.shape.channels:
            found = self.cnn((picture - 0.45) * 4)
            features = [*features, found.mean(dim=(2, 3)), found.amax(dim=(2, 3))]
        body = self.body(torch.cat(list(features), dim=1))
        raw: Tensor = torch.sigmoid(self.gate(body)) * self.head(body)
        return raw
