"""Ops with their values, in order, and how they run: pointwise ones tile by tile, spatial ones in strips that overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor

from .color import at_least_single
from .latents import Latents
from .op import Frame, Op, Params
from .tiles import TILE_PIXELS, fill, one_thread, strips


@dataclass(frozen=True)
class Step:
    """One op with its values for the rows in which it is present."""

    op: Op
    params: Params
    rows: Tensor | None  # None: every row

    def run(self, rgb: Tensor, frame: Frame) -> Tensor:
        params = self.params.at(frame)
        if self.rows is None:
            return self.op.apply(rgb, params)
        return rgb.index_copy(0, self.rows, self.op.apply(rgb.index_select(0, self.rows), params).to(rgb.dtype))


def run(chain: Sequence[Step], rgb: Tensor, *, seed: int = 0, whole: bool = False) -> Tensor:
    """Apply ops to (B, 3, H, W).

    Args:
        whole: no tiles, for autograd.
    """
    for pointwise, steps in groupby(chain, key=lambda step: step.op.pointwise):
        rgb = _run(list(steps), rgb, seed=seed, pointwise=pointwise, whole=whole)
    return rgb


def _run(steps: list[Step], rgb: Tensor, *, seed: int, pointwise: bool, whole: bool) -> Tensor:
    """Apply a run of pointwise ops, or of spatial ones, tile by tile."""
    if not pointwise:
        for step in steps:
            rgb = _run_spatial(step, rgb, seed, traced=whole)
        return rgb
    batch, _, height, width = rgb.shape
    if whole:
        return _chain(steps, rgb, Frame(0, 0, height, width, seed))

    def compute(rows: slice) -> Tensor:
        return _chain(steps, rgb[:, :, rows], Frame(rows.start, 0, height, width, seed))

    rows = strips(height, batch * width, TILE_PIXELS)
    if len(rows) == 1:
        with one_thread():
            return compute(rows[0])
    return fill(torch.empty_like(rgb), rows, compute)


def _chain(steps: list[Step], tile: Tensor, frame: Frame) -> Tensor:
    done = at_least_single(tile).contiguous()
    for step in steps:
        done = step.run(done, frame)
    return done.to(tile.dtype)


def _run_spatial(step: Step, rgb: Tensor, seed: int, *, traced: bool) -> Tensor:
    """A spatial op in strips that overlap by its halo; with a halo of None, on the whole photo."""
    batch, _, height, width = rgb.shape
    whole = Frame(0, 0, height, width, seed)
    halo = step.op.halo(step.params.at(whole), (height, width))
    rows = strips(height, batch * width, 16 * TILE_PIXELS)
    if halo is None or len(rows) == 1 or traced:
        return _chain([step], rgb, whole)

    def compute(part: slice) -> Tensor:
        first, last = max(0, part.start - halo), min(height, part.stop + halo)
        strip = _chain([step], rgb[:, :, first:last], Frame(first, 0, height, width, seed))
        return strip[:, :, part.start - first : part.stop - first]

    return fill(torch.empty_like(rgb), rows, compute)


def at_identity(latents: Latents, id: str, slots: dict[str, Tensor]) -> Tensor:
    """For each row, whether every slot of the op stands exactly at its identity."""
    spec = latents.schema.spec(id)
    batch = next(iter(slots.values())).shape[0]
    idle = torch.ones(batch, dtype=torch.bool)
    for name, value in slots.items():
        identity = spec.slots[name].identity
        if identity is None:
            return torch.zeros(batch, dtype=torch.bool)
        same = value.detach().cpu() == torch.tensor(identity, dtype=value.dtype)
        idle &= same.reshape(batch, -1).all(dim=1)
    return idle
