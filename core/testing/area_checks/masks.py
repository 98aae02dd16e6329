"""Checks of what a mask is: its shape, its range, its kind, the device it is on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import torch

from ..inputs.pixels import hostile, ordinary, scene
from ..inputs.specimen import first_bad, rgb_words
from ..verdict import advice, raised
from .specimen import AreaSpecimen

SIZES: Final = ((1, 1), (1, 7), (5, 1), (4, 6))
# Rounding of single precision.
BEYOND: Final = 1e-6


def shape(specimen: AreaSpecimen) -> Iterator[str]:
    """Photos (B, 3, H, W) give masks (B, 1, H, W), down to a single pixel."""
    settings = specimen.draw(2, seed=1, dtype=torch.float32)
    for height, width in SIZES:
        done = specimen.apply(ordinary(2, height, width, dtype=torch.float32), settings.values)
        if done.shape != (2, 1, height, width):
            yield advice(
                f"a mask of {(2, 1, height, width)}",
                f"{tuple(done.shape)}",
                f"photos of {(2, 3, height, width)}",
                "Give one channel, and expand what is the same for rows or columns.",
            )
            return


def range(specimen: AreaSpecimen) -> Iterator[str]:
    """A mask lies between 0 and 1, whatever the pixels and the slots."""
    settings = specimen.settings()
    for photo in (hostile(), scene(12, 16, dtype=torch.float32)):
        done = specimen.each(photo, settings)
        bad = first_bad(((done < -BEYOND) | (done > 1 + BEYOND)).any(dim=1))
        if bad is not None:
            row, y, x = bad
            yield advice(
                "a mask from 0 to 1",
                rgb_words(done[row, :, y, x]),
                f"{rgb_words(photo[0, :, y, x])}, {specimen.words(settings, row)}",
                "Clamp at the end, or use a profile that ends at 0 and 1.",
            )
            return


def kinds(specimen: AreaSpecimen) -> Iterator[str]:
    """The mask is of the photo's dtype; half precision stays finite."""
    for dtype in (torch.float32, torch.float64, torch.bfloat16, torch.float16):
        settings = specimen.settings(draws=2, dtype=dtype)
        photo = ordinary(1, 3, 5, dtype=dtype).repeat(len(settings), 1, 1, 1)
        done = specimen.apply(photo, settings.values)
        name, came = (str(kind).removeprefix("torch.") for kind in (dtype, done.dtype))
        if done.dtype != dtype:
            yield advice(f"a mask in {name}", came, f"a photo in {name}", "Cast back at the end: .to(rgb.dtype).")
        elif dtype.itemsize == 2 and (bad := first_bad(~done.isfinite())) is not None:
            row, _, y, x = bad
            yield advice(
                f"finite values in {name}",
                rgb_words(done[row, :, y, x]),
                f"{rgb_words(photo[row, :, y, x])}, {specimen.words(settings, row)}",
                "Compute in float32 (core.color.elementwise.at_least_single) what overflows in half precision.",
            )


def device(specimen: AreaSpecimen) -> Iterator[str]:
    """Constants are made where the pixels are, so that the mask is made on a graphics card; no card is needed to see
    it.
    """
    settings = specimen.draw(1, seed=2, dtype=torch.float32)
    elsewhere = {name: value.to("meta") for name, value in settings.values.items()}
    cure = "Make constants with device=rgb.device; plain numbers go everywhere."
    try:
        done = specimen.apply(torch.empty(1, 3, 4, 5, device="meta"), elsewhere)
    except (RuntimeError, NotImplementedError) as error:
        # What the device "meta" cannot do for want of values is for other checks to judge.
        if "device" in str(error):
            yield advice("the area to run on another device than the CPU", raised(error), 'pixels on "meta"', cure)
        return
    if done.device.type != "meta":
        yield advice("the mask on the device of the pixels", f"one on {done.device}", 'pixels on "meta"', cure)
