"""The parametric curve: four tonal regions between three splits, as in Camera Raw.

Each region's centre moves by up to 0.45 of the way to a neighbour, which may come to meet it, or 0.8 of the way to
black or white, which stay: the curve is monotone for every setting. The five spans are joined by a monotone cubic
(Fritsch and Butland 1984), sampled at 65 positions. out = curve(rgb), hue kept: see `core.color.tone_map.tone_map`. No
source is recorded for the reaches.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from ..core.color.curves import follow
from ..core.color.tone_map import tone_map
from ..core.contract.op import Op, Params, Stage
from ..core.contract.slots import Slot

ROOM: Final = 0.45
ROOM_AT_ENDS: Final = 0.8
SAMPLES: Final = 65
_GAP: Final = 0.05


class ParametricCurve(Op):
    """Bend the tone curve by regions: shadows, darks, lights and highlights."""

    id = "parametric_curve"
    version = 1
    stage = Stage.PARAMETRIC_CURVE
    pointwise = True
    shadows = Slot(low=-1.0, high=1.0, group="lighting", doc="The darkest region: negative darkens it.")
    darks = Slot(low=-1.0, high=1.0, group="lighting", doc="The region below the middle.")
    lights = Slot(low=-1.0, high=1.0, group="lighting", doc="The region above the middle.")
    highlights = Slot(low=-1.0, high=1.0, group="lighting", doc="The lightest region.")
    shadow_split = Slot(0.25, low=0.1, high=0.7, group="lighting", doc="Where shadows end and darks begin.")
    midtone_split = Slot(0.5, low=0.2, high=0.8, group="lighting", doc="Where darks end and lights begin.")
    highlight_split = Slot(0.75, low=0.3, high=0.9, group="lighting", doc="Where lights end and highlights begin.")

    def prepare(self, p: Params) -> dict[str, Tensor]:
        """How far the sampled curve departs from the straight line."""
        amounts = torch.cat([p.shadows, p.darks, p.lights, p.highlights], dim=1).flatten(1)
        splits = torch.cat([p.shadow_split, p.midtone_split, p.highlight_split], dim=1).flatten(1)
        samples = sample(amounts, splits)
        grid = torch.linspace(0, 1, SAMPLES, dtype=samples.dtype, device=samples.device)
        return {"departure": samples - grid}

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Follow the sampled curve, hue kept."""
        return tone_map(rgb, lambda x: x + follow(x, p.departure))


def sample(amounts: Tensor, splits: Tensor) -> Tensor:
    """The curve's values (B, 65) at uniform positions for amounts (B, 4) and splits (B, 3)."""
    first = splits[:, 0]
    second = torch.maximum(splits[:, 1], first + _GAP)
    third = torch.maximum(splits[:, 2], second + _GAP)
    zero, one = torch.zeros_like(first), torch.ones_like(first)
    centres = torch.stack([first / 2, (first + second) / 2, (second + third) / 2, (third + 1) / 2], dim=1)
    knots = torch.cat([zero[:, None], centres, one[:, None]], dim=1)
    gaps = knots.diff(dim=1)
    share = torch.full_like(gaps, ROOM)
    share[:, 0] = share[:, -1] = ROOM_AT_ENDS
    room = gaps * share
    heights = centres + torch.minimum(room[:, :-1], room[:, 1:]) * amounts
    values = torch.cat([zero[:, None], heights, one[:, None]], dim=1)
    return _through(knots, values)


def _through(knots: Tensor, values: Tensor) -> Tensor:
    """The monotone cubic through uneven knots (B, n), at 65 uniform positions (Fritsch and Butland 1984,
    uneven spacing).
    """
    gaps, secants = knots.diff(dim=1), values.diff(dim=1) / knots.diff(dim=1)
    left, right = gaps[:, :-1], gaps[:, 1:]
    weight = (left + 2 * right) / (3 * (left + right))
    below, above = secants[:, :-1], secants[:, 1:]
    inner = below * above / (weight * above + (1 - weight) * below)
    tangents = torch.cat([secants[:, :1], inner, secants[:, -1:]], dim=1)
    grid = torch.linspace(0, 1, SAMPLES, dtype=knots.dtype, device=knots.device).expand(len(knots), -1).contiguous()
    index = (torch.searchsorted(knots.detach().contiguous(), grid, right=True) - 1).clamp(0, knots.shape[1] - 2)

    def at(table: Tensor, shift: int = 0) -> Tensor:
        return table.gather(1, index + shift)

    h, rise = at(gaps), at(secants)
    t = (grid - at(knots)) / h
    m0, m1 = at(tangents), at(tangents, 1)
    return at(values) + h * t * (m0 + t * (3 * rise - 2 * m0 - m1 + t * (m0 + m1 - 2 * rise)))
