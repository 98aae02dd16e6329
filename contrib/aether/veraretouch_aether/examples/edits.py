"""Edits as plans write them, and photos rendered by them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from veraretouch import Plan, Renderer, registry

Picture = NDArray[np.uint8]
Values = Mapping[str, Mapping[str, Any]]


def as_edits(values: Values) -> dict[str, Any]:
    """Values op -> slot -> number or list, as a plan's edits with the versions of the installed ops."""
    return {op: {"version": registry.ops.load(op).version, "params": dict(slots)} for op, slots in values.items()}


def render(picture: Picture, edits: Mapping[str, Any]) -> Picture:
    """A picture (H, W, 3) uint8 sRGB, edited by the ops themselves, clamped and rounded to 8 bit as a saved file is."""
    if not edits:
        return picture
    plan = Plan.load({"schema": "veraretouch.plan/1", "mode": "param", "edits": dict(edits)})
    return np.asarray(_renderer().render(picture, plan, engine="exact"))


@cache
def _renderer() -> Renderer:
    torch.set_num_threads(1)  # one photo a worker; workers share the cores
    return Renderer()
