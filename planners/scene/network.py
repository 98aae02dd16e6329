"""The network of the scene: a cut EfficientNet-Lite0 with a light decoder, 192 x 192 pixels in, shares at 96 x 96 out.

Sources: Tan and Le (2019), "EfficientNet", arXiv 1905.11946, in its variant "Lite" (no squeeze-and-excite, ReLU6), of
which the stem and the first eleven blocks are kept. The decoder adds finer features to coarser ones from the top down
(Lin et al. 2017, arXiv 1612.03144), with a global context (Liu et al. 2015, arXiv 1506.04579). Its convolutions are
separable: one of each channel by itself, then one of each pixel by itself.
"""

from __future__ import annotations

import copy
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

SIDE: Final = 192
"""Pixels a side of the picture that the network sees."""
GRID: Final = 96
"""Places a side at which it gives shares."""
CLASSES: Final = ("other", "sky", "foliage", "water", "snow", "ground", "building", "person", "skin")

_MIDDLE: Final = 0.498
_SPREAD: Final = 0.502
_WIDTH: Final = 96
_CEILING: Final = 6.0  # of ReLU6


class Block(NamedTuple):
    """One inverted bottleneck (Sandler et al. 2018, arXiv 1801.04381): channels in and out, growth between them,
    kernel, stride.
    """

    before: int
    after: int
    growth: int
    kernel: int
    stride: int


BLOCKS: Final = (
    Block(32, 16, 1, 3, 1),
    Block(16, 24, 6, 3, 2),
    Block(24, 24, 6, 3, 1),
    Block(24, 40, 6, 5, 2),
    Block(40, 40, 6, 5, 1),
    Block(40, 80, 6, 3, 2),
    Block(80, 80, 6, 3, 1),
    Block(80, 80, 6, 3, 1),
    Block(80, 112, 6, 5, 1),
    Block(112, 112, 6, 5, 1),
    Block(112, 112, 6, 5, 1),
)
# After which blocks features are handed to the decoder: at 96, 48, 24 and 12 pixels a side.
_TAPS: Final = (0, 2, 4, 10)


class SceneNetwork(nn.Module):
    """Encoded sRGB pictures (B, 3, 192, 192) in [0, 1] to logits (B, 9, 96, 96) of the classes in `CLASSES`."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _convolution(3, 32, 3, stride=2)
        self.blocks = nn.ModuleList(_Bottleneck(shape) for shape in BLOCKS)
        top = BLOCKS[_TAPS[-1]].after
        self.deep = _convolution(top + 1, _WIDTH, 1)
        self.around = nn.Linear(top, _WIDTH)
        self.merges = nn.ModuleList((_Merge(40, _WIDTH, _WIDTH), _Merge(24, _WIDTH, 64), _Merge(16, 64, 48)))
        self.head = nn.Conv2d(48, len(CLASSES), 1)

    def forward(self, rgb: Tensor) -> Tensor:
        x = self.stem((rgb - _MIDDLE) / _SPREAD).clamp_(0, _CEILING)
        taps = []
        for place, block in enumerate(self.blocks):
            x = block(x)
            if place in _TAPS:
                taps.append(x)
        height = torch.linspace(-1, 1, x.shape[2], device=x.device, dtype=x.dtype)
        height = height.reshape(1, 1, -1, 1).expand(x.shape[0], 1, -1, x.shape[3])
        around = self.around(x.mean(dim=(2, 3)))[..., None, None]
        x = functional.relu(self.deep(torch.cat([x, height], dim=1)) + around, inplace=True)
        for merge, fine in zip(self.merges, reversed(taps[:-1]), strict=True):
            x = merge(x, fine)
        logits: Tensor = self.head(x)
        return logits


class _Bottleneck(nn.Module):
    def __init__(self, shape: Block) -> None:
        super().__init__()
        inner = shape.before * shape.growth
        self.expand = _convolution(shape.before, inner, 1) if shape.growth > 1 else None
        self.depthwise = _convolution(inner, inner, shape.kernel, stride=shape.stride, groups=inner)
        self.project = _convolution(inner, shape.after, 1)
        self.keeps = shape.stride == 1 and shape.before == shape.after

    def forward(self, x: Tensor) -> Tensor:
        inner = x if self.expand is None else self.expand(x).clamp_(0, _CEILING)
        done: Tensor = self.project(self.depthwise(inner).clamp_(0, _CEILING))
        return x + done if self.keeps else done


class Doubled(nn.Module):
    """Twice as many pixels a side, on straight lines between the given ones."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


class _Merge(nn.Module):
    """Coarse features, doubled in size, and finer ones on top."""

    def __init__(self, fine: int, coarse: int, after: int) -> None:
        super().__init__()
        self.doubled = Doubled()
        self.side = _convolution(fine, coarse, 1)
        self.depthwise = _convolution(coarse, coarse, 3, groups=coarse)
        self.project = _convolution(coarse, after, 1)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        both = functional.relu(self.doubled(coarse) + self.side(fine), inplace=True)
        inner = functional.relu(self.depthwise(both), inplace=True)
        return functional.relu(self.project(inner), inplace=True)


def _convolution(before: int, after: int, kernel: int, *, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(after, eps=1e-3, momentum=0.05),
    )


def folded(network: SceneNetwork) -> SceneNetwork:
    """A copy for inference: each batch normalisation is part of the convolution before it; without gradients."""
    return _fold(copy.deepcopy(network))


def _fold(found: SceneNetwork) -> SceneNetwork:
    found.eval().requires_grad_(False)
    for layer in found.modules():
        if (
            isinstance(layer, nn.Sequential)
            and isinstance(layer[0], nn.Conv2d)
            and isinstance(layer[1], nn.BatchNorm2d)
        ):
            layer[0] = fuse_conv_bn_eval(layer[0], layer[1]).requires_grad_(False)
            layer[1] = nn.Identity()
    return found


class Pointwise(nn.Module):
    """A convolution of one pixel as a product of matrices: pixels in channels-last order (B, C, H, W) are its rows."""

    def __init__(self, layer: nn.Conv2d) -> None:
        super().__init__()
        self.weight = nn.Parameter(layer.weight.detach().flatten(1).contiguous(), requires_grad=False)
        self.bias = layer.bias

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x.permute(0, 2, 3, 1), self.weight, self.bias).permute(0, 3, 1, 2)


def quick(network: SceneNetwork, *, copied: bool = True) -> SceneNetwork:
    """A `folded` copy that takes a third less time on a processor: channels last, convolutions of one pixel as
    `Pointwise`. Where it is not `copied`, the network itself becomes it.
    """
    found = folded(network) if copied else _fold(network)
    for parent in list(found.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1):
                setattr(parent, name, Pointwise(layer))
    return found.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
