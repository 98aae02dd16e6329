"""Brush strokes: round dabs along lines, as wide, as hard and as strong as each point says.

Within a stroke the strongest of its capsules counts (a line between two points, thickened), so that it does not add up
where it turns; strokes paint over each other as 1 - (1 - a)(1 - b). They are painted on the grid of the small view.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ...core.color.elementwise import at_least_single, smoothstep
from ...core.contract.area import GROUP, VIEW, Area
from ...core.contract.op import Params
from ...core.contract.slot_kinds import Strokes
from ...core.contract.slots import Slot
from .capsules import Box, Points, boxes_of, strokes_of, strongest
from .refining import refinable, refined

# The softest that an edge must be on the grid, in its pixels, so that its steps are not seen in a large photo.
SOFTEST: Final = 2.0
# Strokes that together cover more pixels than this are painted on a coarser grid: some seconds of work at most.
MOST_PIXELS: Final = 4e7


class Brush(Area):
    """Cover what is painted by strokes of a brush."""

    id = "brush"
    version = 1
    view = True
    strokes = Strokes(group=GROUP, doc="The strokes, a row a point: x, y, radius, hardness, flow, joined.")
    refine = Slot(0.0, low=0.0, high=1.0, group=GROUP, doc="How closely the mask follows edges of the photo.")

    def prepare(self, small: Tensor, p: Params) -> Mapping[str, Any]:
        """The strokes, painted once a photo."""
        strokes = at_least_single(p.strokes)
        size = _grid(p.frame.height, p.frame.width, VIEW)
        painted = torch.stack([_painted(row, size) for row in strokes])
        return refinable(painted.unsqueeze(1), small, at_least_single(p.refine))

    def mask(self, rgb: Tensor, p: Params) -> Tensor:
        """The painted mask over a tile."""
        return refined(rgb, p)


def _grid(height: int, width: int, side: float) -> tuple[int, int]:
    """The size of a photo whose long side is `side` pixels at most."""
    scale = min(1.0, side / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def _painted(strokes: Tensor, size: tuple[int, int]) -> Tensor:
    """The mask (h, w) of strokes (n, 6)."""
    points = strokes.detach().cpu().double().numpy()
    work = sum(box.area for box in boxes_of(_on_grid(points, size), size))
    grid = size if work <= MOST_PIXELS else _grid(*size, max(size) * (MOST_PIXELS / work) ** 0.5)
    paint = _with_gradients if strokes.requires_grad else _without_gradients
    canvas = paint(strokes, _on_grid(points, grid), grid)
    if grid == size:
        return canvas
    return functional.interpolate(canvas[None, None], size=size, mode="bilinear", align_corners=False)[0, 0]


def _without_gradients(strokes: Tensor, placed: Points, size: tuple[int, int]) -> Tensor:
    canvas = np.zeros(size)
    for first, last in strokes_of(placed[:, 5]):
        stroke = strongest(placed[first:last], size, SOFTEST)
        if stroke is not None:
            part = canvas[stroke.box.rows, stroke.box.columns]
            part += stroke.paint * (1 - part)
    return torch.from_numpy(canvas).to(strokes)


def _with_gradients(strokes: Tensor, placed: Points, size: tuple[int, int]) -> Tensor:
    canvas = strokes.new_zeros(size)
    for first, last in strokes_of(placed[:, 5]):
        stroke = strongest(placed[first:last], size, SOFTEST)
        if stroke is None:
            continue
        # Which capsule is strongest where is known now: that one alone is painted again.
        winner = torch.from_numpy(stroke.winner).to(strokes.device)
        paint = _paint(strokes[first:last], winner, stroke.box, size)
        part = canvas[stroke.box.rows, stroke.box.columns].clone()
        canvas[stroke.box.rows, stroke.box.columns] = part + paint * (1 - part)
    return canvas


def _on_grid(points: Points, size: tuple[int, int]) -> Points:
    """Points (n, 6), their places and radii in pixels of a grid."""
    placed = points.copy()
    placed[:, 0] = points[:, 0] * size[1] - 0.5
    placed[:, 1] = points[:, 1] * size[0] - 0.5
    placed[:, 2] = points[:, 2] * max(size)
    return placed


def _paint(points: Tensor, winner: Tensor, box: Box, size: tuple[int, int]) -> Tensor:
    """What one stroke's points (k, 6) paint within a box: of each pixel's strongest capsule, by the index of
    the point where it begins; below 0 none reaches it.
    """
    scale = points.new_tensor([size[1], size[0], max(size), 1, 1, 1])
    placed = points * scale - points.new_tensor([0.5, 0.5, 0, 0, 0, 0])
    start = winner.clamp(min=0)
    x, y, radius, hardness, flow, _ = placed[start].unbind(2)
    ends = placed[(start + 1).clamp(max=len(points) - 1)] - placed[start]
    dx, dy, wider, harder, stronger, _ = ends.unbind(2)
    across = torch.arange(box.left, box.right, dtype=points.dtype, device=points.device) - x
    down = torch.arange(box.top, box.bottom, dtype=points.dtype, device=points.device).unsqueeze(1) - y
    along = ((across * dx + down * dy) / (dx * dx + dy * dy + 1e-6)).clamp(0, 1)
    distance = torch.sqrt((across - along * dx).square() + (down - along * dy).square() + 1e-9)
    reach = (radius + along * wider).clamp(min=1e-3)
    inner = torch.minimum(hardness + along * harder, 1 - SOFTEST / reach).clamp(min=0, max=0.999)
    paint = (flow + along * stronger) * (1 - smoothstep(inner, 1.0, distance / reach))
    return torch.where(winner >= 0, paint, 0.0)
