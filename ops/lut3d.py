"""A 3D look-up table with tetrahedral interpolation: see `core.lut.tetrahedral`.

The table's domain is [0, 1]; what lies outside is looked up at the edge and keeps its distance.
"""

from __future__ import annotations

from torch import Tensor

from ..core.lut.tetrahedral import tetrahedral
from ..core.op import Op, Params, Stage
from ..core.slots import Lattice, Slot


class Lut3d(Op):
    """Map colours through a 3D look-up table, as .cube files hold them."""

    id = "lut3d"
    version = 1
    stage = Stage.LOOK
    pointwise = True
    lattice = Lattice(
        33, group="global_color", doc="Encoded output colours; axes blue, green, red, as a .cube file runs."
    )
    strength = Slot(
        1.0, low=0.0, high=1.0, group="global_color", doc="Blend between the photo (0) and the table's picture (1)."
    )

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Interpolate in the lattice and blend."""
        inside = rgb.clamp(0, 1)
        looked_up = tetrahedral(inside, p.lattice)
        return rgb + p.strength * (looked_up - inside)
