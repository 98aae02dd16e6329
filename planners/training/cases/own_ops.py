"""Faults by the ops that also repair, by the distribution of `own_ops.json`, drawn by seed: what an editor's slider
does wrong is not clipped as plain formulas clip, and looks otherwise to who measures it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ....core import strict_json
from ....core.contract.latents import Latents
from ....core.contract.schema import Schema
from ....core.plugins.registry import registry
from ....core.render.renderer import Renderer
from ..spoilings import normal


def distribution() -> Mapping[str, Any]:
    """The distribution, as it was committed."""
    return strict_json.packaged(__name__, "own_ops.json")


def spoil_by_own_ops(rgb: Tensor, seeds: Sequence[Sequence[int]]) -> Tensor:
    """Spoilt pixels (B, 3, H, W), uint8, of (B, 3, H, W) uint8: a row depends on its pixels and its seed, whole
    numbers from 0, alone.
    """
    return torch.cat([_spoilt(photo[None], draw_values(seed)) for photo, seed in zip(rgb, seeds, strict=True)])


def draw_values(seed: Sequence[int]) -> dict[str, float]:
    """The address of each slot that is moved -> its value."""
    rng = np.random.default_rng([distribution()["seed"], *seed])
    found: dict[str, float] = {}
    while not found:
        for family in distribution()["families"].values():
            weights = np.array([one["weight"] for one in family["sets"]], dtype=np.float64)
            chosen = family["sets"][int(rng.choice(len(weights), p=weights / weights.sum()))]
            drawn = {address: normal(rng, about) for address, about in chosen["slots"].items()}
            if rng.random() >= family["absent"]:
                found |= drawn
    return found


def _spoilt(rgb: Tensor, drawn: Mapping[str, float]) -> Tensor:
    values: dict[str, dict[str, Tensor]] = {}
    for address, value in drawn.items():
        op, _, slot = address.rpartition(".")
        values.setdefault(op, {})[slot] = torch.tensor([value], dtype=torch.float32)
    with torch.inference_mode():
        done = _renderer()(rgb.float() / 255, Latents(_schema(tuple(values)), values))
    return (done.clamp(0, 1) * 255).round().to(torch.uint8).clone()


@cache
def _renderer() -> Renderer:
    return Renderer()


@cache
def _schema(ops: tuple[str, ...]) -> Schema:
    return Schema.of([registry.ops.load(op) for op in ops])
