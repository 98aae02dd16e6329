"""Camera calibration: hue and saturation of the three primaries, and the tint of shadows.

A matrix on linear light whose columns are the moved primaries; each row is divided by its sum, so that white and every
grey stay (the white-preserving matrices of the DNG and DCP documents). A primary's hue moves towards the next primary
or the one before; its saturation is the distance from its own grey.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from ..core.color.planes import Planes, join, mix, planes_of
from ..core.color.srgb import LUMINANCE, linear_to_srgb, luminance
from ..core.contract.op import Op, Params, Stage
from ..core.contract.slots import Slot

HUE_REACH: Final = 0.25
SATURATION_REACH: Final = 0.5
TINT_REACH: Final = 0.5


def _hue(name: str, towards: str, back: str) -> Slot:
    return Slot(
        low=-1.0,
        high=1.0,
        group="global_color",
        doc=f"Hue of the {name} primary: positive towards {towards}, negative {back}.",
    )


def _saturation(name: str) -> Slot:
    return Slot(low=-1.0, high=1.0, group="global_color", doc=f"Saturation of the {name} primary.")


class Calibration(Op):
    """Turn and strengthen the camera's primaries; greys stay grey."""

    id = "calibration"
    version = 1
    stage = Stage.CALIBRATION
    pointwise = True
    linear = True
    red_hue = _hue("red", "yellow", "magenta")
    red_saturation = _saturation("red")
    green_hue = _hue("green", "cyan", "yellow")
    green_saturation = _saturation("green")
    blue_hue = _hue("blue", "magenta", "cyan")
    blue_saturation = _saturation("blue")
    shadow_tint = Slot(
        low=-1.0, high=1.0, group="global_color", doc="Tint of shadows: positive magenta, negative green."
    )

    def prepare(self, p: Params) -> dict[str, Tensor]:
        """The matrix on linear light."""
        hues = torch.cat([p.red_hue, p.green_hue, p.blue_hue], dim=1).flatten(1)
        saturations = torch.cat([p.red_saturation, p.green_saturation, p.blue_saturation], dim=1).flatten(1)
        return {"matrix": primaries(hues, saturations)}

    def apply(self, light: Tensor, p: Params) -> Tensor:
        """Mix by the moved primaries, then tint the shadows."""
        return join(_tint(mix(planes_of(light), p.matrix), p.shadow_tint))


def primaries(hues: Tensor, saturations: Tensor) -> Tensor:
    """The (B, 3, 3) matrix for hues and saturations (B, 3) in [-1, 1]; rows sum to 1."""
    eye = torch.eye(3, dtype=hues.dtype, device=hues.device)
    following = eye.roll(-1, dims=1)  # column j: the primary after j
    preceding = eye.roll(1, dims=1)
    weights = torch.tensor(LUMINANCE, dtype=hues.dtype, device=hues.device)
    grey = weights.expand(3, 3)  # column j: the grey of primary j's luminance
    turn = HUE_REACH * (hues.clamp(min=0)[:, None, :] * following + (-hues).clamp(min=0)[:, None, :] * preceding)
    columns = eye + turn + SATURATION_REACH * saturations[:, None, :] * (eye - grey)
    return columns / columns.sum(dim=2, keepdim=True)


def _tint(light: Planes, amount: Tensor) -> Planes:
    """Move green against red and blue in the dark, luminance kept; black stays black."""
    dark = (1 - linear_to_srgb(luminance(light).clamp(0, 1))) ** 3
    green = torch.exp2(-TINT_REACH * amount * dark)
    others = (1 - LUMINANCE[1] * green) / (1 - LUMINANCE[1])
    return light[0] * others, light[1] * green, light[2] * others
