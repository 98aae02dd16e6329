"""Rendering by look-up tables: one for a photo whose ops are all pointwise,
else one for each run between spatial ops.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ...lut import Baked, ColorMap, bake_for
from ...photo import ColorSpace, Photo
from ...photo.color.encoding import Floats, from_working, to_working
from ...photo.photo_input import PhotoInput
from ..chain import Chain
from ..local import Layers
from ..report import RenderReport
from .in_turn import by_table
from .local import render_locally
from .local_job import planes_of


@dataclass(frozen=True)
class Tables:
    """How tables are made and used; see `Renderer.render_reported`."""

    device: torch.device
    tolerance: float
    color_space: ColorSpace
    reuse: bool

    def render(self, subject: PhotoInput, layers: Layers, *, clamp: bool) -> tuple[Any, RenderReport]:
        """The rendered photo, or None with what was found on the way where no table is within the tolerance."""
        photo, chain = subject.held, layers.chain
        if photo is None or not (chain.steps or layers.local) or chain.strength == 0:
            return None, RenderReport("exact")
        if layers.local and layers.pointwise and photo.has_colour_encoding:
            made, report = render_locally(
                photo,
                layers,
                tolerance=self.tolerance,
                device=self.device,
                color_space=self.color_space,
                clamp=clamp,
            )
            return None if made is None else subject.hand_over(made), report
        if not layers.local and chain.pointwise and photo.has_colour_encoding:
            done, report = self._by_one_table(photo, chain, clamp)
            return subject.hand_over(done) if done is not None else None, report
        rgb, report = self._between_spatial_ops(photo, layers, clamp)
        return subject.give_back(rgb, color_space=self.color_space), report

    def in_own_encoding(self, photo: Photo, chain: Chain, clamp: bool) -> ColorMap:
        """A pointwise chain as a map from the photo's own encoding, in [0, 1], to that of the result."""
        profile, _ = photo.target(self.color_space)
        in_working = chain.color_map(self.device, clamp=clamp)

        def color_map(colours: Floats) -> Floats:
            return from_working(in_working(to_working(colours, photo.profile)), profile, colours, same_profile=False)

        return color_map

    def bake(self, photo: Photo, color_map: ColorMap) -> Baked:
        """The smallest table of such a map that holds the tolerance on the photo's colours."""
        profile, _ = photo.target(self.color_space)
        return bake_for(
            photo.pixels,
            color_map,
            lambda colours: to_working(colours, profile),
            tolerance=self.tolerance,
            device=self.device,
        )

    def _by_one_table(self, photo: Photo, chain: Chain, clamp: bool) -> tuple[Photo | None, RenderReport]:
        """One table in the photo's own encoding and depth: no pixel takes a trip through floats."""
        start = time.perf_counter()
        color_map = self.in_own_encoding(photo, chain, clamp)
        baked = self.bake(photo, color_map)
        made = time.perf_counter()
        if baked.cube is None:
            return None, RenderReport("exact", error=baked.error, timings={"bake": made - start})
        if photo.pixels.dtype.kind == "f":
            pixels = by_table(photo.pixels, baked.cube, color_map, self.device)
            pixels = pixels.clip(0, 1, out=pixels) if clamp else pixels
        else:
            own = photo.pixels
            into = own if self.reuse and own.flags.writeable and own.flags.c_contiguous else None
            pixels = baked.cube.apply(own, self.device, out=into)
        timings = {"bake": made - start, "render": time.perf_counter() - made}
        done = photo.with_pixels(pixels, color_space=self.color_space)
        return done, RenderReport("lut", chain.ids, baked.cube.size, baked.error, timings)

    def _between_spatial_ops(self, photo: Photo, layers: Layers, clamp: bool) -> tuple[Tensor, RenderReport]:
        """Working floats (1, 3, H, W), by a table where ops are pointwise and one holds its share of the tolerance.

        Local adjustments over it run exactly.
        """
        runs = list(layers.chain.runs())
        tolerance = self.tolerance / max(1, sum(run.pointwise for run in runs))
        start = time.perf_counter()
        before = done = photo.working()
        timings = {"convert": time.perf_counter() - start, "bake": 0.0, "render": 0.0}
        tried: list[Baked] = []
        local = [step.chain.steps for step in layers.local if step.chain.pointwise]
        for place, run in enumerate(runs):
            start = made = time.perf_counter()
            color_map, cube = run.color_map(self.device), None
            if run.pointwise:
                # Errors are judged by what the later pointwise ops make of them, with local adjustments and without.
                later = tuple(step for other in runs[place + 1 :] if other.pointwise for step in other.steps)
                ways = [later, *(later + steps for steps in local)]
                seen = [replace(run, steps=steps).color_map(self.device) for steps in ways]
                tried.append(
                    bake_for(done, color_map, seen[0], tolerance=tolerance, device=self.device, seen_as_well=seen[1:])
                )
                cube, made = tried[-1].cube, time.perf_counter()
            done = color_map(done) if cube is None else by_table(done, cube, color_map, self.device)
            timings["bake"] += made - start
            timings["render"] += time.perf_counter() - made
        start = time.perf_counter()
        finished = layers.over(planes_of(before).to(self.device), planes_of(done).to(self.device), clamp=clamp).cpu()
        timings["render"] += time.perf_counter() - start
        used = [(baked.cube.size, baked.error) for baked in tried if baked.cube is not None]
        if not used:
            error = max((baked.error for baked in tried), default=None)
            return finished, RenderReport("exact", layers.ids, error=error, timings=timings, local=layers.names)
        sizes, errors = zip(*used, strict=True)
        return finished, RenderReport("lut", layers.ids, max(sizes), sum(errors), timings, local=layers.names)
