"""Highlights, shadows, whites and blacks: the pointwise form.

Shadows and highlights multiply a pixel by a polynomial of its luma, so ratios between channels (hue, saturation) stay;
the luma curve v (1 + s c (1-v)^3 + h c (1-v) v^2) is monotone for every setting, with c = 0.8 fitted to Camera Raw's
range (1.3 stops at the black end). Whites and blacks lift by 0.06 (1-x)^4 (a fit to Camera Raw) or draw in with a soft
toe that never reaches past the end. No source is recorded for the forms of the polynomial and the toe; hue kept:
see `core.color.tone_map.tone_map`. The spatial form (guided filter) belongs to spatial plugins.
"""

from __future__ import annotations

from typing import Final

from torch import Tensor

from ..core.color.gamut import within_headroom
from ..core.color.planes import largest, planes_of
from ..core.color.srgb import luminance
from ..core.color.tone_map import tone_map
from ..core.contract.op import Op, Params, Stage
from ..core.contract.slots import Slot

REACH: Final = 0.8
LIFT: Final = 0.06
TOE: Final = 0.10


class ToneRegions(Op):
    """Brighten or darken shadows and highlights and move the black and the white end."""

    id = "tone_regions"
    version = 1
    stage = Stage.TONE
    pointwise = True
    highlights = Slot(low=-1.0, high=1.0, group="lighting", doc="Light tones: negative brings back bright skies.")
    shadows = Slot(low=-1.0, high=1.0, group="lighting", doc="Dark tones: positive opens shadows.")
    whites = Slot(low=-1.0, high=1.0, group="lighting", doc="The white end: positive makes the lightest tones white.")
    blacks = Slot(low=-1.0, high=1.0, group="lighting", doc="The black end: negative makes the darkest tones black.")

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        """Ends first, then regions."""
        ended = tone_map(rgb, lambda x: 1 - _move_black(1 - _move_black(x, p.blacks), -p.whites))
        return regions(ended, p.shadows, p.highlights)


def regions(rgb: Tensor, shadows: Tensor, highlights: Tensor) -> Tensor:
    """Multiply each pixel by the gain of its luma; brightening slows before a channel would clip."""
    planes = planes_of(rgb)
    v = luminance(planes).clamp(0, 1)
    growth = REACH * (1 - v) * (shadows * (1 - v).square() + highlights * v.square())
    return rgb * within_headroom(growth, largest(planes))


def _move_black(x: Tensor, amount: Tensor) -> Tensor:
    """Lift the black end (amount > 0) or draw dark tones towards it (amount < 0)."""
    inside = x.clamp(0, 1)
    fade = (1 - inside).square().square()
    lifted = amount.clamp(min=0)
    lift, depth = LIFT * lifted, TOE * (lifted - amount)
    # The toe x / (x + depth) has slope 0 at black when fully drawn: tones approach black, none passes it.
    toe = inside / (inside + depth + 1e-4)
    return x + lift * fade - depth * fade * toe
