"""Rendering by look-up tables: one for a photo whose ops are all pointwise,
else one for each run between spatial ops.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ..lut import Baked, ColorMap, Cube, bake_for
from ..photo import ColorSpace, Photo
from ..photo.color.encoding import Floats, from_working, to_working
from ..photo.photo_input import PhotoInput
from ..threads import TILE_PIXELS, strips
from .chain import Chain
from .report import RenderReport


@dataclass(frozen=True)
class Tables:
    """How tables are made and used; see `Renderer.render_reported`."""

    device: torch.device
    tolerance: float
    color_space: ColorSpace
    reuse: bool

    def render(self, subject: PhotoInput, chain: Chain, *, clamp: bool) -> tuple[Any, RenderReport]:
        """The rendered photo, or None with what was found on the way where no table is within the tolerance."""
        photo = subject.held
        if photo is None or not chain.steps or chain.strength == 0:
            return None, RenderReport("exact")
        if chain.pointwise and photo.has_colour_encoding:
            done, report = self._in_own_encoding(photo, chain, clamp)
            return subject.hand_over(done) if done is not None else None, report
        rgb, report = self._between_spatial_ops(photo, chain, clamp)
        return subject.give_back(rgb, color_space=self.color_space), report

    def _in_own_encoding(self, photo: Photo, chain: Chain, clamp: bool) -> tuple[Photo | None, RenderReport]:
        """One table in the photo's own encoding and depth: no pixel takes a trip through floats."""
        start = time.perf_counter()
        profile, _ = photo.target(self.color_space)
        in_working = chain.color_map(self.device, clamp=clamp)

        def color_map(colours: Floats) -> Floats:
            return from_working(in_working(to_working(colours, photo.profile)), profile, colours, same_profile=False)

        baked = bake_for(
            photo.pixels,
            color_map,
            lambda colours: to_working(colours, profile),
            tolerance=self.tolerance,
            device=self.device,
        )
        made = time.perf_counter()
        if baked.cube is None:
            return None, RenderReport("exact", error=baked.error, timings={"bake": made - start})
        if photo.pixels.dtype.kind == "f":
            pixels = _floats_by_table(photo.pixels, baked.cube, color_map, self.device)
            pixels = pixels.clip(0, 1, out=pixels) if clamp else pixels
        else:
            pixels = baked.cube.apply(photo.pixels, self.device, in_place=self.reuse and photo.pixels.flags.writeable)
        timings = {"bake": made - start, "render": time.perf_counter() - made}
        done = photo.with_pixels(pixels, color_space=self.color_space)
        return done, RenderReport("lut", chain.ids, baked.cube.size, baked.error, timings)

    def _between_spatial_ops(self, photo: Photo, chain: Chain, clamp: bool) -> tuple[Tensor, RenderReport]:
        """Working floats (1, 3, H, W), by a table where ops are pointwise and one holds its share of the tolerance."""
        runs = list(chain.runs())
        tolerance = self.tolerance / max(1, sum(run.pointwise for run in runs))
        start = time.perf_counter()
        before = done = photo.working()
        timings = {"convert": time.perf_counter() - start, "bake": 0.0, "render": 0.0}
        tried: list[Baked] = []
        for place, run in enumerate(runs):
            start = made = time.perf_counter()
            color_map, cube = run.color_map(self.device), None
            if run.pointwise:
                # Errors are judged by what the later pointwise ops make of them.
                later = tuple(step for other in runs[place + 1 :] if other.pointwise for step in other.steps)
                seen = replace(run, steps=later).color_map(self.device)
                tried.append(bake_for(done, color_map, seen, tolerance=tolerance, device=self.device))
                cube, made = tried[-1].cube, time.perf_counter()
            done = color_map(done) if cube is None else _floats_by_table(done, cube, color_map, self.device)
            timings["bake"] += made - start
            timings["render"] += time.perf_counter() - made
        finished = chain.finish(_planes(before), _planes(done), clamp=clamp)
        used = [(baked.cube.size, baked.error) for baked in tried if baked.cube is not None]
        if not used:
            error = max((baked.error for baked in tried), default=None)
            return finished, RenderReport("exact", chain.ids, error=error, timings=timings)
        sizes, errors = zip(*used, strict=True)
        return finished, RenderReport("lut", chain.ids, max(sizes), sum(errors), timings)


def _floats_by_table(before: Floats, cube: Cube, color_map: ColorMap, device: torch.device) -> Floats:
    """What lies beyond the lattice, floats outside [0, 1], is done exactly."""
    after = cube.apply(before, device)
    for rows in strips(before.shape[0], before.shape[1], 16 * TILE_PIXELS):
        beyond = ((before[rows] < 0) | (before[rows] > 1)).any(axis=2)
        if beyond.any():
            after[rows][beyond] = color_map(before[rows][beyond][None])[0]
    return after


def _planes(pixels: Floats) -> Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1).unsqueeze(0)
