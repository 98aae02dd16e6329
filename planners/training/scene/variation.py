"""Pictures as cameras and careless edits make them, so that the network knows a sky by more than its blue: they are
mirrored, turned and cut; exposure, white balance, contrast, saturation and noise vary.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def varied(rgb: Tensor, allowed: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Vary pictures (B, 3, H, W) in [0, 1], and their allowed classes (B, H, W), int64 bits, along with them.

    Both come back with `side` pixels a side.

    Random numbers are torch's own, which the loop seeds for each step. What lies outside a picture allows nothing: 0.
    """
    rgb, moved = _moved(rgb, allowed, side)
    return _lit(rgb), moved


def _moved(rgb: Tensor, allowed: Tensor, side: int) -> tuple[Tensor, Tensor]:
    count = len(rgb)
    width, stretch = _between(rgb, 0.45, 1.05), _between(rgb, 0.85, 1.18)
    mirrored = torch.where(_between(rgb, 0, 1) < 0.5, -1.0, 1.0)
    turn = _normal(rgb, 0.06)
    matrix = torch.zeros(count, 2, 3, device=rgb.device)
    matrix[:, 0, 0], matrix[:, 0, 1] = mirrored * width * stretch, turn
    matrix[:, 1, 0], matrix[:, 1, 1] = -turn, width / stretch
    room = (1 - width).clamp(min=0)
    matrix[:, 0, 2], matrix[:, 1, 2] = room * _between(rgb, -1, 1), room * _between(rgb, -1, 1)
    grid = functional.affine_grid(matrix, [count, 1, side, side], align_corners=False)
    rgb = functional.grid_sample(rgb, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    # Bits up to 2^9 are exact in float32.
    bits = allowed.unsqueeze(1).float()
    moved = functional.grid_sample(bits, grid, mode="nearest", padding_mode="zeros", align_corners=False)
    return rgb, moved[:, 0].round().long()


def _lit(rgb: Tensor) -> Tensor:
    def each(deviation: float) -> Tensor:
        return _normal(rgb, deviation).reshape(-1, 1, 1, 1)

    light = rgb.clamp(min=1e-4) ** 2.2
    cast = torch.cat([each(0.12) for _ in range(3)], dim=1)
    light = light * torch.exp2(each(0.7) - 0.2) * torch.exp(cast)
    rgb = light.clamp(1e-4, 1) ** (1 / 2.2)
    rgb = rgb ** torch.exp(each(0.2))
    rgb = (rgb - 0.45) * torch.exp(each(0.25)) + 0.45 + each(0.03)
    grey = rgb.mean(dim=1, keepdim=True)
    monochrome = (_between(rgb, 0, 1) < 0.04).reshape(-1, 1, 1, 1)
    saturation = torch.where(monochrome, 0.0, torch.exp(each(0.35)))
    rgb = grey + (rgb - grey) * saturation
    return (rgb + each(0.015).abs() * torch.randn_like(rgb)).clamp(0, 1)


def _between(like: Tensor, low: float, high: float) -> Tensor:
    return low + (high - low) * torch.rand(len(like), device=like.device)


def _normal(like: Tensor, deviation: float) -> Tensor:
    return deviation * torch.randn(len(like), device=like.device)
