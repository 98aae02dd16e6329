"""Whether each group moves what it is for: light without colour, colour without light.

Our own measure; the paper (arXiv 2604.27375) claims decoupled groups and, as far as we know, gives no formula. A
planner's latents of one group alone are rendered, without the final clamp. In OkLab (Ottosson 2020), the move of light
is the root mean square of L' - L over the pixels; that of colour is that of (a', b') - (a, b) L'/L: more light on a
surface scales L, a and b alike, which is no change of colour. Of `lighting`, the share of colour in the whole move is
leakage; of `global_color` and `specific_color`, the share of light. 0: a group moves its own attribute alone; 1: only
the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor

from ...core.color.oklab import OkLab, oklab
from ...core.contract.slots import GROUPS
from ...core.plan.plan import Plan
from ...core.render.renderer import Renderer

LIGHT: Final = "lighting"
# Moves of less are not seen, and their shares mean nothing.
LEAST: Final = 1e-3
# Where L is less, L'/L says nothing.
_DARK: Final = 0.05


def alone(rgb: Tensor, plan: Plan, renderer: Renderer) -> dict[str, Tensor]:
    """Pixels (1, 3, H, W) by each of the three groups of a plan alone, unclamped;
    a plugin's own groups are not judged.
    """
    if not plan.edits:
        return dict.fromkeys(GROUPS, rgb)
    latents = plan.latents()
    with torch.no_grad():
        return {group: renderer(rgb, latents.masked([{group}]), clamp=False) for group in GROUPS}


def leakage(rgb: Tensor, rendered: Mapping[str, Tensor]) -> dict[str, float]:
    """The leakage, in [0, 1], of each group that moves pixels (1, 3, H, W) visibly, from what `alone` gave."""
    found = {}
    before = oklab(rgb)
    for group, made in rendered.items():
        light, colour = moves(before, oklab(made))
        whole = (light**2 + colour**2) ** 0.5
        if whole >= LEAST:
            found[group] = (colour if group == LIGHT else light) / whole
    return found


def moves(before: OkLab, after: OkLab) -> tuple[float, float]:
    """How far light and colour moved between pixels of OkLab, each plane (1, 1, H, W)."""
    scale = after.L / before.L.clamp(min=_DARK)
    scale = torch.where(before.L < _DARK, torch.ones_like(scale), scale)
    colour = (after.a - before.a * scale).square() + (after.b - before.b * scale).square()
    return float((after.L - before.L).square().mean().sqrt()), float(colour.mean().sqrt())
