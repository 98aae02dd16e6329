"""An op on the bench."""

from __future__ import annotations

from typing import Final

from torch import Tensor

from ...contract.op import Frame, Op
from ...contract.schema import OpSpec, Schema
from ..inputs.smallest import Values
from ..inputs.specimen import SlotSettings, Specimen

# Lattices are tried at the fewest points that have an inner vertex: their size is the caller's to choose.
LATTICE: Final = 3


class OpSpecimen(Specimen):
    """An op under test."""

    def __init__(self, op: Op) -> None:
        self.op = op
        self.spec: OpSpec = Schema.of([op], lattice=LATTICE).spec(op.id)
        super().__init__(op, self.spec.slots)
        self.pointwise = op.pointwise
        self.differentiated = (1, 2) if op.pointwise else (4, 4)

    def run(self, rgb: Tensor, values: Values, frame: Frame) -> Tensor:
        """Apply the op to sRGB-encoded pixels."""
        return self.op.on_srgb(rgb, self.op.params(values, frame))

    def colours(self, colours: Tensor, settings: SlotSettings) -> Tensor:
        """The results (S, 3, N) of single colours (S, 3, N), a row a setting; a spatial op sees photos of one pixel."""
        rows, _, n = colours.shape
        if self.op.pointwise:
            return self.apply(colours[:, :, None], settings.values)[:, :, 0]
        many = {name: value.repeat_interleave(n, dim=0) for name, value in settings.values.items()}
        done = self.apply(colours.transpose(1, 2).reshape(rows * n, 3, 1, 1), many)
        return done.reshape(rows, n, 3).transpose(1, 2)
