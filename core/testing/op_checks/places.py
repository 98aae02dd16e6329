"""Checks of where an op looks: at the pixel alone, at neighbours within its halo,
at shares of the photo and not at pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ...contract.op import Frame, Params
from ..inputs.pixels import ordinary, scene
from ..inputs.smallest import Values
from ..inputs.specimen import first_bad, largest
from ..verdict import advice, shown_by
from .behaviour import EXACT
from .specimen import OpSpecimen

# Of a preview, blocks of so many pixels are compared.
BLOCK = 16
# Less than what 8 bits and an eye tell apart in a flat patch.
VISIBLE = 0.015


def pointwise(specimen: OpSpecimen) -> Iterator[str]:
    """`pointwise = True` holds: a pixel depends on itself and the slots alone, wherever it lies."""
    if not specimen.op.pointwise:
        return
    settings = specimen.draw(1, seed=6)
    words = specimen.words(settings, 0)
    photo = ordinary(1, 6, 7, seed=6)
    done = specimen.apply(photo, settings.values)
    cure = "Declare pointwise = False and a halo()."
    order = torch.randperm(42, generator=torch.Generator().manual_seed(6))
    shuffled = specimen.apply(_reorder(photo, order), settings.values)
    worst = largest(shuffled, _reorder(done, order))
    if worst > EXACT:
        yield advice("shuffled pixels to give the shuffled picture", f"a difference of {worst:.2g}", words, cure)
        return
    poked = photo.clone()
    poked[:, :, 2, 3] = 1 - poked[:, :, 2, 3]
    moved = (specimen.apply(poked, settings.values) - done).abs().amax(dim=1)[0]
    moved[2, 3] = 0
    if float(moved.max()) > EXACT:
        yield advice(
            "one changed pixel to change no other",
            f"another pixel that moved by {float(moved.max()):.2g}",
            f"pixel (2, 3) of a photo of 6 x 7 changed, {words}",
            cure,
        )
        return
    elsewhere = specimen.apply(photo, settings.values, Frame(40, 20, 100, 80, seed=9))
    if (worst := largest(elsewhere, done)) > EXACT:
        yield advice(
            "the same pixels wherever the tile lies",
            f"a difference of {worst:.2g}",
            f"Frame(40, 20, 100, 80), {words}",
            cure,
        )


def tiling(specimen: OpSpecimen) -> Iterator[str]:
    """A spatial op names a whole number of pixels as its halo; cut into tiles that overlap by it,
    it gives the picture of the whole.
    """
    if specimen.op.pointwise:
        return
    height, width = 90, 72
    settings = specimen.settings(draws=3, reach=0.8, dtype=torch.float64)
    photo = scene(height, width)
    for row in range(len(settings)):
        values = settings.row(row)
        frame = Frame(0, 0, height, width)
        where = f"a photo of {height} x {width}, {specimen.words(settings, row)}"
        with shown_by(where):
            halo = specimen.op.halo(Params.of(values, frame), (height, width))
        if halo is None:
            continue
        if not isinstance(halo, Integral) or halo < 0:
            yield advice(
                "a halo that is a whole number of pixels from 0, or None",
                repr(halo),
                where,
                "Give 0 where no neighbour counts, and round up what is a share of the photo.",
            )
            return
        whole = specimen.apply(photo, values, frame)
        tiled = _in_tiles(specimen, photo, values, halo)
        difference = (whole - tiled).abs().amax(dim=1)[0]
        bad = first_bad(difference > EXACT)
        if bad is not None:
            yield advice(
                f"tiles with a halo of {halo} pixels to give the whole picture",
                f"a difference of {float(difference.max()):.2g}",
                f"pixel {bad} of {height} x {width}, {specimen.words(settings, row)}",
                "Widen halo(), take positions from p.frame, and no statistics of the tile; None asks for the whole"
                " photo.",
            )
            return


def preview(specimen: OpSpecimen) -> Iterator[str]:
    """A spatial op does to a photo of half the size what it does to the photo:
    radii are shares of the long side, not pixels.
    """
    if specimen.op.pointwise or not specimen.has_identity:
        return
    height, width = 384, 512
    photo = scene(height, width, dtype=torch.float32)
    half = avg_pool2d(photo, 2)
    settings = specimen.settings(draws=1, reach=0.6)
    for row in range(len(settings)):
        values = settings.row(row)
        full, small = specimen.apply(photo, values) - photo, specimen.apply(half, values) - half
        # Fine detail and grain are beyond a preview: what is left of them in blocks of pixels is not.
        difference = (avg_pool2d(full, 2 * BLOCK) - avg_pool2d(small, BLOCK)).abs().amax(dim=1)[0]
        bad = first_bad(difference > VISIBLE)
        if bad is not None:
            y, x = (2 * BLOCK * place for place in bad)
            yield advice(
                "a photo of half the size to be changed as the photo is",
                f"a difference of {float(difference.max()):.2g}",
                f"the {2 * BLOCK} pixels around ({y}, {x}) of {height} x {width}, {specimen.words(settings, row)}",
                "Give radii and distances as shares of max(p.frame.height, p.frame.width).",
            )
            return


def _in_tiles(specimen: OpSpecimen, photo: Tensor, values: Values, halo: int, size: int = 30) -> Tensor:
    height, width = photo.shape[2:]
    done = torch.empty_like(photo)
    for top in range(0, height, size):
        for left in range(0, width, size):
            bottom, right = min(top + size, height), min(left + size, width)
            y, x = max(0, top - halo), max(0, left - halo)
            tile = photo[:, :, y : bottom + halo, x : right + halo]
            part = specimen.apply(tile, values, Frame(y, x, height, width))
            done[:, :, top:bottom, left:right] = part[:, :, top - y : bottom - y, left - x : right - x]
    return done


def _reorder(photo: Tensor, order: Tensor) -> Tensor:
    return photo.flatten(2)[:, :, order].reshape(photo.shape)
