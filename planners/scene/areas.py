"""Areas of what a photo shows: the scene network's shares, sharpened along the photo's edges.

A guided filter (see `core.filters.guided_filter`) with a wide window first draws the coarse shares to the edges nearby,
a curve decides what belongs, and a second filter with a narrow window follows the edges closely; its coefficients are
found once a photo, and lift the mask tile by tile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import torch
from torch import Tensor

from ...core.color.elementwise import at_least_single, smoothstep
from ...core.contract.area import GROUP, Area
from ...core.contract.op import Params
from ...core.contract.slots import Slot
from ...core.filters.enlarging import resized
from ...core.filters.guided_filter import GuidedCoefficients, guided_coefficients
from .network import CLASSES
from .scene import shares_of
from .weights import VERSION

# Long side of the picture on which the mask is sharpened, in pixels.
_SIDE: Final = 384
# Windows as shares of the long side, first wide and then narrow; what counts as an edge, encoded.
_WIDE: Final = 0.04
_NARROW: Final = 0.01
_EDGE: Final = 0.01
# Half the width of the curve that decides, and how far `grow` moves its middle, in shares.
_UNSURE: Final = 0.3
_GROWTH: Final = 0.4
# Half the width of the last curve, which sets how soft edges are.
_HARDEST: Final = 0.05
_SOFTEST: Final = 0.5


class SceneArea(Area):
    """Cover what the scene network finds of some classes; a subclass says of which."""

    view = True
    classes: ClassVar[tuple[str, ...]]
    refine = Slot(1.0, low=0.0, high=1.0, group=GROUP, doc="How closely edges of the photo are followed.")
    grow = Slot(0.0, low=-1.0, high=1.0, group=GROUP, doc="Take in more of what is unsure, or less of it.")
    feather = Slot(0.5, low=0.0, high=1.0, group=GROUP, doc="How soft edges are.")

    def prepare(self, small: Tensor, p: Params) -> Mapping[str, Any]:
        """The coefficients of the last filter."""
        small = at_least_single(small)
        refine, grow = at_least_single(p.refine), at_least_single(p.grow)
        shares = _shares(small)[:, [CLASSES.index(name) for name in self.classes]].sum(dim=1, keepdim=True)
        height, width = small.shape[2:]
        scale = min(1.0, _SIDE / max(height, width))
        guide = resized(small, (max(1, round(height * scale)), max(1, round(width * scale))))
        height, width = guide.shape[2:]
        drawn = guided_coefficients(guide, shares, radius=_WIDE, edge=_EDGE)
        middle = 0.5 - _GROWTH * grow
        decided, plain = (
            smoothstep(middle - _UNSURE, middle + _UNSURE, mask)
            for mask in (drawn.lift(guide, top=0, left=0, height=height, width=width), resized(shares, (height, width)))
        )
        found = guided_coefficients(guide, decided, radius=_NARROW, edge=_EDGE)
        return {
            "found": GuidedCoefficients(found.slopes * refine.unsqueeze(1), torch.lerp(plain, found.offsets, refine))
        }

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        """The mask along the edges of a tile."""
        found: GuidedCoefficients = vars(p)["found"]
        frame = p.frame
        lifted = found.lift(
            at_least_single(rgb), top=frame.top, left=frame.left, height=frame.height, width=frame.width
        )
        half = _HARDEST + (_SOFTEST - _HARDEST) * at_least_single(p.feather)
        return smoothstep(0.5 - half, 0.5 + half, lifted).to(rgb.dtype)

    @classmethod
    def migrate(cls, values: Mapping[str, Any], version: int) -> Mapping[str, Any] | None:
        """Older values as they are: the slots are those of every version, only the network sees better."""
        return dict(values)


class Sky(SceneArea):
    """Cover the sky, clouds included."""

    id = "sky"
    version = VERSION
    classes = ("sky",)


class Foliage(SceneArea):
    """Cover trees, bushes, grass and other plants."""

    id = "foliage"
    version = VERSION
    classes = ("foliage",)


class Water(SceneArea):
    """Cover water: sea, lakes, rivers, pools."""

    id = "water"
    version = VERSION
    classes = ("water",)


class Person(SceneArea):
    """Cover people, with their clothes, hair and skin."""

    id = "person"
    version = VERSION
    classes = ("person", "skin")


class Skin(SceneArea):
    """Cover skin: faces, arms, hands, legs."""

    id = "skin"
    version = VERSION
    classes = ("skin",)


class Ground(SceneArea):
    """Cover the ground: earth, sand, rock, roads, floors."""

    id = "ground"
    version = VERSION
    classes = ("ground",)


def _shares(small: Tensor) -> Tensor:
    """The shares (B, 9, 96, 96) of small photos, which are often one photo many times."""
    first = small[:1]
    if len(small) > 1 and torch.equal(small, first.expand_as(small)):
        return shares_of(first).expand(len(small), -1, -1, -1)
    return shares_of(small)
