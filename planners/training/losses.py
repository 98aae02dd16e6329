"""How far rendered pixels lie from the wanted ones, smoothly.

CIEDE2000: Sharma, Wu and Dalal (2005), as in `core.color.ciede2000`, in float32 and with a finite slope everywhere: roots and angles are held off
zero by a thousandth of a unit, and the rotation term, whose seams a descent would feel, is left out.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor

from ...core.color.ciede2000 import TO_XYZ, hue_weight
from ...core.color.oklab import linear, oklab

_POWER: Final = 25.0**7
_SMALL: Final = 1e-3


def pixel_loss(done: Tensor, wanted: Tensor) -> Tensor:
    """Each photo's distance (B,) of encoded pixels (B, 3, H, W): OkLab, CIEDE2000 and the logarithm that PSNR takes, about alike in weight.

    `done` may leave [0, 1]: what is outside is pulled back, where a clamp would have no gradient.
    """
    lab = torch.cat([part - other for part, other in zip(oklab(done), oklab(wanted), strict=True)], dim=1)
    near = lab.abs().sum(dim=1).flatten(1).mean(dim=1)
    held = done.clamp(-0.2, 1.2)
    error = (done - wanted).square().flatten(1).mean(dim=1)
    return 4 * near + 0.03 * smooth_ciede2000(held, wanted).flatten(1).mean(dim=1) + 0.08 * torch.log(error + 2e-4)


def smooth_ciede2000(a: Tensor, b: Tensor) -> Tensor:
    """CIEDE2000 (B, H, W) of encoded pixels (B, 3, H, W) but for its rotation of blues; slope finite, equal colours included."""
    (light1, a1, b1), (light2, a2, b2) = _lab(a), _lab(b)
    mean = (_length(a1, b1) + _length(a2, b2)) / 2
    power = mean.clamp(max=200) ** 7
    stretch = 1.5 - 0.5 * torch.sqrt(power / (power + _POWER) + 1e-12)
    a1, a2 = a1 * stretch, a2 * stretch
    chroma1, chroma2 = _length(a1, b1), _length(a2, b2)
    light, chroma = (light1 + light2) / 2, (chroma1 + chroma2) / 2
    # The hue of the middle colour: a mean of angles would have a seam.
    hue = torch.atan2(b1 + b2, a1 + a2 + _SMALL).detach()
    middle = (light - 50).square()
    by_light = (light2 - light1) / (1 + 0.015 * middle / torch.sqrt(20 + middle))
    by_chroma = (chroma2 - chroma1) / (1 + 0.045 * chroma)
    # (2 sqrt(c1 c2) sin(dh / 2))^2 = |ab1 - ab2|^2 - (c1 - c2)^2, without an angle.
    apart = ((a2 - a1).square() + (b2 - b1).square() - (chroma2 - chroma1).square()).clamp(min=0)
    by_hue = apart / (1 + 0.015 * chroma * hue_weight(hue)).square()
    return torch.sqrt(by_light.square() + by_chroma.square() + by_hue + _SMALL) - math.sqrt(_SMALL)


def _lab(rgb: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """CIE Lab, D65."""
    light = linear(rgb)
    matrix = light.new_tensor(TO_XYZ)
    xyz = torch.einsum("ij,bjhw->bihw", matrix / matrix.sum(dim=1, keepdim=True), light)
    root = torch.where(xyz > (6 / 29) ** 3, xyz.clamp(min=(6 / 29) ** 3) ** (1 / 3), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = root.unbind(1)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _length(a: Tensor, b: Tensor) -> Tensor:
    return torch.sqrt(a.square() + b.square() + _SMALL**2)
