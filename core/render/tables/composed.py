"""Composed tables, which hold what everything makes of a colour in the photo's own encoding.

There is one for where every mask is 0, and one for each adjustment, for where its mask is 1 and the others are 0.
Between, two of them are mixed by the mask. Masks that do not depend on the place are within the tables.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import torch

from ...lut import LATTICES, Cube
from ...lut.cube import nodes
from ...lut.engine import apart, percentile, sample
from ...lut.mixing import Box, Patch, mixed
from ...photo.color.encoding import Floats, Pixels, from_working, quantise, to_working
from ...threads import WORTH_SHARING, one_thread
from .local_job import LocalJob, floats_of, planes_of

# What their error may be, of the tolerance: masks are judged at 0, a half and 1.
_KEPT: Final = 0.9
# Finer tables are tried while each errs less than this share of the one before.
_FALLS: Final = 0.95


@dataclass(frozen=True)
class Composed:
    """Tables of everything, from the photo's encoding to the result's, unclamped.

    Attributes:
        boxes: the rectangles of the photo that masks which are not within the tables may cover, by the adjustments'
            places.
        profiles: these masks over the whole photo, where one row or column tells them.
        tables: for where all these masks are 0, under None, and for where one is 1; None leaves colours as they are.
        error: the worst of their errors, and of those of their mixtures.
    """

    job: LocalJob
    boxes: Mapping[int, Box]
    profiles: Mapping[int, Floats | None]
    tables: Mapping[int | None, Cube | None]
    error: float

    def masks(self, own: Pixels, top: int) -> dict[int, Patch]:
        """What masks cover of a strip (H, W, 3) of the photo that begins at a row, by the adjustments' places."""
        found = {}
        for place, (rows, columns) in self.boxes.items():
            first, last = max(rows.start - top, 0), min(rows.stop - top, len(own))
            if first >= last or columns.start >= columns.stop:
                continue
            if (profile := self.profiles[place]) is not None:
                mask = profile[top + first : top + last, columns]
            else:
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
            done = mixed(floats_of(own) if low is None else low.to_floats(own), high.to_floats(own), mask)
        if strength != 1:
            before = floats_of(own)
            done = before + np.float32(strength) * (done.clip(0, 1) - before)
        out[:] = quantise(done, own.dtype)


def compose(job: LocalJob) -> Composed | None:
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


def _composed(job: LocalJob, within: Collection[int]) -> Composed | None:
    """The same with the masks of these adjustments within the tables."""
    placed = tuple(place for place in range(len(job.layers.local)) if place not in within)
    ends: list[int | None] = [None, *placed]
    boxes, profiles = {place: job.box(place) for place in placed}, {place: job.alike(place) for place in placed}
    left = not job.layers.chain.steps and not within
    none, full = torch.zeros(1, device=job.device), torch.ones(1, device=job.device)
    states = [{place: full if place == end else none for place in placed} for end in ends]
    judge, last, allowed = _Judge.of(job, placed), float("inf"), _KEPT * job.tolerance
    for n in LATTICES:
        made = _made(job, nodes(n), states)
        tables = {end: Cube(values.reshape(n, n, n, 3)) for end, values in zip(ends, made, strict=True)}
        held = Composed(job, boxes, profiles, {**tables, None: None} if left else tables, 0.0)
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
    def of(cls, job: LocalJob, placed: Sequence[int]) -> _Judge:
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
        (exact,) = _made(job, floats_of(own), [{place: mask.to(job.device) for place, mask in masks.items()}])
        return cls(own, states, exact)

    def error(self, composed: Composed) -> float:
        """How far tables are from what is right: the 99th percentile of CIEDE2000, of the worst state."""
        with one_thread():
            found = self._differences(composed)
        turns, (height, width) = len(self.states), composed.job.size
        parts = [found[0, turn::turns] for turn in range(turns)]
        return max(float(np.percentile(part, percentile(height * width, len(part)))) for part in parts)

    def _differences(self, composed: Composed) -> Floats:
        job, turns = composed.job, len(self.states)
        low = composed.tables[None]
        made = floats_of(self.own) if low is None else low.to_floats(self.own)
        for turn, (place, mask) in enumerate(self.states):
            high = composed.tables[place]
            if high is not None and mask > 0:
                some = np.ascontiguousarray(made[:, turn::turns])
                changed = high.to_floats(self.own[:, turn::turns])
                made[:, turn::turns] = mixed(some, changed, np.full(some.shape[:2], mask, np.float32))
        return apart(self.exact, made, lambda colours: to_working(colours, job.profile), job.photo.pixels)


def _made(job: LocalJob, own: Floats, states: Sequence[Mapping[int, torch.Tensor]]) -> list[Floats]:
    """What everything makes of colours (H, W, 3) in the photo's encoding, in that of the result, in some states of the
    masks; where it is clamped at the end, before that and at full strength.
    """
    chain = replace(job.layers.chain, strength=1.0) if job.clamp else job.layers.chain
    planes = planes_of(to_working(own, job.photo.profile)).to(job.device)
    # Threads that share steps as small as these wait for each other, several times as long as one takes.
    few = own.shape[0] * own.shape[1] <= WORTH_SHARING
    with one_thread() if few else nullcontext(), torch.no_grad():
        made = replace(job.layers, chain=chain).given(planes, states)
    working = (each[0].permute(1, 2, 0).cpu().numpy() for each in made)
    return [from_working(each, job.profile, own, same_profile=False) for each in working]
