"""A 1D look-up table: each channel through a curve of its own, points joined by straight lines.

The table's domain is [0, 1]; what lies outside is looked up at the edge and keeps its distance, as in `lut3d`: out =
table(x) + rgb - x, x = rgb clamped. Source: Adobe, "Cube LUT Specification 1.0", LUT_1D_SIZE.
"""

from __future__ import annotations

from torch import Tensor

from ..core.color.elementwise import at_least_single
from ..core.contract.op import Op, Params, Stage
from ..core.contract.slot_kinds import Lattice


class Lut1d(Op):
    """Map each channel through its own curve, as the 1D look-up tables and shapers of .cube files do."""

    id = "lut1d"
    version = 1
    stage = Stage.LOOK - 50  # a shaper stands before its lattice
    pointwise = True
    table = Lattice(
        1024,
        dimensions=1,
        group="global_color",
        doc="Encoded output at evenly spaced inputs from 0 to 1; columns are red, green and blue.",
    )

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Look each channel up in its column."""
        single = at_least_single(rgb)
        columns = p.table.flatten(2).transpose(1, 2).to(single.dtype)  # (B, 3, n)
        inside = single.clamp(0, 1)
        place = inside.flatten(2) * (columns.shape[2] - 1)
        before = place.detach().floor().clamp(max=columns.shape[2] - 2)
        start, end = columns.gather(2, before.long()), columns.gather(2, before.long() + 1)
        looked_up = start + (place - before) * (end - start)
        return (looked_up.reshape(rgb.shape) + single - inside).to(rgb.dtype)
