"""CIE 1976 L*a*b* of sRGB's linear light under D65. Source: CIE 15:2004, section 8.2.1;
the matrix is IEC 61966-2-1's primaries.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from .planes import Planes, mix

TO_XYZ: Final = (
    (0.4123907993, 0.3575843394, 0.1804807884),
    (0.2126390059, 0.7151686788, 0.0721923154),
    (0.0193308187, 0.1191947798, 0.9505321522),
)
_TO_RELATIVE_XYZ: Final = tuple(tuple(value / sum(row) for value in row) for row in TO_XYZ)
_KNEE: Final = (6 / 29) ** 3


def cielab(light: Planes) -> Planes:
    """L* (0 to 100 for black to white), a* and b* of linear light, three tensors of any one shape;
    straight lines below black.

    Gradients are finite everywhere.
    """
    x, y, z = (_f(value) for value in mix(light, _TO_RELATIVE_XYZ))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _f(value: Tensor) -> Tensor:
    # The root's slope is cut off below the knee, where the straight line takes over.
    root = value.clamp(min=_KNEE) ** (1 / 3)
    return torch.where(value > _KNEE, root, value * (29 / 6) ** 2 / 3 + 4 / 29)
