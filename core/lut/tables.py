"""What a look-up table's file holds, as the ops `lut1d` and `lut3d` take it: a curve a channel, a lattice,
or one before the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

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
            params["lut1d.table"] = self.curves.clip(-FURTHEST, FURTHEST).tolist()
        if self.lattice is not None:
            params["lut3d.lattice"] = self.lattice.clip(-FURTHEST, FURTHEST).tolist()
        return params


def ramp() -> Floats:
    """The inputs (4081,) at which curves are given where a file has them elsewhere."""
    return np.linspace(0, 1, POINTS, dtype=np.float32)


def is_straight(curves: Floats) -> bool:
    """Whether curves (n, 3) give back what they are given."""
    return bool(np.abs(curves - np.linspace(0, 1, len(curves))[:, None]).max() < 1e-6)
