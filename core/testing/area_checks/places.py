"""Checks of where an area looks: at a pixel, at its place in the photo unless it says otherwise, and at the small view
where it asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ...contract.area import positions, small_view
from ...contract.op import Frame, Params
from ..inputs.pixels import scene
from ..inputs.smallest import Values
from ..inputs.specimen import SlotSettings, first_bad, largest
from ..verdict import advice, shown_by
from .specimen import AreaSpecimen

EXACT: Final = 1e-5
# Edges of masks fall between the pixels of a preview, so that the mean is what counts.
PREVIEW: Final = 4
VISIBLE: Final = 0.02


def place(specimen: AreaSpecimen) -> Iterator[str]:
    """Cut into tiles, a photo has the mask of the whole: a pixel's mask depends on its place and its colour alone; with
    `placed = False`, on its colour alone. Beyond `bounds` it is 0; with `monotonic = True` it never turns back.
    """
    height, width = 40, 48
    settings = _some(specimen, torch.float64)
    photo = scene(height, width).expand(len(settings), -1, -1, -1)
    whole = specimen.apply(photo, settings.values)
    if whole.shape[2:] != photo.shape[2:]:
        return  # which is another check's
    difference = (whole - _in_tiles(specimen, photo, settings.values)).abs().amax(dim=1)
    bad = first_bad(difference > EXACT)
    if bad is not None:
        row, y, x = bad
        yield advice(
            "tiles to have the mask of the whole",
            f"a difference of {float(difference[row].max()):.2g}",
            f"pixel ({y}, {x}) of {height} x {width}, {specimen.words(settings, row)}",
            "Take places from positions(p.frame, rgb), and what lies around a pixel from the small view.",
        )
    elif not specimen.area.placed:
        yield from _same_anywhere(specimen, photo, settings)
    yield from _bounded(specimen, photo, settings, whole)
    if specimen.area.monotonic:
        yield from _straight(specimen, settings, whole)


def _same_anywhere(specimen: AreaSpecimen, photo: Tensor, settings: SlotSettings) -> Iterator[str]:
    height, width = photo.shape[2:]
    p = specimen.prepared(photo, settings.values, Frame(0, 0, 2 * height, 2 * width))
    places = (Frame(top, left, 2 * height, 2 * width) for top, left in ((0, 0), (height, width)))
    first, last = (specimen.area.mask(photo.clone(), p.at(place)) for place in places)
    bad = first_bad((first - last).abs().amax(dim=1) > EXACT)
    if bad is not None:
        row, y, x = bad
        yield advice(
            "the same mask wherever a colour lies",
            f"a difference of {largest(first[row], last[row]):.2g}",
            f"pixel ({y}, {x}) of a tile of {height} x {width}, at either end of a photo of twice the size, "
            f"{specimen.words(settings, row)}",
            "Leave placed out: it is True unless it is declared.",
        )


def _bounded(specimen: AreaSpecimen, photo: Tensor, settings: SlotSettings, whole: Tensor) -> Iterator[str]:
    height, width = photo.shape[2:]
    frame = Frame(0, 0, height, width)
    x, y = positions(frame, photo)
    for row, mask in enumerate(whole):
        values = {name: value[row : row + 1] for name, value in settings.values.items()}
        found = specimen.area.bounds(specimen.prepared(photo[row : row + 1], values, frame))
        if found is None:
            continue
        top, bottom, left, right = found
        beyond = (y[0] < top) | (y[0] > bottom) | (x[0] < left) | (x[0] > right)
        most = float((mask * beyond).max())
        if most > EXACT:
            yield advice(
                "no mask beyond its bounds",
                f"{most:.2g} beyond {tuple(round(float(end), 3) for end in found)}",
                f"a photo of {height} x {width}, {specimen.words(settings, row)}",
                "Leave bounds out where they are hard to tell: they only save time.",
            )
            return


def _straight(specimen: AreaSpecimen, settings: SlotSettings, whole: Tensor) -> Iterator[str]:
    for axis, along in ((3, "row"), (2, "column")):
        steps = whole.diff(dim=axis)
        turning = torch.minimum(steps.amax(dim=axis), -steps.amin(dim=axis)).flatten(1)
        bad = first_bad(turning[:, None] > EXACT)
        if bad is not None:
            height, width = whole.shape[2:]
            yield advice(
                f"each {along} of the mask to rise or fall without turning back",
                f"steps of {float(turning.max()):.2g} both ways",
                f"{along} {bad[2]} of {height} x {width}, {specimen.words(settings, bad[0])}",
                "Leave monotonic out: it is False unless it is declared.",
            )
            return


def preview(specimen: AreaSpecimen) -> Iterator[str]:
    """A photo of a quarter of the size has the mask of the photo, made as small."""
    # An area that looks at the whole photo sees little of one of a few pixels.
    height, width = (576, 768) if specimen.area.view else (192, 256)
    settings = _some(specimen, torch.float32)
    photo = scene(height, width, dtype=torch.float32)
    full, less = (specimen.each(each, settings) for each in (photo, avg_pool2d(photo, PREVIEW)))
    if full.shape[2:] != photo.shape[2:]:
        return  # which is another check's
    apart = (avg_pool2d(full, PREVIEW) - less).abs().nan_to_num().mean(dim=(1, 2, 3))
    bad = first_bad(apart > VISIBLE)
    if bad is not None:
        yield advice(
            f"a photo of 1/{PREVIEW} of the size to have the same mask",
            f"a mean difference of {float(apart[bad]):.2g}",
            f"a photo of {height} x {width}, {specimen.words(settings, bad[0])}",
            "Give places and distances as shares of the photo, see positions() and sides().",
        )


def view(specimen: AreaSpecimen) -> Iterator[str]:
    """With `view = False` the mask needs no pixels of the small photo; with `view = True` it depends on them."""
    area = specimen.area
    settings = specimen.settings(draws=4, reach=0.8, dtype=torch.float32)
    count, frame = len(settings), Frame(0, 0, 24, 32)
    photo = scene(24, 32, dtype=torch.float32).expand(count, -1, -1, -1)
    shown = [small_view(photo), 1 - small_view(photo)] if area.view else [photo[:, :, :0, :0], small_view(photo)]
    masks = []
    for small in shown:
        torch.manual_seed(0)
        values = {name: value.clone() for name, value in settings.values.items()}
        with shown_by(f"a photo of 24 x 32, {specimen.words(settings, 0)}"):
            masks.append(area.mask(photo.clone(), area.params(values, frame, small.clone())))
    apart = largest(*masks)
    if area.view and apart < EXACT:
        yield advice(
            "a mask that depends on the small view",
            "the same with its negative",
            "a photo of 24 x 32, every setting",
            "Leave view out: renderers make the small view for nothing.",
        )
    if not area.view and apart > EXACT:
        yield advice(
            "a mask that needs no small view",
            f"a difference of {apart:.2g} to the one with it",
            "a photo of 24 x 32",
            "Declare view = True: without it, `prepare` is shown no pixels.",
        )


def _some(specimen: AreaSpecimen, dtype: torch.dtype) -> SlotSettings:
    """The beginning and some random settings."""
    start, drawn = specimen.identity(dtype), specimen.draw(4, seed=6, reach=0.8, dtype=dtype)
    values = {name: torch.cat([value, drawn.values[name]]) for name, value in start.values.items()}
    return SlotSettings((*start.names, *drawn.names), values)


def _in_tiles(specimen: AreaSpecimen, photo: Tensor, values: Values, size: int = 25) -> Tensor:
    height, width = photo.shape[2:]
    p = specimen.prepared(photo, values, Frame(0, 0, height, width))
    rows = []
    for top in range(0, height, size):
        row = []
        for left in range(0, width, size):
            tile = photo[:, :, top : top + size, left : left + size].clone()
            copies = {name: value.clone() if isinstance(value, Tensor) else value for name, value in vars(p).items()}
            torch.manual_seed(0)
            row.append(specimen.area.mask(tile, Params(copies, Frame(top, left, height, width))))
        rows.append(torch.cat(row, dim=3))
    return torch.cat(rows, dim=2)
