"""The linear gradient of Camera Raw: 1 beyond one line, 0 beyond another, a smooth ramp between.

The lines run through the two points, perpendicular to their connection in pixels. The ramp is Perlin's (1985)
smoothstep. As the points meet it widens again, until the mask is a half everywhere: the direction fades as it loses its
meaning, and gradients stay finite.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from torch import Tensor

from ...core.color.elementwise import at_least_single, eased
from ...core.contract.area import GROUP, Area, positions, sides
from ...core.contract.op import Params
from ...core.contract.slots import Slot

NARROWEST: Final = 1e-3
"""Half the width of the narrowest ramp, as a share of the photo's long side: some pixels of a large photo."""


_EDGES: Final = {"top": ("y", 0.0), "bottom": ("y", 1.0), "left": ("x", 0.0), "right": ("x", 1.0)}
_WORDS: Final = re.compile(r"from (top|bottom|left|right) to (\d{0,3}\.?\d{1,9})")


class Linear(Area):
    """Cover one side of the photo, fading out along a straight line."""

    id = "linear"
    version = 1
    monotonic = True
    full_x = Slot(0.5, low=-1.0, high=2.0, group=GROUP, doc="Where full effect ends, as a share of the width.")
    full_y = Slot(0.0, low=-1.0, high=2.0, group=GROUP, doc="Where full effect ends, as a share of the height.")
    zero_x = Slot(0.5, low=-1.0, high=2.0, group=GROUP, doc="Where the effect is gone, as a share of the width.")
    zero_y = Slot(0.5, low=-1.0, high=2.0, group=GROUP, doc="Where the effect is gone, as a share of the height.")

    @classmethod
    def from_words(cls, words: str) -> Mapping[str, Any] | None:
        """`from top to 0.4`: full at an edge of the photo, gone at that share of the way to the opposite one."""
        match = _WORDS.fullmatch(words.strip())
        if match is None:
            return None
        axis, full = _EDGES[match[1]]
        zero = abs(full - float(match[2]))
        across = "x" if axis == "y" else "y"
        return {f"full_{axis}": full, f"zero_{axis}": zero, f"full_{across}": 0.5, f"zero_{across}": 0.5}

    def bounds(self, p: Params) -> tuple[float, float, float, float]:
        """Around the photo's part on the full side of the zero line."""
        full_x, full_y, zero_x, zero_y = (float(v) for v in (p.full_x, p.full_y, p.zero_x, p.zero_y))
        width, height = sides(p.frame)
        along_x, along_y = (full_x - zero_x) * width**2, (full_y - zero_y) * height**2
        # Covered is what lies beyond the zero line, whose place along x and y together is `line`.
        line = along_x * (full_x + zero_x) / 2 + along_y * (full_y + zero_y) / 2
        line -= ((along_x / width) ** 2 + (along_y / height) ** 2 + NARROWEST**2) / 2
        return *_beyond(along_y, line - max(along_x, 0)), *_beyond(along_x, line - max(along_y, 0))

    def prepare(self, small: Tensor, p: Params) -> Mapping[str, Any]:
        """The middle between the points, and how steep the ramp is there across and down."""
        width, height = sides(p.frame)
        full_x, full_y, zero_x, zero_y = (at_least_single(v) for v in (p.full_x, p.full_y, p.zero_x, p.zero_y))
        along_x, along_y = (full_x - zero_x) * width, (full_y - zero_y) * height
        scale = 1 / (along_x.square() + along_y.square() + NARROWEST**2)
        return {
            "middle_x": (full_x + zero_x) / 2,
            "middle_y": (full_y + zero_y) / 2,
            "steep_x": along_x * width * scale,
            "steep_y": along_y * height * scale,
        }

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        """A ramp from the zero point to the full point."""
        x, y = positions(p.frame, at_least_single(rgb))
        across, down = (x - p.middle_x) * p.steep_x + 0.5, (y - p.middle_y) * p.steep_y
        return eased(across + down).to(rgb.dtype)


def _beyond(slope: float, line: float) -> tuple[float, float]:
    """The ends within [0, 1] of where slope * place > line."""
    if slope == 0:
        return 0.0, 1.0
    end = min(max(line / slope, 0.0), 1.0)
    return (end, 1.0) if slope > 0 else (0.0, end)
