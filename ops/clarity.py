"""Local contrast at two scales: clarity of shapes, texture of surfaces.

What differs from the base layer of the luma (see `core.filters.edge_aware`) is strengthened or taken away, on all
channels alike, least at black and white. Edges are part of the base: they leave no halo. Version 1 of clarity was
`lens.clarity` of contrib/lens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from torch import Tensor

from ..core.color.elementwise import at_least_single
from ..core.color.planes import planes_of
from ..core.color.srgb import luminance
from ..core.contract.op import Op, Params, Stage
from ..core.contract.slots import Slot
from ..core.filters.edge_aware import base_layer, base_reach

FLAT: Final = 0.005
NOISE: Final = 0.012
LEAST: Final = 0.8  # of the detail, what the lowest amount takes away


class _LocalContrast(Op):
    """Strengthen or soften what differs from the base layer; its subclasses say at which scale."""

    pointwise = False
    REACH: ClassVar[float]  # the windows' radius, of the long side
    EDGE: ClassVar[float]
    GAIN: ClassVar[float]
    amount: Slot

    def halo(self, p: Params, size: tuple[int, int]) -> int:
        """The base layer's."""
        return base_reach(self.REACH * max(size))

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Add detail to all channels alike."""
        wide = at_least_single(rgb)
        luma = luminance(planes_of(wide))
        base = base_layer(luma, self.REACH * max(p.frame.height, p.frame.width), edge=self.EDGE, flat=FLAT)
        detail = luma - base
        # What is no larger than noise is not made stronger.
        seen = detail.square() / (detail.square() + NOISE**2)
        raised = p.amount.clamp(min=0)
        share = self.GAIN * raised * seen + LEAST * (p.amount - raised)
        return (wide + share * (1 - (2 * luma.clamp(0, 1) - 1) ** 4) * detail).to(rgb.dtype)


class Clarity(_LocalContrast):
    """Strengthen or soften local contrast, without halos along edges."""

    id = "clarity"
    version = 2
    stage = Stage.EFFECTS
    REACH = 0.012
    EDGE = 0.2
    GAIN = 1.2
    amount = Slot(group="detail", doc="Contrast of shapes: +1 doubles it, -1 takes most of it away.")

    @classmethod
    def migrate(cls, values: Mapping[str, Any], version: int) -> Mapping[str, Any] | None:
        """Take over the amount of `lens.clarity`."""
        return None if set(values) - {"amount"} else values


class Texture(_LocalContrast):
    """Strengthen or smooth the texture of surfaces, such as bark and skin."""

    id = "texture"
    version = 1
    stage = Stage.EFFECTS + 10
    REACH = 0.0025
    EDGE = 0.1
    GAIN = 1.5
    amount = Slot(group="detail", doc="Contrast of surfaces: +1 more than doubles it, -1 smooths them.")
