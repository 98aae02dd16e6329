"""How far rendered pixels lie from the wanted ones, smoothly."""

from __future__ import annotations

import torch
from torch import Tensor

from ...core.color.ciede2000 import smooth_ciede2000
from ...core.color.oklab import oklab


def pixel_loss(done: Tensor, wanted: Tensor) -> Tensor:
    """Each photo's distance (B,) of encoded pixels (B, 3, H, W): OkLab,
    CIEDE2000 and the logarithm that PSNR takes, about alike in weight.

    `done` may leave [0, 1]: what is outside is pulled back, where a clamp would have no gradient.
    """
    lab = torch.cat([part - other for part, other in zip(oklab(done), oklab(wanted), strict=True)], dim=1)
    near = lab.abs().sum(dim=1).flatten(1).mean(dim=1)
    held = done.clamp(-0.2, 1.2)
    error = (done - wanted).square().flatten(1).mean(dim=1)
    return 4 * near + 0.03 * smooth_ciede2000(held, wanted).flatten(1).mean(dim=1) + 0.08 * torch.log(error + 2e-4)
