"""The radial gradient of Camera Raw: 1 within an ellipse, falling to 0 at its edge by Perlin's (1985) smoothstep."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor

from ...core.color.elementwise import at_least_single, smoothstep
from ...core.contract.area import GROUP, Area, positions, sides
from ...core.contract.op import Params
from ...core.contract.slots import Slot

HARDEST: Final = 1e-3
"""The width of the hardest edge, as a share of the photo's long side: some pixels of a large photo."""
_SMALLEST: Final = 1e-4  # the radius of an ellipse that is a point, as such a share


class Ellipse(Area):
    """Cover an ellipse, fading out towards its edge."""

    id = "ellipse"
    version = 1
    x = Slot(0.5, low=-1.0, high=2.0, group=GROUP, doc="The centre, as a share of the width.")
    y = Slot(0.5, low=-1.0, high=2.0, group=GROUP, doc="The centre, as a share of the height.")
    radius_x = Slot(0.35, low=0.0, high=2.0, group=GROUP, doc="Half the ellipse's width, as a share of the photo's.")
    radius_y = Slot(0.35, low=0.0, high=2.0, group=GROUP, doc="Half the ellipse's height, as a share of the photo's.")
    angle = Slot(
        0.0, low=-180.0, high=180.0, period=360.0, unit="degree", group=GROUP, doc="Turn the ellipse clockwise."
    )
    feather = Slot(
        0.5, low=0.0, high=1.0, group=GROUP, doc="How much of the radius fades out: 0 is a hard edge, 1 a soft spot."
    )

    def bounds(self, p: Params) -> tuple[float, float, float, float]:
        """Around the ellipse."""
        width, height = sides(p.frame)
        across, down = max(float(p.radius_x) * width, _SMALLEST), max(float(p.radius_y) * height, _SMALLEST)
        turn = math.radians(float(p.angle))
        cos, sin = math.cos(turn), math.sin(turn)
        right, below = math.hypot(across * cos, down * sin) / width, math.hypot(across * sin, down * cos) / height
        x, y = float(p.x), float(p.y)
        return y - below, y + below, x - right, x + right

    def prepare(self, small: Tensor, p: Params) -> Mapping[str, Any]:
        """How a step across or down counts along either radius, and the distance where the mask begins to fade."""
        width, height = sides(p.frame)
        across = (at_least_single(p.radius_x) * width).clamp(min=_SMALLEST)
        down = (at_least_single(p.radius_y) * height).clamp(min=_SMALLEST)
        turn = at_least_single(p.angle) * (math.pi / 180)
        cos, sin = torch.cos(turn), torch.sin(turn)
        hardest = (HARDEST / torch.sqrt(across * down)).clamp(max=1)
        return {
            "along_x": width * cos / across,
            "along_y": height * sin / across,
            "aside_x": width * sin / down,
            "aside_y": height * cos / down,
            "inner": (1 - p.feather) * (1 - hardest),
        }

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        """1 in the middle, 0 from the ellipse's edge."""
        x, y = positions(p.frame, at_least_single(rgb))
        right, below = x - p.x, y - p.y
        u = right * p.along_x + below * p.along_y
        v = below * p.aside_y - right * p.aside_x
        # The small constant is for the slope at the centre.
        distance = torch.sqrt(u * u + v * v + 1e-12)
        return (1 - smoothstep(p.inner, 1.0, distance)).to(rgb.dtype)
