"""Checks of what an op does to pixels: identity, kinds, batches, repetition, locality, finite values."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ..op import Frame, Params
from .pixels import hostile, ordinary, scene
from .specimen import Specimen, Values, first_bad, rgb_words
from .verdict import advice

IDENTITY = 1e-6
EXACT = 1e-5


def identity(specimen: Specimen) -> Iterator[str]:
    """At identity an op returns its input to 1e-6."""
    if not specimen.has_identity:
        return
    for dtype in (torch.float32, torch.float64):
        values = specimen.identity(dtype).values
        for photo in (hostile(dtype), scene(12, 12, dtype=dtype)):
            done = specimen.apply(photo, values)
            # Beyond 1 single precision is coarser than 1e-6: the tolerance grows with the value.
            moved = ((done - photo).abs() / photo.abs().clamp(min=1)).nan_to_num().amax(dim=1)
            bad = first_bad(moved[0] > IDENTITY)
            if bad is not None:
                y, x = bad
                yield advice(
                    f"the input to {IDENTITY:g} at identity",
                    f"{rgb_words(done[0, :, y, x])} (off by {float(moved.max()):.2g} at worst)",
                    f"{rgb_words(photo[0, :, y, x])}, {str(dtype).removeprefix('torch.')}",
                    "Return rgb + (changed - unchanged) where you leave sRGB, so that rounding cancels.",
                )
                return


def kinds(specimen: Specimen) -> Iterator[str]:
    """Shape and dtype come out as they went in; half precision stays finite."""
    for dtype in (torch.float32, torch.float64, torch.bfloat16, torch.float16):
        settings = specimen.settings(draws=2, reach=0.5, dtype=dtype)
        photo = ordinary(1, 3, 5, dtype=dtype).repeat(len(settings), 1, 1, 1)
        done = specimen.apply(photo, settings.values)
        name = str(dtype).removeprefix("torch.")
        if done.shape != photo.shape or done.dtype != dtype:
            yield advice(
                f"{tuple(photo.shape)} {name}",
                f"{tuple(done.shape)} {str(done.dtype).removeprefix('torch.')}",
                f"an input of {tuple(photo.shape)} {name}",
                "Make constants with torch.full_like or the input's dtype, and cast back at the end.",
            )
        elif dtype.itemsize == 2 and (bad := first_bad(~done.isfinite())) is not None:
            row, _, y, x = bad
            yield advice(
                f"finite values in {name}",
                rgb_words(done[row, :, y, x]),
                f"{rgb_words(photo[row, :, y, x])}, {specimen.words(settings, row)}",
                "Compute in float32 (core.color.at_least_single) what overflows in half precision.",
            )


def batch_independence(specimen: Specimen) -> Iterator[str]:
    """A row of a batch comes out as the photo alone does."""
    settings = specimen.draw(3, seed=3, dtype=torch.float32)
    photos = ordinary(3, 6, 5, seed=3, dtype=torch.float32)
    together = specimen.apply(photos, settings.values)
    for row in range(3):
        alone = specimen.apply(photos[row : row + 1], settings.row(row))
        worst = _largest(together[row : row + 1], alone)
        if worst > EXACT:
            yield advice(
                "each row as if it were alone",
                f"a difference of {worst:.2g}",
                f"row {row} of a batch of 3, {specimen.words(settings, row)}",
                "Reduce over dims 1, 2, 3 and never over dim 0.",
            )
            return


def determinism(specimen: Specimen) -> Iterator[str]:
    """The same call gives the same bits, whatever the global random state; inputs stay as they were."""
    values = specimen.draw(1, seed=4, dtype=torch.float32).values
    photo = ordinary(1, 6, 5, seed=4, dtype=torch.float32)
    results = [specimen.apply(photo, values, chance=chance) for chance in (1, 2)]
    if not torch.equal(results[0].nan_to_num(), results[1].nan_to_num()):
        yield advice(
            "the same picture twice",
            f"a difference of {_largest(*results):.2g}",
            "two calls with the same input",
            "Draw random numbers from a torch.Generator seeded with p.frame.seed.",
        )


def inputs_untouched(specimen: Specimen) -> Iterator[str]:
    """Neither pixels nor slot values are written to."""
    shaped = specimen.draw(1, seed=5, dtype=torch.float32).values
    photo = ordinary(1, 6, 5, seed=5, dtype=torch.float32)
    given = {"rgb": photo, **shaped}
    before = {name: value.clone() for name, value in given.items()}
    specimen.op.apply(photo, specimen.op.params(shaped, Frame(0, 0, 6, 5)))
    for name, value in given.items():
        if not torch.equal(value, before[name]):
            yield advice(
                f"{name} untouched", "changed values", "any call", "Use x * y instead of x.mul_(y) or x[...] = y."
            )


def finite(specimen: Specimen) -> Iterator[str]:
    """Hostile pixels give finite values at identity, at the bounds and between, in float32."""
    settings, photo = specimen.settings(), hostile()
    done = specimen.each(photo, settings)
    bad = first_bad(~done.isfinite())
    if bad is not None:
        row, _, _, x = bad
        yield advice(
            "finite values",
            rgb_words(done[row, :, 0, x]),
            f"{rgb_words(photo[0, :, 0, x])}, {specimen.words(settings, row)}",
            "Look for a division by a channel, log or a power of 0 or of a negative number.",
        )


def pointwise(specimen: Specimen) -> Iterator[str]:
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
    worst = _largest(shuffled, _reorder(done, order))
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
    if (worst := _largest(elsewhere, done)) > EXACT:
        yield advice(
            "the same pixels wherever the tile lies",
            f"a difference of {worst:.2g}",
            f"Frame(40, 20, 100, 80), {words}",
            cure,
        )


def tiling(specimen: Specimen) -> Iterator[str]:
    """A spatial op cut into tiles that overlap by its halo gives the picture of the whole."""
    if specimen.op.pointwise:
        return
    height, width = 90, 72
    settings = specimen.settings(draws=3, reach=0.8, dtype=torch.float64)
    photo = scene(height, width)
    for row in range(len(settings)):
        values = settings.row(row)
        frame = Frame(0, 0, height, width)
        halo = specimen.op.halo(Params.of(values, frame), (height, width))
        if halo is None:
            continue
        whole = specimen.apply(photo, values, frame)
        tiled = _in_tiles(specimen, photo, values, halo)
        difference = (whole - tiled).abs().amax(dim=1)[0]
        bad = first_bad(difference > EXACT)
        if bad is not None:
            yield advice(
                f"tiles with a halo of {halo} pixels to give the whole picture",
                f"a difference of {float(difference.max()):.2g}",
                f"pixel {bad} of {height} x {width}, {specimen.words(settings, row)}",
                "Widen halo(), take positions from p.frame, and no statistics of the tile; None asks for the whole photo.",
            )
            return


def _in_tiles(specimen: Specimen, photo: Tensor, values: Values, halo: int, size: int = 30) -> Tensor:
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


def _largest(a: Tensor, b: Tensor) -> float:
    return float((a - b).abs().nan_to_num().max())
