"""The choice of a lattice: the smallest whose error on the photo's own colours stays within the tolerance."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..color.ciede2000 import ciede2000
from ..photo.color.encoding import Floats, Pixels, full_scale, quantise
from ..threads import one_thread
from .cube import ColorMap, Cube

LATTICES = (33, 49, 65)
WIDEST = (-0.5, 1.5)  # of lattices for floats: beyond, they are done exactly
SAMPLE = 2**15
LOOKED_AT = 2**18  # pixels, for extremes
# How far above the 99th percentile a small sample of a large photo is judged: 3.6 standard deviations of chance.
ROOM = 0.2


@dataclass(frozen=True)
class Baked:
    """A cube that holds the tolerance, or None, and the 99th percentile of its CIEDE2000 (the best cube's if none
    does).
    """

    cube: Cube | None
    error: float


def bake_for(
    pixels: Pixels,
    color_map: ColorMap,
    seen: ColorMap,
    *,
    tolerance: float,
    device: torch.device | None = None,
    seen_as_well: Sequence[ColorMap] = (),
) -> Baked:
    """Bake a map of colours for a photo: the smallest lattice whose error is at most `tolerance`, the 99th percentile
    of CIEDE2000. The other arguments are those of `candidates`.
    """
    least = float("inf")
    for baked in candidates(pixels, color_map, seen, device=device, seen_as_well=seen_as_well):
        if baked.error <= tolerance:
            return baked
        least = min(least, baked.error)
    return Baked(None, least)


def candidates(
    pixels: Pixels,
    color_map: ColorMap,
    seen: ColorMap,
    *,
    device: torch.device | None = None,
    seen_as_well: Sequence[ColorMap] = (),
    wide: bool = False,
) -> Iterator[Baked]:
    """The cubes of a map of colours for a photo, each with its error, the smallest lattice first.

    Args:
        pixels: (H, W, 3), uint8, uint16 or float32; of these only colours in [0, 1] count.
        color_map: of colours in [0, 1], in the photo's own encoding, to the result's, unclamped.
        seen: from the result's encoding to sRGB, in which errors are measured.
        seen_as_well: other ways in which the result may be seen; the error is that of the worst.
        wide: let the lattice of floats span what they hold, at most [-0.5, 1.5], in place of [0, 1] alone.
    """
    found, ways = sample(pixels), (seen, *seen_as_well)
    low, high = _span(found) if wide else (0.0, 1.0)
    colours = _on_lattice(found, low, high)
    wanted = color_map(_floats(colours))
    exact = [_shown(wanted, way, pixels) for way in ways]
    judged_at = percentile(pixels.shape[0] * pixels.shape[1])
    for n in LATTICES:
        cube = Cube.of(color_map, n, low=low, high=high)
        made = _floats(cube.apply(colours, device))
        shown = [_shown(made, way, pixels) for way in ways]
        errors = [np.percentile(_differences(right, done), judged_at) for right, done in zip(exact, shown, strict=True)]
        yield Baked(cube, float(max(errors)))


def percentile(pixels: int, seen: int = SAMPLE) -> float:
    """The percentile of a sample that stands for the 99th of a photo of so many pixels, of which it holds `seen`.

    Chance has the less to say the more of the photo the sample holds, and nothing where it holds all (the finite
    population correction of Cochran, Sampling Techniques, 1977, section 2.6).
    """
    return min(100.0, 99 + ROOM * math.sqrt(SAMPLE / seen * max(0.0, 1 - seen / pixels)))


def apart(exact: Floats, made: Floats, seen: ColorMap, photo: Pixels) -> Floats:
    """How far what was made of colours (1, N, 3) is from what is right, CIEDE2000 (1, N): rounded to the photo's depth,
    and in sRGB, which `seen` gives.
    """
    return _differences(_shown(exact, seen, photo), _shown(made, seen, photo))


def _differences(exact: torch.Tensor, made: torch.Tensor) -> Floats:
    """CIEDE2000 of a sample by one thread: of two on a busy machine, either waited for the other at each of its many
    small steps, six times as long as one takes.
    """
    with one_thread():
        return ciede2000(exact, made).numpy()


def sample(pixels: Pixels) -> Pixels:
    """About 33,000 of a photo's colours (1, N, 3), and the extremes of each channel and of colourfulness.

    The photo is divided into cells, and each gives a pixel at random: no pattern of the picture can fall between
        them. The same photo gives the same sample.
    """
    generator = np.random.default_rng(0)
    even, finer = (_one_a_cell(pixels, count, generator) for count in (SAMPLE, LOOKED_AT))
    red, green, blue = channels = np.ascontiguousarray(finer.T)  # rows of three numbers take NumPy ten times as long
    spread = np.maximum(np.maximum(red, green), blue).astype(np.int32 if finer.dtype.kind == "u" else finer.dtype)
    spread -= np.minimum(np.minimum(red, green), blue)
    ends = [finer[pick(channel)] for channel in channels for pick in (np.argmin, np.argmax)]
    vivid = finer[np.argpartition(spread, -min(64, len(finer)))[-64:]]
    return np.ascontiguousarray(np.concatenate([even, np.stack(ends), vivid])[None])


def _one_a_cell(pixels: Pixels, count: int, generator: np.random.Generator) -> Pixels:
    """One colour (N, 3) of each of about so many cells of a photo, at a random place in it; every colour if there are
    no more.
    """
    height, width = pixels.shape[:2]
    colours = pixels.reshape(-1, 3)
    if height * width <= count:
        return colours
    side = (height * width / count) ** 0.5
    down, across = min(height, math.ceil(height / side)), min(width, math.ceil(width / side))
    rows = (np.arange(down)[:, None] + generator.random((down, across))) * (height / down)
    columns = (np.arange(across) + generator.random((down, across))) * (width / across)
    # Rounding may lead just beyond the last.
    places = np.minimum(rows.astype(np.intp), height - 1) * width + np.minimum(columns.astype(np.intp), width - 1)
    # `take` is quicker where it need not bring the whole photo into order first.
    chosen: Pixels = colours.take(places.ravel(), axis=0) if colours.flags.c_contiguous else colours[places.ravel()]
    return chosen


def _span(colours: Pixels) -> tuple[float, float]:
    """The ends of a lattice for floats: [0, 1], and what lies beyond, as far as a lattice is to reach."""
    if colours.dtype.kind == "u":
        return 0.0, 1.0
    return max(WIDEST[0], min(0.0, float(colours.min()))), min(WIDEST[1], max(1.0, float(colours.max())))


def _on_lattice(colours: Pixels, low: float, high: float) -> Pixels:
    """Those within the lattice, since a table holds no others; the nearest ones if there are none."""
    if colours.dtype.kind == "u":
        return colours
    within = ((colours >= low) & (colours <= high)).all(axis=2)
    return colours[within][None] if within.any() else colours.clip(low, high)


def _floats(pixels: Pixels) -> Floats:
    return np.divide(pixels, np.float32(full_scale(pixels.dtype)), dtype=np.float32)


def _shown(colours: Floats, seen: ColorMap, like: Pixels) -> torch.Tensor:
    """What a screen shows: rounded as the photo will be, in sRGB."""
    return torch.from_numpy(np.clip(seen(_floats(quantise(colours, like.dtype))), 0, 1))
