"""Haze taken away, or added, by the atmospheric model: I = J t + A (1 - t), on encoded values as in the papers.

He, Sun and Tang (2009), "Single image haze removal using dark channel prior", CVPR, eq. 1. How much light passes, t,
and the airlight, A, are told by a small network, see `ops.dehazing.network`, which sees a thumbnail of the whole photo:
previews agree. The map of haze follows the photo's edges by a guided filter, so that it leaves no halo.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from ..core.color.elementwise import at_least_single
from ..core.contract.op import Op, Params, Stage
from ..core.contract.slots import Slot
from ..core.filters.guided_filter import guided_coefficients
from .dehazing.network import haze_of

NEARLY_WHITE: Final = 0.9  # the airlight of haze that is added
ADDED: Final = 0.5  # of the light, at the lowest amount
THINNEST: Final = 0.15
SLIGHT: Final = 0.06  # the haze that counts half: clear photos seem to have some
RADIUS: Final = 0.03  # of the long side
EDGE: Final = 0.1
STRIP: Final = 2**18  # pixels at a time


class Dehaze(Op):
    """Take haze out of a photo, or add some."""

    id = "dehaze"
    version = 2
    stage = Stage.WHITE_BALANCE - 40
    pointwise = False
    amount = Slot(group="detail", doc="How much of the haze is taken away; negative adds some.")

    def halo(self, p: Params, size: tuple[int, int]) -> None:
        """The whole photo tells how much haze there is, and of what colour."""

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Solve the model for the photo behind the haze, or put haze before it."""
        wide = at_least_single(rgb)
        height, width = rgb.shape[2:]
        haze = haze_of(wide)
        thick = 1 - haze.passing
        edges = guided_coefficients(wide, 1 - thick**3 / (thick**2 + SLIGHT**2), radius=RADIUS, edge=EDGE)
        taken = p.amount.clamp(min=0)
        # Of what is behind the haze, so much is left where some is added.
        left = 1 + ADDED * (p.amount - taken)
        airlight = haze.airlight.where(p.amount >= 0, haze.airlight.clamp(min=NEARLY_WHITE))
        rows = max(1, STRIP // width)
        parts = []
        for top in range(0, height, rows):
            part = wide[:, :, top : top + rows]
            passing = edges.lift(part, top=top, left=0, height=height, width=width)
            passing = (1 - taken * (1 - passing)).clamp(min=THINNEST)
            parts.append((part + (left / passing - 1) * (part - airlight)).to(rgb.dtype))
        return torch.cat(parts, dim=2)
