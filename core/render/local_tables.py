"""Local adjustments by look-up tables: one for the whole photo's chain, one for each adjustment, mixed strip by strip.

Strips keep memory flat: beyond the photo and the result, only floats of a few rows are held.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import torch

from ..contract.op import Frame
from ..lut import Baked, ColorMap, Cube
from ..lut.engine import candidates, sample
from ..photo import ColorSpace, Photo
from ..photo.color.encoding import Floats, Pixels, from_working, to_working
from ..threads import strips, work_by_threads
from .chain import Chain
from .local import Layers
from .report import RenderReport

# Pixels of a strip: large enough for OpenColorIO, small enough for the processor's cache.
_STRIP: Final = 2**17
# What the tables' errors may add up to, of the tolerance. They are judged where masks are 0 and 1; between, errors go
# through colours that nobody judged. On random plans up to a quarter more came out: see lut/local_promise.py among the
# benchmarks.
_KEPT: Final = 0.75


def render_locally(
    photo: Photo, layers: Layers, *, tolerance: float, device: torch.device, color_space: ColorSpace, clamp: bool
) -> tuple[Photo, RenderReport]:
    """A photo by layers whose chains are all pointwise.

    The tables' errors add up to three quarters of the tolerance at most; a chain that no table can follow so far runs
    exactly.
    """
    start = time.perf_counter()
    chains = [replace(layers.chain, strength=1.0, neutral=False), *(step.chain for step in layers.local)]
    baked = _bake(photo, chains, _KEPT * tolerance, device)
    made = time.perf_counter()
    maps = [chain.color_map(device) for chain in chains]
    profile, _ = photo.target(color_space)
    pixels = np.empty_like(photo.pixels)
    height, width = photo.pixels.shape[:2]

    def compute(rows: slice) -> None:
        own = photo.pixels[rows]
        before = to_working(own, photo.profile)
        done = mapped(before, baked[0], maps[0]) if chains[0].steps else before.copy()
        planes, frame = planes_of(before), Frame(rows.start, 0, height, width, layers.chain.seed)
        for step, table, color_map in zip(layers.local, baked[1:], maps[1:], strict=True):
            weight = step.weight(planes.to(device), frame)[0, 0].cpu().numpy()
            if (box := covered(weight)) is not None:
                tile = np.ascontiguousarray(done[box])
                changed = torch.from_numpy(mapped(tile, table, color_map))
                mixed = torch.from_numpy(tile).lerp_(changed, torch.from_numpy(weight[box]).unsqueeze(2))
                done[box] = mixed.numpy()
        finished = layers.chain.finish(planes, planes_of(done), clamp=clamp)[0].permute(1, 2, 0).numpy()
        pixels[rows] = from_working(finished, profile, own, same_profile=profile == photo.profile)

    with torch.no_grad():
        work_by_threads(strips(height, width, _STRIP), compute)
    timings = {"bake": made - start, "render": time.perf_counter() - made}
    return photo.with_pixels(pixels, color_space=color_space), _report(layers, baked, timings)


def covered(weight: Floats) -> tuple[slice, slice] | None:
    """The rows and columns of a weight (H, W) beyond which it is 0; None where it is 0 everywhere."""
    spans = []
    for axis in (1, 0):
        (found,) = np.nonzero(weight.any(axis=axis))
        if not len(found):
            return None
        spans.append(slice(int(found[0]), int(found[-1]) + 1))
    return spans[0], spans[1]


def mapped(pixels: Floats, table: Baked | None, color_map: ColorMap) -> Floats:
    """What a chain makes of colours (H, W, 3), by its table where there is one; what lies beyond it exactly."""
    cube = None if table is None else table.cube
    return color_map(pixels) if cube is None else by_table(pixels, cube, color_map)


def by_table(before: Floats, cube: Cube, color_map: ColorMap, device: torch.device | None = None) -> Floats:
    """Colours (H, W, 3) by a table; floats beyond the lattice are done exactly."""
    after: Floats = cube.apply(before, device)
    for rows in strips(before.shape[0], before.shape[1], _STRIP):
        part = before[rows]
        if part.min() < cube.low or part.max() > cube.high:
            beyond = ((part < cube.low) | (part > cube.high)).any(axis=2)
            after[rows][beyond] = color_map(part[beyond][None])[0]
    return after


def planes_of(pixels: Floats) -> torch.Tensor:
    """(H, W, 3) as (1, 3, H, W) on the same memory."""
    return torch.from_numpy(pixels).permute(2, 0, 1).unsqueeze(0)


def _bake(photo: Photo, chains: Sequence[Chain], tolerance: float, device: torch.device) -> list[Baked | None]:
    """A table for each chain; None where it has no ops.

    All begin with the smallest lattice; while their errors add up to more than the tolerance, the one that errs most
    takes a larger one, and after the largest none.
    """
    trials = list(_trials(photo, chains, device))
    found = [next(trial, None) for trial in trials]
    while sum(baked.error for baked in found if baked is not None and baked.cube is not None) > tolerance:
        used = [
            (baked.error, place) for place, baked in enumerate(found) if baked is not None and baked.cube is not None
        ]
        error, place = max(used)
        found[place] = next(trials[place], Baked(None, error))
    return found


def _trials(photo: Photo, chains: Sequence[Chain], device: torch.device) -> Iterator[Iterator[Baked]]:
    """The tables that each chain may have; none where it has no ops.

    Each is judged on colours that reach it, where masks are 1 and where they are 0, and by what the later chains may
    make of its errors: all of them, each alone, or none.
    """
    colours = to_working(sample(photo.pixels), photo.profile)
    for place, chain in enumerate(chains):
        if not chain.steps:
            yield iter(())
            continue
        later = [other.steps for other in chains[place + 1 :]]
        ways = [(), tuple(step for steps in later for step in steps), *(later if len(later) > 1 else [])]
        seen = [replace(chain, steps=steps).color_map(device) for steps in ways]
        color_map = chain.color_map(device)
        yield candidates(colours, color_map, seen[0], device=device, seen_as_well=seen[1:], wide=True)
        changed = color_map(colours)
        colours = changed if place == 0 else _thinned(np.concatenate([colours, changed], axis=1))


def _thinned(colours: Pixels) -> Pixels:
    """Every other colour (1, N, 3), where there are more than a table is judged by."""
    return colours[:, ::2] if colours.shape[1] > 2**17 else colours


def _report(layers: Layers, baked: Sequence[Baked | None], timings: dict[str, float]) -> RenderReport:
    held = [table for table in baked if table is not None and table.cube is not None]
    if not held:
        error = max((table.error for table in baked if table is not None), default=None)
        return RenderReport("exact", layers.ids, error=error, timings=timings, local=layers.names)
    lattice = max(table.cube.size for table in held if table.cube is not None)
    return RenderReport("lut", layers.ids, lattice, sum(table.error for table in held), timings, local=layers.names)
