"""A mask that is a small grey picture, stretched over the photo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.nn import functional

from ...core.color.elementwise import at_least_single
from ...core.contract.area import GROUP, Area
from ...core.contract.op import Params
from ...core.contract.slot_kinds import GreyPicture
from ...core.contract.slots import Slot
from .refining import refinable, refined


class Bitmap(Area):
    """Cover what a small grey picture shows white."""

    id = "bitmap"
    version = 1
    view = True
    picture = GreyPicture(group=GROUP, doc="The mask in grey, stretched over the photo: white is covered.")
    refine = Slot(0.0, low=0.0, high=1.0, group=GROUP, doc="How closely the mask follows edges of the photo.")

    def prepare(self, small: Tensor, p: Params) -> Mapping[str, Any]:
        """The picture, no larger than the photo."""
        picture = at_least_single(p.picture).unsqueeze(1)
        size = min(picture.shape[2], p.frame.height), min(picture.shape[3], p.frame.width)
        if size != picture.shape[2:]:
            picture = functional.interpolate(picture, size=size, mode="bilinear", align_corners=False, antialias=True)
        return refinable(picture, small, at_least_single(p.refine))

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        """The part of the picture over a tile."""
        return refined(rgb, p)
