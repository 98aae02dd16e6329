"""The vision tower: FastViTHD of FastVLM (Vasu et al. 2025, arXiv 2412.13303),
which is timm's `fastvit_mci3` in its fused form; or another of timm's networks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor, nn

from ...core.errors import InvalidDocument
from .packages import package

NAME: Final = "fastvit_mci3"
SIDE: Final = 1024
TOKENS: Final = 256
WIDTH: Final = 3072
# Of the checkpoint's tower, the projection to CLIP's space is not used.
DROPPED: Final = ("head.proj",)

_RENAMED = (
    (re.compile(r"network\.(\d+)\.proj\.0\.lkb_reparam\."), r"network.\1.proj.0.reparam_conv."),
    (re.compile(r"^network\.6\.reparam_conv\."), "stages.3.pos_emb.reparam_conv."),
    (re.compile(r"^network\.9\.reparam_conv\."), "stages.4.pos_emb.reparam_conv."),
)


class Tower(nn.Module):
    """Pictures (B, 3, side, side) in [0, 1] to tokens (B, places, width); the published one's to (B, 256, 3072).

    Args:
        name: timm's, of a network whose features are a map (B, width, H, W). Its weights are never fetched.

    Raises:
        InvalidDocument: timm has no such network.
    """

    def __init__(self, name: str = NAME) -> None:
        super().__init__()
        timm = package("timm")
        if not timm.is_model(name):
            raise InvalidDocument(
                f"is {name!r}, which timm has not", path="config.tower", cure="See timm.list_models()."
            )
        # Reparametrised networks are kept in their fused form, as the published one.
        fused = {"inference_mode": True} if name.startswith("fastvit") else {}
        self.model = timm.create_model(name, pretrained=False, num_classes=0, global_pool="", **fused)
        self.width: int = self.model.num_features

    def train(self, mode: bool = True) -> Tower:
        """Stays as it is when it is used: its normalisations keep the statistics that they came with."""
        super().train(False)
        return self

    def forward(self, pictures: Tensor) -> Tensor:
        # On a CPU two pictures of 1024 pixels a side took five times as long as one, and channels-last twice as long as
        # planes; small ones are half as fast alone as together.
        together = max(1, SIDE**2 // pictures[0, 0].numel()) if len(pictures) else 1
        parts = torch.split(pictures, together) if pictures.device.type == "cpu" else [pictures]
        features = torch.cat([self.model.forward_features(part) for part in parts])
        return features.flatten(2).transpose(1, 2)


def from_published(tensors: Mapping[str, Tensor], tower: nn.Module) -> dict[str, Tensor]:
    """The tower's state out of a published checkpoint's, names without their prefix."""
    renamed: dict[str, Tensor] = {}
    for name, value in tensors.items():
        if name in DROPPED:
            continue
        for pattern, replacement in _RENAMED:
            name = pattern.sub(replacement, name)
        renamed[name] = value
    found: dict[str, Any] = package("timm").models.fastvit.checkpoint_filter_fn(renamed, tower)
    return found
