"""Masks that are known on a coarse grid: enlarged tile by tile, and drawn to the photo's edges as far as is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from torch import Tensor

from ...core.color.elementwise import at_least_single
from ...core.contract.op import Params
from ...core.filters.enlarging import enlarged
from ...core.filters.guided_filter import GuidedCoefficients, guided_coefficients

# How far from an edge the mask is drawn to it, as a share of the long side; what counts as an edge, encoded.
_WINDOW: Final = 0.03
_EDGE: Final = 0.01


def refinable(coarse: Tensor, small: Tensor, refine: Tensor) -> Mapping[str, Any]:
    """What `refined` needs, to be given by `Area.prepare`.

    Args:
        coarse: (B, 1, h, w) in [0, 1], over the whole photo.
        small: the small view (B, 3, h', w') of the photo.
        refine: (B, 1, 1, 1) in [0, 1], how much of the mask follows edges.
    """
    if not refine.requires_grad and not bool((refine > 0).any()):
        return {"coarse": coarse, "found": None}
    found = guided_coefficients(at_least_single(small), coarse, radius=_WINDOW, edge=_EDGE)
    shares = GuidedCoefficients(found.slopes * refine.unsqueeze(1), found.offsets * refine)
    return {"coarse": coarse * (1 - refine), "found": shares}


def refined(rgb: Tensor, p: Params) -> Tensor:
    """The mask (B, 1, H, W) of a tile (B, 3, H, W)."""
    place = {"top": p.frame.top, "left": p.frame.left, "height": p.frame.height, "width": p.frame.width}
    found: GuidedCoefficients | None = vars(p)["found"]
    mask = enlarged(p.coarse, rgb.shape[2:], **place)
    if found is not None:
        mask = mask + found.lift(at_least_single(rgb), **place)
    return mask.clamp(0, 1).to(rgb.dtype)
