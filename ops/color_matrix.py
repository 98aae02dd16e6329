"""A 3x3 matrix and an offset in linear light: out = M rgb + o for each pixel.

Source: the matrix transform of colour management, as OpenColorIO's MatrixTransform has it. Decoding: IEC 61966-2-1.
"""

from __future__ import annotations

from torch import Tensor

from ..core.color.planes import join, mix, planes_of
from ..core.contract.op import Op, Params, Stage
from ..core.contract.slot_kinds import Bands, Matrix


class ColorMatrix(Op):
    """Mix the channels of linear light by a matrix and add an offset."""

    id = "color_matrix"
    version = 1
    stage = Stage.MATRIX
    pointwise = True
    linear = True
    matrix = Matrix(3, 3, low=-4.0, high=4.0, group="global_color", doc="Rows give the new red, green and blue.")
    offset = Bands(3, low=-1.0, high=1.0, group="global_color", doc="Linear light added to red, green and blue.")

    def apply(self, light: Tensor, p: Params) -> Tensor:
        """Multiply and add in linear light."""
        return join(mix(planes_of(light), p.matrix)) + p.offset
