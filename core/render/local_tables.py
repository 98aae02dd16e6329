"""Local adjustments by look-up tables, strip by strip.

Where no more than one mask has a say, composed tables serve, which hold what everything makes of a colour in the
photo's own encoding: one for where every mask is 0, and one for each adjustment, for where its mask is 1 and the others
are 0. Between, two of them are mixed by the mask. Masks that do not depend on the place are within the tables. Where
masks of several adjustments overlap, each chain has a table of its own, applied in turn to floats.

Strips keep memory flat: beyond the photo and the result, only floats of a few rows are held.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Final

import numpy as np
import torch

from ..contract.op import Frame
from ..lut import LATTICES, Baked, ColorMap, Cube
from ..lut.cube import nodes
from ..lut.engine import apart, candidates, percentile, sample
from ..lut.mixing import Box, Patch, cells, covered, mixed, span
from ..photo import ColorSpace, Photo
from ..photo.color.encoding import Floats, Pixels, from_working, full_scale, quantise, to_working
from ..threads import strips, work_by_threads
from .chain import Chain
from .local import Layers, bounds_of, combined
from .report import RenderReport

# Pixels of a strip: large enough for OpenColorIO, small enough for the processor's cache.
_STRIP: Final = 2**18
# What the errors of tables in turn may add up to, of the tolerance. They are judged where masks are 0 and 1; between,
# errors go through colours that nobody judged. On random plans up to a quarter more came out: see lut/local_promise.py
# among the benchmarks.
_KEPT: Final = 0.75
# What the error of composed tables may be, of the tolerance: masks are judged at 0, a half and 1.
_KEPT_COMPOSED: Final = 0.9
# Finer tables are tried while each errs less than this share of the one before.
_FALLS: Final = 0.95


@dataclass(frozen=True)
class _Job:
    """A photo to be rendered by layers of pointwise chains."""

    photo: Photo
    layers: Layers
    tolerance: float
    device: torch.device
    color_space: ColorSpace
    clamp: bool

    @property
    def profile(self) -> bytes | None:
        """That of the result."""
        return self.photo.target(self.color_space)[0]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.photo.height, self.photo.width

    @property
    def chains(self) -> list[Chain]:
        """The whole photo's, at full strength, and each adjustment's."""
        return [replace(self.layers.chain, strength=1.0, neutral=False), *(step.chain for step in self.layers.local)]

    def box(self, place: int) -> Box:
        """The rectangle of the photo that an adjustment's mask may cover, with a pixel around it for rounding."""
        height, width = self.size
        top, bottom, left, right = bounds_of(self.layers.local[place].parts)
        return span(top, bottom, height), span(left, right, width)

    def mask(self, place: int, planes: torch.Tensor, corner: tuple[int, int]) -> Floats:
        """The mask (H, W) of an adjustment over a tile (1, 3, H, W) of the photo before any edit."""
        frame = Frame(*corner, *self.size, self.layers.chain.seed)
        return combined(self.layers.local[place].parts, planes.to(self.device), frame)[0, 0].cpu().numpy()


def render_locally(
    photo: Photo, layers: Layers, *, tolerance: float, device: torch.device, color_space: ColorSpace, clamp: bool
) -> tuple[Photo, RenderReport]:
    """A photo by layers whose chains are all pointwise.

    A chain that no table can follow so far as the tolerance asks runs exactly.
    """
    start = time.perf_counter()
    job = _Job(photo, layers, tolerance, device, color_space, clamp)
    composed, in_turn = _compose(job), _InTurn(job)
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
    late = in_turn.seconds
    timings = {"bake": made - start + late, "render": time.perf_counter() - made - late}
    return photo.with_pixels(pixels, color_space=color_space), _report(layers, composed, in_turn, timings)


