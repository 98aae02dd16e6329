"""Ops of a stranger that keep the contract; broken ones differ from them in one way."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from veraretouch.core.contract.op import Op, Params, Stage
from veraretouch.core.contract.slot_kinds import Embedding
from veraretouch.core.contract.slots import Slot


def amount(**declaration: Any) -> Slot:
    return Slot(**{"group": "lighting", "doc": "How much of it."} | declaration)


def blur(rgb: Tensor, radius: int) -> Tensor:
    framed, side = pad(rgb, (radius,) * 4, mode="replicate"), 2 * radius + 1
    return avg_pool2d(avg_pool2d(framed, (1, side), stride=1), (side, 1), stride=1)


class FadedBlacks(Op):
    """Lift the black point, as an aged print does."""

    id = "acme.faded_blacks"
    version = 1
    stage = Stage.TONE
    pointwise = True
    amount = amount(low=0.0)

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 0.25 * p.amount * (1 - rgb).clamp(min=0) ** 4


class Vignette(FadedBlacks):
    """Darken the corners of the photo."""

    id = "acme.vignette"
    pointwise = False

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        y = (p.frame.top + torch.arange(rgb.shape[2], dtype=rgb.dtype, device=rgb.device)).reshape(
            -1, 1
        ) / p.frame.height - 0.5
        x = (p.frame.left + torch.arange(rgb.shape[3], dtype=rgb.dtype, device=rgb.device)).reshape(
            1, -1
        ) / p.frame.width - 0.5
        return rgb * (1 - 0.5 * p.amount * (x * x + y * y))

    def halo(self, p: Params, size: tuple[int, int]) -> int | None:
        return 0


class Sharpen(FadedBlacks):
    """Sharpen by a box of seven pixels."""

    id = "acme.sharpen"
    pointwise = False

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + p.amount * (rgb - blur(rgb, 3))

    def halo(self, p: Params, size: tuple[int, int]) -> int | None:
        return 3


class Learned(Op):
    """Tint by a learned vector, which has no identity."""

    id = "acme.learned"
    version = 1
    stage = Stage.NEURAL
    pointwise = True
    code = Embedding(6, group="global_color", doc="A learned vector.")

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb * torch.sigmoid(p.code[:, :3]) + 0.1 * torch.tanh(p.code[:, 3:])


class LocalContrast(Sharpen):
    """Strengthen contrast around each pixel, within a share of the long side."""

    id = "acme.local_contrast"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + p.amount * (rgb - blur(rgb, self.halo(p, (p.frame.height, p.frame.width))))

    def halo(self, p: Params, size: tuple[int, int]) -> int:
        return max(1, round(0.03 * max(size)))


class Tint(FadedBlacks):
    """Tint shadows by a hue."""

    id = "acme.tint"
    hue = amount(identity=0.0, low=0.0, high=360.0, period=360.0, unit="degree", group="global_color")

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        angles = torch.deg2rad(p.hue + torch.tensor([0.0, 120.0, 240.0], device=rgb.device).reshape(1, 3, 1, 1))
        return rgb + 0.1 * p.amount * angles.cos().to(rgb.dtype) * (1 - rgb).clamp(min=0) ** 4


class TwoGroups(FadedBlacks):
    """Lift blacks and fade colours, each in its own group."""

    id = "acme.two_groups"
    fade = amount(group="global_color")

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        faded = rgb + 0.5 * p.fade * (rgb - rgb.mean(dim=1, keepdim=True))
        return super().apply(faded, p)
