"""Ops that look at neighbouring pixels: what a soft lens does to light.

A soft lens spreads a share of the light around each point: a wide blur of linear light is mixed in. Three box blurs in
a row come near a Gaussian (Wells (1986), "Efficient synthesis of Gaussian filters by cascaded uniform filters").
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from veraretouch import Op, Params, Slot, Stage

BLURS = 3


def share(p: Params, of_long_side: float) -> int:
    """A radius in pixels, at least 1, as a share of the photo's long side."""
    return max(1, round(of_long_side * max(p.frame.height, p.frame.width)))


def box(x: Tensor, radius: int) -> Tensor:
    """The mean of the square of this radius; beyond the border only what is there counts."""
    across = avg_pool2d(x, (1, 2 * radius + 1), 1, (0, radius), count_include_pad=False)
    return avg_pool2d(across, (2 * radius + 1, 1), 1, (radius, 0), count_include_pad=False)


def spread(light: Tensor, radius: int) -> Tensor:
    """The light as a soft lens spreads it."""
    for _ in range(BLURS):
        light = box(light, radius)
    return light


class SoftFocus(Op):
    """Spread a share of the light, as a soft-focus lens does."""

    id = "lens.soft_focus"
    version = 1
    stage = Stage.EFFECTS
    pointwise = False
    linear = True
    amount = Slot(0.0, low=0.0, high=1.0, group="effects", doc="Share of the light that is spread.")

    REACH = 0.004

    def halo(self, p: Params, size: tuple[int, int]) -> int:
        """The blurs, one after the other."""
        return BLURS * share(p, self.REACH)

    def apply(self, light: Tensor, p: Params) -> Tensor:
        """Mix sharp and spread light."""
        return light + 0.8 * p.amount * (spread(light, share(p, self.REACH)) - light)


class Bloom(Op):
    """Let bright lights glow into what is around them."""

    id = "lens.bloom"
    version = 1
    stage = Stage.EFFECTS + 5
    pointwise = False
    linear = True
    amount = Slot(0.0, low=0.0, high=1.0, group="effects", doc="How strongly lights glow.")
    threshold = Slot(0.6, low=0.2, high=0.95, group="effects", doc="Linear light from which on it glows.")

    REACH = 0.01

    def halo(self, p: Params, size: tuple[int, int]) -> int:
        """The blurs, one after the other."""
        return BLURS * share(p, self.REACH)

    def apply(self, light: Tensor, p: Params) -> Tensor:
        """Add the spread of what is brighter than the threshold, by a ramp that has a slope everywhere."""
        excess = torch.nn.functional.softplus(20 * (light - p.threshold)) / 20
        return light + p.amount * spread(excess, share(p, self.REACH))
