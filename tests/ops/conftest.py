"""What the ops' tests share: a way to run one op, and colours to run it on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from colours import all_over
from PIL import Image
from torch import Tensor
from torch.nn.functional import avg_pool2d

from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.color.oklab import chroma, hue, oklab
from veraretouch.core.contract.latents import Latents
from veraretouch.core.contract.schema import Schema
from veraretouch.core.plugins.registry import registry
from veraretouch.core.render.renderer import Renderer
from veraretouch.core.testing.inputs.pixels import wheel

SAMPLES = Path(__file__).parents[2] / "docs" / "samples"


@pytest.fixture
def apply() -> Callable[..., Tensor]:
    """Run one installed op on (B, 3, H, W) or on colours (3, N), unclamped, in the input's precision."""

    def run(op: str, rgb: Tensor, *, points: int | None = None, **slots: Any) -> Tensor:
        cls = registry.ops.load(op)
        schema = Schema.of([cls], lattice=points)
        values = {
            name: torch.as_tensor(value, dtype=rgb.dtype).expand(schema.spec(op).slots[name].shape)[None]
            for name, value in slots.items()
        }
        # Pixels that ask for a gradient keep float64 and ops at identity in the renderer.
        photo = (rgb.reshape(1, 3, 1, -1) if rgb.ndim == 2 else rgb).clone().requires_grad_()
        return Renderer([cls])(photo, Latents(schema, {op: values}), clamp=False).detach().reshape(rgb.shape)

    return run


@pytest.fixture
def ramp() -> Tensor:
    """Greys (3, 1025) from black to white, in float64."""
    return torch.linspace(0, 1, 1025, dtype=torch.float64).expand(3, -1).clone()


@pytest.fixture
def cube() -> Tensor:
    """Colours (3, 17^3) all over [0, 1]^3, in float64."""
    return all_over()


@pytest.fixture
def wheels() -> Tensor:
    """Colours (3, N) of hue wheels from pale to pure, dark to light, in float64."""
    pairs = [(s, v) for s in (0.2, 0.4, 0.7, 1.0) for v in (0.3, 0.6, 0.9)]
    return torch.cat([wheel(s, v, 181) for s, v in pairs], dim=1)


@pytest.fixture
def lch() -> Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]:
    """OkLCh of colours (3, N): lightness, chroma, hue in degrees, each (N,)."""

    def measure(rgb: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        lab = oklab(rgb.reshape(1, 3, 1, -1))
        return lab.L.flatten(), chroma(lab).flatten(), hue(lab).flatten()

    return measure


@pytest.fixture
def turn(lch: Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]) -> Callable[[Tensor, Tensor], Tensor]:
    """Degrees (N,) by which hue moved between two sets of colours (3, N)."""

    def measure(before: Tensor, after: Tensor) -> Tensor:
        return (torch.remainder(lch(after)[2] - lch(before)[2] + 180, 360) - 180).abs()

    return measure


@pytest.fixture
def preview_error(apply: Callable[..., Tensor]) -> Callable[..., float]:
    """Mean CIEDE2000 between an op on a photo a quarter as large, and its full render made as small."""

    def measure(op: str, *, photo: str = "portrait", **slots: Any) -> float:
        pixels = np.asarray(Image.open(SAMPLES / f"{photo}.jpg").convert("RGB")).copy()
        full = torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255
        full = full[:, :, : full.shape[2] // 4 * 4, : full.shape[3] // 4 * 4]
        shown, preview = avg_pool2d(apply(op, full, **slots), 4), apply(op, avg_pool2d(full, 4), **slots)
        return float(ciede2000(*(each.permute(0, 2, 3, 1).double() for each in (shown, preview))).mean())

    return measure
