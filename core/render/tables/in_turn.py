"""A table for each chain, each adjustment mixed over the last, in floats: where masks of several adjustments overlap,
and where composed tables do not serve.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from threading import Lock
from typing import Final

import numpy as np
import torch

from ...color.ciede2000 import ciede2000
from ...lut import Baked, ColorMap, Cube
from ...lut.engine import candidates, percentile, sample
from ...lut.mixing import covered, mixed
from ...photo import Photo
from ...photo.color.encoding import Floats, Pixels, from_working, to_working
from ...threads import strips
from ..chain import Chain
from .local_job import LocalJob, planes_of

# What the errors of the tables may add up to, of the tolerance. They are judged where masks are 0 and 1; between,
# errors go through colours that nobody judged. On random plans up to a quarter more came out: see lut/local_promise.py
# among the benchmarks.
_KEPT: Final = 0.75
# So many pixels of the result, in so many bands of rows, are compared with those of the ops.
_CHECKED, _BANDS = 2**13, 8
# Pixels of a strip in which those beyond a table are looked for.
_STRIP: Final = 2**17


class InTurn:
    """A table for each chain, made when it is first asked for; each adjustment is mixed over the last."""

    def __init__(self, job: LocalJob) -> None:
        self.job = job
        self.maps = [chain.color_map(job.device) for chain in job.chains]
        self.baked: list[Baked | None] = []
        self.seconds = 0.0
        self._lock = Lock()

    def tables(self) -> list[Baked | None]:
        """A table for each chain, None where it has no ops; how long they took is in `seconds`."""
        with self._lock:
            if not self.baked:
                start = time.perf_counter()
                self.baked = _bake(self.job.photo, self.job.chains, _KEPT * self.job.tolerance, self.job.device)
                self.seconds = time.perf_counter() - start
            return self.baked

    def error(self, made: Pixels) -> float:
        """How far a result is from what the ops make: the 99th percentile of CIEDE2000, by some of its rows.

        Tables are judged one by one, on colours before they are rounded: only here is seen what comes of all.
        """
        (height, width), profile = self.job.size, self.job.profile
        tall, found = max(1, min(height, _CHECKED // width) // _BANDS), []
        for top in range(tall // 2, height, max(tall, height // _BANDS)):
            rows = slice(top, top + tall)
            exact = self.apply(self.job.photo.pixels[rows], {}, (top, 0), exactly=True)
            both = (torch.from_numpy(to_working(each, profile).clip(0, 1)) for each in (exact, made[rows]))
            found.append(ciede2000(*both).numpy().ravel())
        seen = np.concatenate(found)
        return float(np.percentile(seen, percentile(height * width, len(seen))))

    def apply(
        self, own: Pixels, known: Mapping[int, Floats | None], corner: tuple[int, int], *, exactly: bool = False
    ) -> Pixels:
        """Pixels (H, W, 3) of the result for those of the photo whose first lies at a corner.

        Args:
            known: masks that are made already, by the adjustments' places; None where it covers nothing.
            exactly: by the ops, without tables.
        """
        job, layers = self.job, self.job.layers
        tables: Sequence[Baked | None] = [None] * len(self.maps) if exactly else self.tables()
        before = to_working(own, job.photo.profile)
        planes = planes_of(before)
        done = mapped(before, tables[0], self.maps[0]) if job.chains[0].steps else before.copy()
        for place, (step, table, color_map) in enumerate(zip(layers.local, tables[1:], self.maps[1:], strict=True)):
            mask = known[place] if place in known else job.mask(place, planes, corner)
            if mask is not None and (box := covered(mask)) is not None:
                tile = np.ascontiguousarray(done[box])
                weight = float(step.strength) * mask[box]
                done[box] = mixed(tile, mapped(tile, table, color_map), weight)
        finished = layers.chain.finish(planes, planes_of(done), clamp=job.clamp)[0].permute(1, 2, 0).numpy()
        return from_working(finished, job.profile, own, same_profile=job.profile == job.photo.profile)


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
