"""The network of `tiny`: measurements of a photo in, raw latents of two edits out, by the vote of several members.

Each member is a small network of its own, started and fed differently. A gate of each edit scales all of it: whether a
photo needs work is easier to learn than how much of what. Heads start at zero, so that training starts at the identity.
What is applied is, number by number, the least that all members agree on, and nothing where they disagree about the
direction: the median of their votes and of as many, less one, for leaving the photo alone. The median of votes is the
edit of least expected absolute error where each is as likely (Bickel and Doksum 2015, "Mathematical Statistics",
section 1.4), and most photos that one meets are good ones.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn

from .regions import REGIONS
from .statistics import SIZE

FEATURES: Final = SIZE + REGIONS
EDITS: Final = ("faithful", "natural")


@dataclass(frozen=True)
class Shape:
    """How large the network is.

    Attributes:
        outputs: raw numbers of each edit; `members`: that vote.
        hidden: width of a member's two layers; `dropout` on them while training.
    """

    outputs: int
    members: int = 3
    hidden: int = 256
    dropout: float = 0.25

    def document(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)

    @classmethod
    def of(cls, document: dict[str, Any]) -> Shape:
        """The inverse of `document`."""
        return cls(**document)


class Member(nn.Module):
    """Measurements (B, FEATURES), scaled, -> raw latents (B, 2, outputs) of EDITS."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.outputs = shape.outputs
        self.body = nn.Sequential(
            nn.Linear(FEATURES, shape.hidden),
            nn.GELU(),
            nn.Dropout(shape.dropout),
            nn.Linear(shape.hidden, shape.hidden),
            nn.GELU(),
            nn.Dropout(shape.dropout),
        )
        self.head = nn.Linear(shape.hidden, len(EDITS) * shape.outputs)
        self.gate = nn.Linear(shape.hidden, len(EDITS))
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        nn.init.zeros_(self.gate.weight)
        nn.init.constant_(self.gate.bias, 1.0)

    def forward(self, scaled: Tensor) -> Tensor:
        body = self.body(scaled)
        edits: Tensor = self.head(body).reshape(-1, len(EDITS), self.outputs)
        return edits * torch.sigmoid(self.gate(body)).unsqueeze(2)


class TinyNetwork(nn.Module):
    """Measurements (B, FEATURES) -> raw latents (B, 2, shape.outputs) of EDITS; 0 is the identity."""

    centre: Tensor
    scale: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.register_buffer("centre", torch.zeros(FEATURES))
        self.register_buffer("scale", torch.ones(FEATURES))
        self.members = nn.ModuleList(Member(shape) for _ in range(shape.members))

    def fit_scale(self, features: Tensor) -> None:
        """Take mean and spread of the measurements (N, FEATURES) of the training examples."""
        self.centre.copy_(features.mean(dim=0))
        self.scale.copy_(features.std(dim=0).clamp(min=1e-3))

    def scaled(self, features: Tensor) -> Tensor:
        """Measurements as members see them: by their spread in training, none further than 4 of it."""
        return ((features - self.centre) / self.scale).clamp(-4, 4)

    def forward(self, features: Tensor, *, votes: bool = False) -> Tensor:
        """What all members agree on, or with `votes` what each says: (members, B, 2, outputs)."""
        scaled = self.scaled(features)
        said = torch.stack([member(scaled) for member in self.members])
        return said if votes else said.amin(dim=0).clamp(min=0) + said.amax(dim=0).clamp(max=0)
