"""Look-up tables: a map of colours evaluated once on a lattice, applied by tetrahedral interpolation,
its error measured.
"""

from .cube import ColorMap, Cube
from .engine import LATTICES, Baked, bake_for

__all__ = ["LATTICES", "Baked", "ColorMap", "Cube", "bake_for"]
