"""Areas of a stranger that keep the contract; broken ones differ from them in one way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from veraretouch import Area, Params, Slot
from veraretouch.core.color.elementwise import at_least_single
from veraretouch.core.contract.area import positions
from veraretouch.core.contract.slot_kinds import GreyPicture, Strokes


def slot(identity: float = 0.5, **declaration: Any) -> Slot:
    return Slot(identity, **{"low": 0.0, "high": 1.0, "group": "area", "doc": "How far it reaches."} | declaration)


class Dusk(Area):
    """Cover the top of the photo where it is blue."""

    id = "acme.dusk"
    version = 1
    reach = slot()

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        _, y = positions(p.frame, rgb)
        blue = (0.5 + rgb[:, 2:] - rgb[:, :1]).clamp(0, 1)
        return blue * torch.sigmoid(8 * (p.reach - y)).to(rgb.dtype)


class Wheel(Dusk):
    """Cover one side of the photo, in any direction."""

    id = "acme.wheel"
    hue = slot(0.0, low=0.0, high=360.0, period=360.0, unit="degree")

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        x, y = positions(p.frame, rgb)
        turn = torch.deg2rad(p.hue)
        across = (x - 0.5) * turn.cos() + (y - 0.5) * turn.sin()
        return torch.sigmoid(8 * (across + p.reach - 0.5)).to(rgb.dtype)


class Brighter(Dusk):
    """Cover what is brighter than the photo is on the whole."""

    id = "acme.brighter"
    view = True

    def prepare(self, small: Tensor, p: Params) -> Mapping[str, Any]:
        return {"middle": small.mean(dim=(1, 2, 3), keepdim=True)}

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        return torch.sigmoid(6 * p.reach * (rgb.mean(dim=1, keepdim=True) - p.middle)).to(rgb.dtype)


class Painted(Dusk):
    """Cover spots at the points of strokes, each as grey as a small picture is on the whole."""

    id = "acme.painted"
    picture = GreyPicture(group="area", doc="How grey spots are.")
    strokes = Strokes(group="area", doc="Where spots are.")

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        x, y = positions(p.frame, at_least_single(rgb))
        centre_x, centre_y, radius, _, flow, _ = (column[..., None, None] for column in p.strokes.unbind(2))
        apart = (x - centre_x).square() + (y - centre_y).square()
        near = flow * torch.exp(-apart / (0.05 + radius.square()))
        return (p.reach * p.picture.mean(dim=(1, 2)).reshape(-1, 1, 1, 1) * near.mean(dim=1, keepdim=True)).to(
            rgb.dtype
        )
