"""A chain of ops as a function of its sliders and of colours, with derivatives, by the renderer.

Ops are pointwise: where each colour is a photo of one pixel, with a row of sliders of its own, one pass backwards for each of three numbers
that come out gives the derivatives by every slider at every colour.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...core.latents import Latents
from ...core.renderer import Renderer
from .sliders import Sliders, Vector

Array = NDArray[np.float64]


class SliderChain:
    """Ops at the values that free numbers give them, applied to colours (N, 3, 1, 1)."""

    def __init__(self, sliders: Sliders) -> None:
        self.sliders = sliders
        self.renderer = Renderer(sliders.ops)

    def render(self, x: Vector, colours: Tensor) -> Tensor:
        """The colours retouched, unclamped."""
        with torch.no_grad():
            line = colours.permute(2, 1, 0, 3)
            done = self.renderer.apply(line, self._latents(torch.from_numpy(x).unsqueeze(0), x != 0), clamp=False)
            return done.permute(2, 1, 0, 3)

    def differentiate(
        self, x: Vector, colours: Tensor, moving: NDArray[np.bool_], function: Callable[[Tensor], Tensor]
    ) -> tuple[Tensor, Tensor]:
        """A function of the colours retouched, (N, 3), and its slopes (moving sliders, 3, N), in the order of the sliders."""
        rows = torch.from_numpy(x).repeat(len(colours), 1).requires_grad_()
        with torch.enable_grad():
            found = function(self.renderer.apply(colours, self._latents(rows, moving | (x != 0)), clamp=False))
            slopes = [
                torch.autograd.grad(found[:, part].sum(), rows, retain_graph=part < 2, allow_unused=True)[0]
                for part in range(3)
            ]
        kept = torch.from_numpy(np.flatnonzero(moving))
        none = torch.zeros_like(rows)
        stacked = torch.stack([none if slope is None else slope for slope in slopes])
        return found.detach(), stacked[:, :, kept].permute(2, 0, 1)

    def _latents(self, rows: Tensor, used: NDArray[np.bool_]) -> Latents:
        """Latents of rows (B, all free numbers); ops of which nothing is used are absent."""
        places = {op.id: self.sliders.of_op[op.id] for op in self.sliders.ops}
        values = {
            op.id: self.sliders.slots(op, rows[:, places[op.id]], places[op.id])
            for op in self.sliders.ops
            if used[places[op.id]].any()
        }
        return Latents(self.sliders.schema, values, batch=len(rows))
