"""Local adjustments by look-up tables, strip by strip: by composed tables where one mask at most has a say, else by a
table for each chain in turn.

Strips keep memory flat: beyond the photo and the result, only floats of a few rows are held.
"""

from __future__ import annotations

import time
from typing import Final

import numpy as np
import torch

from ...lut.mixing import cells
from ...photo import ColorSpace, Photo
from ...threads import work_by_threads
from ..local import Layers
from ..report import RenderReport
from .composed import Composed, compose
from .in_turn import InTurn
from .local_job import LocalJob

# Pixels of a strip: large enough for OpenColorIO, small enough for the processor's cache.
_STRIP: Final = 2**18


def render_locally(
    photo: Photo, layers: Layers, *, tolerance: float, device: torch.device, color_space: ColorSpace, clamp: bool
) -> tuple[Photo | None, RenderReport]:
    """A photo by layers whose chains are all pointwise; None where what came of it errs more than the tolerance.

    A chain that no table can follow so far as the tolerance asks runs exactly.
    """
    start = time.perf_counter()
    job = LocalJob(photo, layers, tolerance, device, color_space, clamp)
    composed, in_turn = compose(job), InTurn(job)
    made = time.perf_counter()
    pixels = np.empty_like(photo.pixels)

    def compute(rows: slice) -> None:
        own = photo.pixels[rows]
        if composed is None:
            pixels[rows] = in_turn.apply(own, {}, (rows.start, 0))
            return
        masks = composed.masks(own, rows.start)
        for (down, across), places in cells({place: patch.box for place, patch in masks.items()}, *own.shape[:2]):
            here = {place: masks[place].within((down, across)) for place in places}
            if len(here) > 1:
                here = {place: part for place, part in here.items() if part.any()}
            cell = np.ascontiguousarray(own[down, across])
            if len(here) < 2:
                composed.apply(cell, here, pixels[rows][down, across])
            else:
                known = dict.fromkeys(composed.boxes) | here
                corner = rows.start + down.start, across.start
                pixels[rows][down, across] = in_turn.apply(cell, known, corner)

    # Cut at the same rows for any number of threads: which tables serve a pixel depends on the strip.
    height, width = job.size
    tall = max(1, _STRIP // width)
    with torch.no_grad():
        work_by_threads([slice(top, min(top + tall, height)) for top in range(0, height, tall)], compute)
        error = in_turn.error(pixels) if in_turn.baked else 0.0
    late = in_turn.seconds
    timings = {"bake": made - start + late, "render": time.perf_counter() - made - late}
    if error > tolerance:
        return None, RenderReport("exact", layers.ids, error=error, timings=timings, local=layers.names)
    return photo.with_pixels(pixels, color_space=color_space), _report(layers, composed, in_turn, timings)


def _report(layers: Layers, composed: Composed | None, in_turn: InTurn, timings: dict[str, float]) -> RenderReport:
    """What came of it; the errors of tables that none was good enough of are those of chains in turn."""
    held = [table for table in in_turn.baked if table is not None and table.cube is not None]
    cubes = [table.cube for table in held]
    errors = [sum(table.error for table in held)] if held else []
    if composed is not None:
        cubes += composed.tables.values()
        errors.append(composed.error)
    sizes = [cube.size for cube in cubes if cube is not None]
    if not sizes:
        error = max((table.error for table in in_turn.baked if table is not None), default=None)
        return RenderReport("exact", layers.ids, error=error, timings=timings, local=layers.names)
    return RenderReport("lut", layers.ids, max(sizes), max(errors), timings, local=layers.names)
