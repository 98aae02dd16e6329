"""The published reference encoder: a pair of pictures, before and after,
to the latent that leads from one to the other.

Xie et al. (2026), "VeraRetouch", arXiv 2604.27375. The residual network of 18 layers (He et al. 2016, arXiv 1512.03385)
on six channels, with attention as in CBAM (Woo et al. 2018, arXiv 1807.06521). Inferred from the published parameters'
names and shapes and confirmed by golden values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...core.errors import InvalidDocument
from ...ops.neural import WIDTH

FILE: Final = "encoder.safetensors"


class ReferenceEncoder(nn.Module):
    """The network; parameters are named as in the published checkpoint."""

    def __init__(self) -> None:
        super().__init__()
        self.model0 = nn.Sequential(
            nn.Conv2d(6, 64, 7, stride=2, padding=3), _Norm(64), nn.ReLU(), nn.MaxPool2d(3, stride=2, padding=1)
        )
        self.model1 = _block(64, 64)
        self.attn_spatial1 = _SpatialAttention()
        self.model2 = _block(64, 64)
        self.attn_spatial2 = _SpatialAttention()
        self.en1, self.model3 = _shortcut(64, 128), _block(64, 128, stride=2)
        self.attn_mid1 = _MixedAttention(128)
        self.model4 = _block(128, 128)
        self.en2, self.model5 = _shortcut(128, 256), _block(128, 256, stride=2)
        self.attn_mid2 = _MixedAttention(256)
        self.model6 = _block(256, 256)
        self.en3, self.model7 = _shortcut(256, 512), _block(256, 512, stride=2)
        self.attn_deep = _ChannelAttention(512)
        self.model8 = _block(512, 512)
        self.fc = nn.Linear(512, 3 * WIDTH)

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], *, path: str = FILE) -> ReferenceEncoder:
        """The trained network, on the tensors' own memory; without gradients, in evaluation mode.

        Raises:
            InvalidDocument: they are not this network's.
        """
        with torch.device("meta"):
            network = cls()
        wanted = {name: tuple(value.shape) for name, value in network.state_dict().items()}
        given = {name: tuple(value.shape) for name, value in tensors.items() if value.is_floating_point()}
        if wanted != given or len(given) != len(tensors):
            names = sorted({*wanted, *tensors})
            wrong = [name for name in names if name not in given or wanted.get(name) != given[name]]
            raise InvalidDocument(
                f"{len(wrong)} tensors are not the reference encoder's: {', '.join(wrong[:5])}",
                path=path,
                cure="Convert the weights again.",
            )
        network.load_state_dict(tensors, assign=True)
        return network.requires_grad_(False).eval()

    def forward(self, before: Tensor, after: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) in [-1, 1], sRGB-encoded, to latents (B, 3 * 896): light,
        colour of the whole, single colours.
        """
        x = self.model0(torch.cat([before, after], dim=1))
        # Both summands are rectified, so that the sum needs no rectifying.
        x = self.attn_spatial1(x + self.model1(x))
        x = self.attn_spatial2(x + self.model2(x))
        x = self.attn_mid1(self.en1(x) + self.model3(x))
        x = x + self.model4(x)
        x = self.attn_mid2(self.en2(x) + self.model5(x))
        x = x + self.model6(x)
        x = self.attn_deep(self.en3(x) + self.model7(x))
        x = x + self.model8(x)
        latent: Tensor = self.fc(x.mean(dim=(2, 3)))
        return latent


class _Norm(nn.Module):
    """Batch normalisation without torch's count of batches, which is no weight;
    statistics move by a tenth a step of training.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        return functional.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, training=self.training
        )


def _block(channels: int, wider: int, *, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, wider, 3, stride=stride, padding=1),
        _Norm(wider),
        nn.ReLU(),
        nn.Conv2d(wider, wider, 3, padding=1),
        _Norm(wider),
        nn.ReLU(),
    )


def _shortcut(channels: int, wider: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, wider, 1, stride=2), _Norm(wider), nn.ReLU())


class _SpatialAttention(nn.Module):
    """Weigh each place by what is strongest and what is average there."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 1, 7, padding=3)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.conv(_strongest_and_average(x)))


class _MixedAttention(nn.Module):
    """Weigh each channel by its average, then each place."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channel_att = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, channels // 16, 1),
            nn.ReLU(),
            nn.Conv2d(channels // 16, channels, 1),
            nn.Sigmoid(),
        )
        self.spatial_att = nn.Sequential(nn.Conv2d(2, 1, 7, padding=3), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        x = x * self.channel_att(x)
        weighed: Tensor = x * self.spatial_att(_strongest_and_average(x))
        return weighed


class _ChannelAttention(nn.Module):
    """Weigh each channel by its average."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc = nn.Sequential(
            nn.Linear(channels, channels // 16), nn.ReLU(), nn.Linear(channels // 16, channels), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        weighed: Tensor = x * self.fc(x.mean(dim=(2, 3)))[:, :, None, None]
        return weighed


def _strongest_and_average(x: Tensor) -> Tensor:
    """(B, 2, H, W) of (B, C, H, W)."""
    return torch.cat([x.amax(dim=1, keepdim=True), x.mean(dim=1, keepdim=True)], dim=1)
