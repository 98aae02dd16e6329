"""Weights in blocks of 32 with a scale each, as ONNX Runtime's MatMulNBits takes them.

A block's largest value, with its sign, becomes the lowest code, so that all codes are used: q = round(w / s) + 2^(bits
- 1), s = -max / 2^(bits - 1). Layout: (outputs, blocks, bytes); of two 4-bit codes in a byte the first stands in the
low half.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

BLOCK: Final = 32


def quantise(weight: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """Codes (outputs, blocks, 32 bits / 8) uint8 and scales (outputs, blocks) float32 of a weight (outputs, inputs)."""
    half = 2 ** (bits - 1)
    outputs, inputs = weight.shape
    padded = torch.nn.functional.pad(weight.float(), (0, -inputs % BLOCK))
    blocks = padded.reshape(outputs, -1, BLOCK)
    largest = blocks.gather(2, blocks.abs().argmax(dim=2, keepdim=True))
    scale = -largest / half
    # A block of zeros has no scale: any will do.
    codes = (blocks / torch.where(scale == 0, 1.0, scale)).round().add(half).clamp(0, 2 * half - 1).to(torch.uint8)
    if bits == 4:
        codes = codes[..., 0::2] | (codes[..., 1::2] << 4)
    return codes.contiguous(), scale.squeeze(2).contiguous()


def restored(codes: Tensor, scales: Tensor, bits: int, inputs: int) -> Tensor:
    """The weight (outputs, inputs) that codes and scales stand for."""
    if bits == 4:
        codes = torch.stack([codes & 15, codes >> 4], dim=-1).flatten(2)
    whole: Tensor = (codes.float() - 2 ** (bits - 1)) * scales.unsqueeze(2)
    return whole.flatten(1)[:, :inputs]
