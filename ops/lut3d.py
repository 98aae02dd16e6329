"""A 3D look-up table with tetrahedral or trilinear interpolation: see `core.lut.interpolation`.

The table's domain is [0, 1]; what lies outside is looked up at the edge and keeps its distance: out = rgb + strength
(table(x) - x), x = rgb clamped. Tetrahedra: Kasson, Plouffe and Nin (1993).
"""

from __future__ import annotations

from torch import Tensor

from ..core.contract.op import Op, Params, Stage
from ..core.contract.slot_kinds import Lattice
from ..core.contract.slots import Slot
from ..core.lut.interpolation import tetrahedral, trilinear


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
    trilinear = Slot(
        low=0.0,
        high=1.0,
        group="global_color",
        doc="How it is read between its points: 0 by tetrahedra, 1 trilinearly, as some published models expect.",
    )

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Interpolate in the lattice and blend."""
        inside = rgb.clamp(0, 1)
        looked_up = tetrahedral(inside, p.lattice)
        looked_up = looked_up + p.trilinear * (trilinear(inside, p.lattice) - looked_up)
        return rgb + p.strength * (looked_up - inside)
