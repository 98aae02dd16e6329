"""Colours to run ops on, and what is asked of tones."""

from __future__ import annotations

import numpy as np
import PyOpenColorIO as ocio
import torch
from torch import Tensor


def by_ocio(transform: ocio.Transform, rgb: Tensor) -> Tensor:
    """What OpenColorIO makes of colours (3, N)."""
    # Without its fast approximation of powers, which errs by 3e-5.
    lossless = ocio.OptimizationFlags.OPTIMIZATION_LOSSLESS
    processor = ocio.Config.CreateRaw().getProcessor(transform).getOptimizedCPUProcessor(lossless)
    packed = np.ascontiguousarray(rgb.T.numpy(), dtype=np.float32)
    processor.applyRGB(packed)
    return torch.from_numpy(packed).T.double()


def band(index: int, amount: float) -> Tensor:
    """Eight bands, one of them at an amount."""
    values = torch.zeros(8, dtype=torch.float64)
    values[index] = amount
    return values


def rises(tones: Tensor, slack: float = 1e-9) -> bool:
    """Whether no tone is darker than the one before it."""
    return bool((tones.diff(dim=-1) >= -slack).all())


def all_over(steps: int = 17) -> Tensor:
    """Colours (3, steps^3) all over [0, 1]^3, in float64."""
    line = torch.linspace(0, 1, steps, dtype=torch.float64)
    return torch.stack(torch.meshgrid(line, line, line, indexing="ij")).reshape(3, -1)
