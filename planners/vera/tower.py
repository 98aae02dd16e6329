"""The vision tower: FastViTHD of FastVLM (Vasu et al. 2025, arXiv 2412.13303),
which is timm's `fastvit_mci3` in its fused form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor, nn

from .packages import package

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
    """Pictures (B, 3, 1024, 1024) in [0, 1] to tokens (B, 256, 3072)."""

    def __init__(self) -> None:
        super().__init__()
        self.model = package("timm").create_model(
            "fastvit_mci3", pretrained=False, num_classes=0, global_pool="", inference_mode=True
        )

    def forward(self, pictures: Tensor) -> Tensor:
        # On a CPU two pictures side by side took five times as long as one, and channels-last twice as long as planes.
        parts = torch.split(pictures, 1) if pictures.device.type == "cpu" else [pictures]
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
