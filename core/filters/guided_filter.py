"""The guided filter: a coarse mask takes on the edges of a picture.

He, Sun and Tang (2013), "Guided image filtering", IEEE TPAMI 35(6), eq. 18 to 20, with a guide of three channels; the
coefficients are found on a reduced guide and enlarged, as in He and Sun (2015), "Fast guided filter", arXiv 1505.00996.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import torch
from torch import Tensor

from .enlarging import enlarged, resized
from .windows import window_mean

# Long side of the guide on which coefficients are found, in pixels.
_REDUCED: Final = 384
# Rows of the full picture that are filtered at a time are this many pixels together.
_STRIP: Final = 2**20


class GuidedCoefficients(NamedTuple):
    """What turns a guide into masks along its edges, on a reduced guide: `slopes` (B, K, 3, h, w), `offsets`
    (B, K, h, w). Masks are linear in both.
    """

    slopes: Tensor
    offsets: Tensor

    def lift(self, part: Tensor, *, top: int, left: int, height: int, width: int) -> Tensor:
        """The masks (B, K, H, W) in [0, 1] of a part of the guide at full size.

        Args:
            part: (B, 3, H, W), encoded, nominally in [0, 1]; values beyond are clamped.
            top, left: where it lies, in pixels.
            height, width: the size of the whole guide, in pixels.
        """
        count = self.offsets.shape[1]
        both = torch.cat([self.slopes.flatten(1, 2), self.offsets], dim=1)
        large = enlarged(both, part.shape[2:], top=top, left=left, height=height, width=width)
        lifted = large[:, 3 * count :]
        red, green, blue = part.clamp(0, 1).unsqueeze(1).unbind(2)
        for channel, plane in enumerate((red, green, blue)):
            lifted = torch.addcmul(lifted, large[:, channel : 3 * count : 3], plane)
        return lifted.clamp(0, 1)


def guided_coefficients(guide: Tensor, mask: Tensor, *, radius: float = 0.02, edge: float = 0.02) -> GuidedCoefficients:
    """What lifts masks to any size of a picture, along its edges; differentiable in the mask and in the guide.

    Args:
        guide: (B, 3, H, W), encoded, nominally in [0, 1]; values beyond are clamped.
        mask: (B, K, h, w) in [0, 1], of any size.
        radius: of the window, as a share of the long side, above 0.
        edge: differences of the guide far above this one are edges; encoded, above 0.
    """
    height, width = guide.shape[2:]
    scale = min(1.0, _REDUCED / max(height, width))
    small = (max(1, round(height * scale)), max(1, round(width * scale)))
    reduced = resized(guide, small).clamp(0, 1)
    return _coefficients(reduced, resized(mask, small), max(1, round(radius * max(small))), edge**2)


def guided_filter(guide: Tensor, mask: Tensor, *, radius: float = 0.02, edge: float = 0.02) -> Tensor:
    """Lift masks to the size of a picture, along its edges.

    Memory beyond the result does not depend on the picture's size.

    Args:
        guide: (1, 3, H, W); it, and the others, as for `guided_coefficients`.
        mask: (1, K, h, w).

    Returns:
        (K, H, W) in [0, 1].
    """
    height, width = guide.shape[2:]
    found = guided_coefficients(guide, mask, radius=radius, edge=edge)
    made = guide.new_empty((mask.shape[1], height, width))
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        part = guide[:, :, top : top + rows]
        made[:, top : top + rows] = found.lift(part, top=top, left=0, height=height, width=width)[0]
    return made


def _coefficients(guide: Tensor, mask: Tensor, radius: int, ridge: float) -> GuidedCoefficients:
    """Eq. 19 and 20, averaged over windows as in eq. 9."""
    count, size = mask.shape[1], guide.shape[2:]
    mean, mean_of = window_mean(guide, radius), window_mean(mask, radius)
    products = guide.unsqueeze(2) * guide.unsqueeze(1)
    covariance = window_mean(products.flatten(1, 2), radius).reshape(-1, 3, 3, *size)
    covariance = covariance - mean.unsqueeze(2) * mean.unsqueeze(1)
    shared = window_mean((mask.unsqueeze(2) * guide.unsqueeze(1)).flatten(1, 2), radius).reshape(-1, count, 3, *size)
    shared = shared - mean_of.unsqueeze(2) * mean.unsqueeze(1)
    matrices = covariance.permute(0, 3, 4, 1, 2) + ridge * torch.eye(3, dtype=guide.dtype, device=guide.device)
    solved = torch.linalg.solve(matrices, shared.permute(0, 3, 4, 2, 1))
    slopes = solved.permute(0, 4, 3, 1, 2)
    offsets = mean_of - (slopes * mean.unsqueeze(1)).sum(dim=2)
    averaged = window_mean(slopes.flatten(1, 2), radius).reshape(-1, count, 3, *size)
    return GuidedCoefficients(averaged, window_mean(offsets, radius))
