"""The guided filter: a coarse mask takes on the edges of a picture.

He, Sun and Tang (2013), "Guided image filtering", IEEE TPAMI 35(6), eq. 18 to 20, with a guide of three channels; the
coefficients are found on a reduced guide and enlarged, as in He and Sun (2015), "Fast guided filter", arXiv 1505.00996.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

# Long side of the guide on which coefficients are found, in pixels.
_REDUCED: Final = 384
# Rows of the full picture that are filtered at a time are this many pixels together.
_STRIP: Final = 2**20


def guided_filter(guide: Tensor, mask: Tensor, *, radius: float = 0.02, edge: float = 0.02) -> Tensor:
    """Lift masks to the size of a picture, along its edges.

    Memory beyond the result does not depend on the picture's size.

    Args:
        guide: (1, 3, H, W), encoded, nominally in [0, 1]; values beyond are clamped.
        mask: (1, K, h, w) in [0, 1], of any size.
        radius: of the window, as a share of the long side, above 0.
        edge: differences of the guide far above this one are edges; encoded, above 0.

    Returns:
        (K, H, W) in [0, 1].
    """
    height, width = guide.shape[2:]
    scale = min(1.0, _REDUCED / max(height, width))
    small = (max(1, round(height * scale)), max(1, round(width * scale)))
    reduced = _resized(guide, small).clamp(0, 1)
    slopes, offsets = _coefficients(reduced, _resized(mask, small), max(1, round(radius * max(small))), edge**2)
    made = guide.new_empty((mask.shape[1], height, width))
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        part = guide[:, :, top:bottom].clamp(0, 1)
        slope, offset = (_enlarged(each, top, bottom, height, width) for each in (slopes, offsets))
        lifted = (slope.reshape(1, -1, 3, *part.shape[2:]) * part.unsqueeze(1)).sum(dim=2) + offset
        made[:, top:bottom] = lifted[0].clamp(0, 1)
    return made


def _coefficients(guide: Tensor, mask: Tensor, radius: int, ridge: float) -> tuple[Tensor, Tensor]:
    """Slopes (1, K * 3, h, w) and offsets (1, K, h, w): eq. 19 and 20, averaged over windows as in eq. 9."""
    count, size = mask.shape[1], guide.shape[2:]
    mean, mean_of = _box(guide, radius), _box(mask, radius)
    products = guide.unsqueeze(2) * guide.unsqueeze(1)
    covariance = _box(products.flatten(1, 2), radius).reshape(1, 3, 3, *size) - mean.unsqueeze(2) * mean.unsqueeze(1)
    shared = _box((mask.unsqueeze(2) * guide.unsqueeze(1)).flatten(1, 2), radius).reshape(1, count, 3, *size)
    shared = shared - mean_of.unsqueeze(2) * mean.unsqueeze(1)
    matrices = covariance.permute(0, 3, 4, 1, 2) + ridge * torch.eye(3, dtype=guide.dtype, device=guide.device)
    solved = torch.linalg.solve(matrices, shared.permute(0, 3, 4, 2, 1))
    slopes = solved.permute(0, 4, 3, 1, 2)
    offsets = mean_of - (slopes * mean.unsqueeze(1)).sum(dim=2)
    return _box(slopes.flatten(1, 2), radius), _box(offsets, radius)


def _box(values: Tensor, radius: int) -> Tensor:
    """The mean over windows of 2 radius + 1 pixels a side, of what lies within the picture."""
    for axis in (2, 3):
        reach = min(radius, values.shape[axis] - 1)
        kernel, padding = ((2 * reach + 1, 1), (reach, 0)) if axis == 2 else ((1, 2 * reach + 1), (0, reach))
        values = functional.avg_pool2d(values, kernel, stride=1, padding=padding, count_include_pad=False)
    return values


def _resized(values: Tensor, size: tuple[int, int]) -> Tensor:
    """Averages where it shrinks, straight lines where it grows."""
    shrinks = size[0] <= values.shape[2] and size[1] <= values.shape[3]
    if shrinks:
        return functional.adaptive_avg_pool2d(values, size)
    return functional.interpolate(values, size=size, mode="bilinear", align_corners=False)


def _enlarged(values: Tensor, top: int, bottom: int, height: int, width: int) -> Tensor:
    """Rows from `top` to `bottom` of values that are enlarged to (height, width), without making the others."""
    rows = (torch.arange(top, bottom, dtype=torch.float32, device=values.device) + 0.5) * values.shape[2] / height - 0.5
    rows = rows.clamp(0, values.shape[2] - 1)
    above = rows.floor().long()
    below = (above + 1).clamp(max=values.shape[2] - 1)
    share = (rows - above).reshape(1, 1, -1, 1)
    mixed = values[:, :, above] * (1 - share) + values[:, :, below] * share
    return functional.interpolate(mixed, size=(bottom - top, width), mode="bilinear", align_corners=False)
