"""A chain of ops as a function of its sliders and of colours, with derivatives, by the renderer.

Ops are pointwise: where each colour is a photo of one pixel, with a row of sliders of its own, a pass backwards gives
the derivatives of a number that comes out by every slider at every colour.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...core.contract.latents import Latents
from ...core.render.renderer import Renderer
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
            done = self.run(line, torch.from_numpy(x).to(colours.dtype).unsqueeze(0), x != 0)
            return done.permute(2, 1, 0, 3)

    def differentiate(
        self, x: Vector, colours: Tensor, moving: NDArray[np.bool_], function: Callable[[Tensor], Tensor]
    ) -> tuple[Tensor, Tensor]:
        """A function of the colours retouched, (N, 3), and its slopes (moving sliders, 3, N),
        in the order of the sliders.
        """
        count = len(colours)
        # The colours three times over, one for each number that comes out: one pass backwards then gives all slopes.
        rows = torch.from_numpy(x).to(colours.dtype).repeat(3 * count, 1).requires_grad_()
        with torch.enable_grad():
            done = self.run(colours.repeat(3, 1, 1, 1), rows, moving | (x != 0))
            found = [function(part) for part in done.chunk(3)]
            each = torch.stack([part[:, i] for i, part in enumerate(found)])
            (slopes,) = torch.autograd.grad(each.sum(), rows)
        kept = torch.from_numpy(np.flatnonzero(moving))
        return found[0].detach(), slopes.reshape(3, count, -1)[:, :, kept].permute(2, 0, 1)

    def run(self, colours: Tensor, rows: Tensor, used: NDArray[np.bool_]) -> Tensor:
        """Colours (B, 3, H, W) retouched by rows (B, all free numbers), of which `used` are not all at rest; unclamped
        and differentiable.
        """
        return self.renderer(colours, self._latents(rows, used), clamp=False)

    def _latents(self, rows: Tensor, used: NDArray[np.bool_]) -> Latents:
        """Latents of rows (B, all free numbers); ops of which nothing is used are absent."""
        places = {op.id: self.sliders.of_op[op.id] for op in self.sliders.ops}
        values = {
            op.id: self.sliders.slots(op, rows[:, places[op.id]], places[op.id])
            for op in self.sliders.ops
            if used[places[op.id]].any()
        }
        return Latents(self.sliders.schema, values, batch=len(rows))