@dataclass(frozen=True)
class _Composed:
    """Tables of everything, from the photo's encoding to the result's, unclamped.

    Attributes:
        boxes: the rectangles of the photo that masks which are not within the tables may cover, by the adjustments'
            places.
        tables: for where all these masks are 0, under None, and for where one is 1; None leaves colours as they are.
        error: the worst of their errors, and of those of their mixtures.
    """

    job: _Job
    boxes: Mapping[int, Box]
    tables: Mapping[int | None, Cube | None]
    error: float

    def masks(self, own: Pixels, top: int) -> dict[int, Patch]:
        """What masks cover of a strip (H, W, 3) of the photo that begins at a row, by the adjustments' places."""
        found = {}
        for place, (rows, columns) in self.boxes.items():
            first, last = max(rows.start - top, 0), min(rows.stop - top, len(own))
            if first >= last or columns.start >= columns.stop:
                continue
            planes = planes_of(to_working(own[first:last, columns], self.job.photo.profile))
            mask = self.job.mask(place, planes, (top + first, columns.start))
            if (patch := Patch.of(mask, first, columns.start)) is not None:
                found[place] = patch
        return found

    def apply(self, own: Pixels, masks: Mapping[int, Floats], out: Pixels) -> None:
        """Write pixels (H, W, 3) of the result for those of the photo, where one mask (H, W) at most has a say."""
        strength = self.job.layers.chain.strength if self.job.clamp else 1.0
        (place, mask), *_ = (*masks.items(), (None, None))
        if mask is None or (mask[0, 0] == 1 and mask.min() == 1):
            table = self.tables[place]
            if table is None or strength == 1:
                if table is not None and out.flags.c_contiguous:
                    table.apply(own, out=out)
                else:
                    out[:] = own if table is None else table.apply(own)
                return
            done = table.to_floats(own)
        else:
            low, high = self.tables[None], self.tables[place]
            assert high is not None
            done = mixed(_floats(own) if low is None else low.to_floats(own), high.to_floats(own), mask)
        if strength != 1:
            before = _floats(own)
            done = before + np.float32(strength) * (done.clip(0, 1) - before)
        out[:] = quantise(done, own.dtype)


def _compose(job: _Job) -> _Composed | None:
    """The smallest composed tables whose errors are allowed; None where there are none, and for floats, whose colours
    beyond [0, 1] no table of the photo's own encoding holds.
    """
    layers, photo = job.layers, job.photo
    if photo.pixels.dtype.kind == "f" or job.device.type != "cpu":
        return None
    if job.clamp and layers.chain.strength != 1 and job.profile != photo.profile:
        return None  # what is clamped is not blended in the photo's encoding
    everywhere = [place for place, step in enumerate(layers.local) if not step.placed]
    # Without a chain for the whole photo, what no mask covers stays bit for bit.
    ways = [everywhere, []] if everywhere and layers.chain.steps else [[]]
    return next((made for within in ways if (made := _composed(job, within)) is not None), None)


def _composed(job: _Job, within: Collection[int]) -> _Composed | None:
    """The same with the masks of these adjustments within the tables."""
    placed = tuple(place for place in range(len(job.layers.local)) if place not in within)
    ends: list[int | None] = [None, *placed]
    boxes, left = {place: job.box(place) for place in placed}, not job.layers.chain.steps and not within
    none, full = torch.zeros(1, device=job.device), torch.ones(1, device=job.device)
    states = [{place: full if place == end else none for place in placed} for end in ends]
    judge, last, allowed = _Judge.of(job, placed), float("inf"), _KEPT_COMPOSED * job.tolerance
    for n in LATTICES:
        made = _made(job, nodes(n), states)
        tables = {end: Cube(values.reshape(n, n, n, 3)) for end, values in zip(ends, made, strict=True)}
        held = _Composed(job, boxes, {**tables, None: None} if left else tables, 0.0)
        error = judge.error(held)
        if error <= allowed:
            return replace(held, error=error)
        # At best an error falls with the square of the points; that of mixing does not fall.
        if error > allowed * ((LATTICES[-1] - 1) / (n - 1)) ** 2 or error > _FALLS * last:
            break
        last = error
    return None


