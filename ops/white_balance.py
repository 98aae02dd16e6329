"""White balance: von Kries adaptation in Bradford space between whites along the Planckian locus.

Locus: Kim et al. (2002), a cubic spline in 1/T, continued past 25,000 K towards infinite temperature. Tint: along the
normal of the locus in CIE 1960 uv, 1/3000 a DNG tint unit (DNG SDK, dng_temperature). Adaptation: Bradford (Lam 1985;
ICC.1 annex E).
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from ..core.color.cielab import TO_XYZ
from ..core.color.planes import join, mix, planes_of
from ..core.color.srgb import LUMINANCE
from ..core.contract.op import Op, Params, Stage
from ..core.contract.slots import Slot

REFERENCE_MIRED: Final = 1e6 / 6500
MIREDS_PER_UNIT: Final = 150.0
TINT_PER_UNIT: Final = 100.0 / 3000.0

_BRADFORD: Final = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))


class WhiteBalance(Op):
    """Make a photo warmer or cooler, greener or more magenta, as if lit by another white."""

    id = "white_balance"
    version = 1
    stage = Stage.WHITE_BALANCE
    pointwise = True
    linear = True
    temperature = Slot(
        low=-1.0,
        high=1.0,
        unit="150 mired",
        group="global_color",
        doc="Colour temperature relative to the photo as it is: positive is warmer (yellow), negative cooler (blue).",
    )
    tint = Slot(
        low=-1.0, high=1.0, unit="100 DNG tint units", group="global_color", doc="Positive is magenta, negative green."
    )

    def prepare(self, p: Params) -> dict[str, Tensor]:
        """The matrix on linear light."""
        return {"matrix": adaptation(p.temperature.flatten(), p.tint.flatten()).to(p.tint.dtype)}

    def apply(self, light: Tensor, p: Params) -> Tensor:
        """Adapt linear light; the luminance of white is kept."""
        return join(mix(planes_of(light), p.matrix))


def planckian_xy(mired: Tensor) -> Tensor:
    """CIE 1931 xy (B, 2) of the Planckian locus at the given mireds (B,), from 0 (infinite temperature) to 600."""
    u = mired / 1000  # 1000 K / T
    warm = -0.2661239 * u**3 - 0.2343589 * u**2 + 0.8776956 * u + 0.179910
    cool = -3.0258469 * u**3 + 2.1070379 * u**2 + 0.2226347 * u + 0.240390
    x = torch.where(mired >= 250, warm, cool)
    y_2222 = -1.1063814 * x**3 - 1.34811020 * x**2 + 2.18555832 * x - 0.20219683
    y_4000 = -0.9549476 * x**3 - 1.37418593 * x**2 + 2.09137015 * x - 0.16748867
    y_high = 3.0817580 * x**3 - 5.87338670 * x**2 + 3.75112997 * x - 0.37001483
    y = torch.where(mired >= 450, y_2222, torch.where(mired >= 250, y_4000, y_high))
    return torch.stack([x, y], dim=-1)


def to_uv(xy: Tensor) -> Tensor:
    """CIE 1960 uv (..., 2) of CIE 1931 xy."""
    x, y = xy.unbind(-1)
    scale = -2 * x + 12 * y + 3
    return torch.stack([4 * x / scale, 6 * y / scale], dim=-1)


def to_xyz(uv: Tensor) -> Tensor:
    """XYZ with Y = 1 of CIE 1960 uv."""
    u, v = uv.unbind(-1)
    x, y = 3 * u / (2 * u - 8 * v + 4), 2 * v / (2 * u - 8 * v + 4)
    return torch.stack([x / y, torch.ones_like(x), (1 - x - y) / y], dim=-1)


def white(temperature: Tensor, tint: Tensor) -> Tensor:
    """XYZ (B, 3), Y = 1, of the white that a neutral takes at relative temperature and tint (B,)."""
    mired = REFERENCE_MIRED + MIREDS_PER_UNIT * temperature
    uv = to_uv(planckian_xy(mired))
    step = 1.0
    along = to_uv(planckian_xy(mired + step)) - to_uv(planckian_xy(mired - step))
    along = along / along.norm(dim=-1, keepdim=True)
    # The locus runs towards larger u as it warms; below it (smaller v) lies magenta.
    below = torch.stack([along[..., 1], -along[..., 0]], dim=-1)
    return to_xyz(uv + TINT_PER_UNIT * tint.unsqueeze(-1) * below)


def adaptation(temperature: Tensor, tint: Tensor) -> Tensor:
    """The (B, 3, 3) matrix on linear sRGB that takes the reference white to `white(temperature, tint)`."""
    temperature, tint = temperature.double(), tint.double()
    return adapt(white(torch.zeros_like(temperature), torch.zeros_like(tint)), white(temperature, tint))


def adapt(before: Tensor, after: Tensor) -> Tensor:
    """The (B, 3, 3) matrix on linear sRGB, float64, that takes a white to another, each XYZ (B, 3);
    the luminance of white is kept.
    """
    bradford = before.new_tensor(_BRADFORD)
    to_cone = bradford @ before.new_tensor(TO_XYZ)
    gains = (after @ bradford.T) / (before @ bradford.T)
    matrix = torch.linalg.inv(to_cone) @ torch.diag_embed(gains) @ to_cone
    brightness = (matrix.sum(dim=-1) * before.new_tensor(LUMINANCE)).sum(dim=-1)
    kept: Tensor = matrix / brightness[:, None, None]
    return kept
