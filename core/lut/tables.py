"""What a look-up table's file holds, as the ops `lut1d` and `lut3d` take it: a curve a channel, a lattice,
or one before the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ..errors import InvalidDocument
from ..photo.color.encoding import Floats

POINTS: Final = (
    4081  # of a curve that is not the file's own: 16 x 255 steps, so that every code of 8 bits falls on a point
)
FURTHEST: Final = 16.0  # bounds of both ops' values


@dataclass(frozen=True, eq=False)
class LookUpTable:
    """A look-up table over [0, 1].

    Attributes:
        curves: (n, 3), outputs at evenly spaced inputs, a column a channel, joined by straight lines; None for none.
        lattice: (n, n, n, 3), axes blue, green, red, read after the curves; None for none.
    """

    curves: Floats | None = None
    lattice: Floats | None = None

    @property
    def params(self) -> dict[str, Any]:
        """The values by address, as `retouch(photo, params=...)` takes them."""
        params: dict[str, Any] = {}
        if self.curves is not None:
            params["lut1d.table"] = self.curves.tolist()
        if self.lattice is not None:
            params["lut3d.lattice"] = self.lattice.tolist()
        return params

    def within_bounds(self, name: str) -> LookUpTable:
        """The same table with values from -16 to 16, as the ops hold them.

        Of a wide domain it is the part that [0, 1] reaches. Values beyond are cut only among whites or among blacks,
        where the picture stays the same.

        Args:
            name: the file's, for the error.

        Raises:
            InvalidDocument: a value that a photo's colours reach is beyond.
        """
        last = self.curves if self.lattice is None else self.lattice
        if last is None or np.abs(last).max() <= FURTHEST:
            return self
        if (narrow := self._of_one_cell()) is not None:
            return narrow
        if not _cuts_only_white_and_black(last):
            raise InvalidDocument(
                f"holds {np.abs(last).max():g}; the ops' values lie from {-FURTHEST:g} to {FURTHEST:g}",
                path=name,
                cure="Export it for colours from 0 to 1.",
            )
        cut = last.clip(-FURTHEST, FURTHEST)
        return LookUpTable(cut) if self.lattice is None else LookUpTable(self.curves, cut)

    def _of_one_cell(self) -> LookUpTable | None:
        """The part of the lattice that the curves reach, where that lies within its first cell; None otherwise.

        Between the corner of a cell and a point of its grey diagonal the lattice's tetrahedra are the cell's own.
        """
        if self.lattice is None or self.curves is None:
            return None
        size, reach = len(self.lattice), float(self.curves.max())
        share = reach * (size - 1)
        if not 0 < share <= 1 or self.curves.min() < 0:
            return None
        cell = self.lattice[:2, :2, :2].astype(np.float64)
        cell = cell[0, 0, 0] + share * (cell - cell[0, 0, 0])
        if np.abs(cell).max() > FURTHEST:
            return None
        return LookUpTable((self.curves / reach).astype(np.float32), cell.astype(np.float32))


def _cuts_only_white_and_black(values: Floats) -> bool:
    """Whether all neighbours of values beyond 16 are at least 1, and of those below -16 at most 0."""
    for beyond, clear in ((values > FURTHEST, values >= 1), (values < -FURTHEST, values <= 0)):
        near = beyond.copy()
        for axis in range(values.ndim - 1):
            rows = np.moveaxis(near, axis, 0)
            grown = rows.copy()
            grown[1:] |= rows[:-1]
            grown[:-1] |= rows[1:]
            near = np.moveaxis(grown, 0, axis)
        if not clear[near].all():
            return False
    return True


def ramp() -> Floats:
    """The inputs (4081,) at which curves are given where a file has them elsewhere."""
    return np.linspace(0, 1, POINTS, dtype=np.float32)


def is_straight(curves: Floats) -> bool:
    """Whether curves (n, 3) give back what they are given."""
    return bool(np.abs(curves - np.linspace(0, 1, len(curves))[:, None]).max() < 1e-6)