@dataclass(frozen=True)
class _Judge:
    """What composed tables are judged by: a sample of the photo's colours, each in a state of the masks, by turns.

    Attributes:
        own: the colours (1, N, 3).
        states: an adjustment, by its place, and the value of its mask, where all other masks are 0.
        exact: what is right for the colours.
    """

    own: Pixels
    states: Sequence[tuple[int | None, float]]
    exact: Floats

    @classmethod
    def of(cls, job: _Job, placed: Sequence[int]) -> _Judge:
        """The states are no mask, each mask alone, and each at a half."""
        own = sample(job.photo.pixels)
        states: list[tuple[int | None, float]] = [
            (None, 0.0),
            *((place, mask) for place in placed for mask in (0.5, 1)),
        ]
        masks = {place: torch.zeros(1, 1, *own.shape[:2]) for place in placed}
        for turn, (place, mask) in enumerate(states):
            if place is not None:
                masks[place][..., turn :: len(states)] = mask
        (exact,) = _made(job, _floats(own), [{place: mask.to(job.device) for place, mask in masks.items()}])
        return cls(own, states, exact)

    def error(self, composed: _Composed) -> float:
        """How far tables are from what is right: the 99th percentile of CIEDE2000, of the worst state."""
        job, turns = composed.job, len(self.states)
        low = composed.tables[None]
        made = _floats(self.own) if low is None else low.to_floats(self.own)
        for turn, (place, mask) in enumerate(self.states):
            high = composed.tables[place]
            if high is not None and mask > 0:
                some = np.ascontiguousarray(made[:, turn::turns])
                changed = high.to_floats(self.own[:, turn::turns])
                made[:, turn::turns] = mixed(some, changed, np.full(some.shape[:2], mask, np.float32))
        found = apart(self.exact, made, lambda colours: to_working(colours, job.profile), job.photo.pixels)
        parts, pixels = [found[0, turn::turns] for turn in range(turns)], job.size[0] * job.size[1]
        return max(float(np.percentile(part, percentile(pixels, len(part)))) for part in parts)


def _made(job: _Job, own: Floats, states: Sequence[Mapping[int, torch.Tensor]]) -> list[Floats]:
    """What everything makes of colours (H, W, 3) in the photo's encoding, in that of the result, in some states of the
    masks; where it is clamped at the end, before that and at full strength.
    """
    chain = replace(job.layers.chain, strength=1.0) if job.clamp else job.layers.chain
    planes = planes_of(to_working(own, job.photo.profile)).to(job.device)
    with torch.no_grad():
        made = replace(job.layers, chain=chain).given(planes, states)
    working = (each[0].permute(1, 2, 0).cpu().numpy() for each in made)
    return [from_working(each, job.profile, own, same_profile=False) for each in working]


class _InTurn:
    """A table for each chain, made when it is first asked for; each adjustment is mixed over the last."""

    def __init__(self, job: _Job) -> None:
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

    def apply(self, own: Pixels, known: Mapping[int, Floats | None], corner: tuple[int, int]) -> Pixels:
        """Pixels (H, W, 3) of the result for those of the photo whose first lies at a corner.

        Args:
            known: masks that are made already, by the adjustments' places; None where it covers nothing.
        """
        job, layers, tables = self.job, self.job.layers, self.tables()
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


def planes_of(pixels: Floats) -> torch.Tensor:
    """(H, W, 3) as (1, 3, H, W) on the same memory."""
    return torch.from_numpy(pixels).permute(2, 0, 1).unsqueeze(0)


def _floats(pixels: Pixels) -> Floats:
    return np.divide(pixels, np.float32(full_scale(pixels.dtype)), dtype=np.float32)


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


def _report(layers: Layers, composed: _Composed | None, in_turn: _InTurn, timings: dict[str, float]) -> RenderReport:
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
