"""An area on the bench."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from torch import Tensor

from ...contract.area import Area, small_view
from ...contract.op import Frame, Params
from ...contract.slot_kinds import GreyPicture, Lattice, Strokes
from ...contract.slots import Slot
from ..inputs.smallest import Values
from ..inputs.specimen import Specimen

# Kinds whose size is the value's own are tried at a small one.
POINTS: Final = 5
PICTURE: Final = (4, 6)
LATTICE: Final = 3


class AreaSpecimen(Specimen):
    """An area under test."""

    kind = "area"
    verb = "mask"
    rooms = ("ops", "planners")
    differentiated = (2, 3)

    def __init__(self, area: Area) -> None:
        self.area = area
        self._photo: Tensor | None = None
        super().__init__(area, {name: _sized(slot) for name, slot in area.slots.items()})

    def run(self, rgb: Tensor, values: Values, frame: Frame) -> Tensor:
        """The mask of whole photos, or of tiles that stand for the whole."""
        return self.area.mask(rgb, self.prepared(rgb if self._photo is None else self._photo, values, frame))

    def prepared(self, photo: Tensor, values: Values, frame: Frame) -> Params:
        """The params for every tile of a photo, which is constant here: masks look at the photo before any edit."""
        photo = photo.detach()
        small = small_view(photo) if self.area.view else photo[:, :, :0, :0]
        rows = max((len(value) for value in values.values()), default=len(photo))
        return self.area.params(values, frame, small.expand(rows, -1, -1, -1) if len(small) == 1 else small)

    @contextmanager
    def held(self, photo: Tensor) -> Iterator[None]:
        """Within it, the small view is that of `photo`."""
        self._photo = photo
        try:
            yield
        finally:
            self._photo = None


def _sized(slot: Slot) -> Slot:
    kinds: dict[type[Slot], Any] = {Strokes: [[0.0] * 6] * POINTS, GreyPicture: [[0.0] * PICTURE[1]] * PICTURE[0]}
    if isinstance(slot, Lattice):
        return slot.resized(LATTICE)
    return slot.sized_for(kinds[type(slot)]) if type(slot) in kinds else slot
