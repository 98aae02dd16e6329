"""Checks of what an op does to pixels: identity, kinds, devices, batches, repetition, finite values, periods."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from ...contract.op import Frame
from ..inputs.pixels import hostile, ordinary, scene
from ..inputs.specimen import Specimen, first_bad, largest, rgb_words
from ..verdict import advice, raised, shown_by
from .specimen import OpSpecimen

IDENTITY = 1e-6
EXACT = 1e-5


def identity(specimen: OpSpecimen) -> Iterator[str]:
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


def kinds(specimen: OpSpecimen) -> Iterator[str]:
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
                "Compute in float32 (core.color.elementwise.at_least_single) what overflows in half precision.",
            )


def device(specimen: OpSpecimen) -> Iterator[str]:
    """Constants are made where the pixels are, so that the op runs on a graphics card; no card is needed to see it."""
    if hasattr(specimen.op, "from_bundle"):
        return  # its weights have a device of their own
    settings = specimen.draw(1, seed=2, dtype=torch.float32)
    elsewhere = {name: value.to("meta") for name, value in settings.values.items()}
    cure = "Make constants with device=rgb.device; plain numbers go everywhere."
    try:
        done = specimen.apply(torch.empty(1, 3, 4, 5, device="meta"), elsewhere)
    except RuntimeError as error:
        # What the device "meta" cannot do for want of values is for other checks to judge.
        if "device" in str(error):
            yield advice("the op to run on another device than the CPU", raised(error), 'pixels on "meta"', cure)
        return
    if done.device.type != "meta":
        yield advice("the result on the device of the pixels", f"one on {done.device}", 'pixels on "meta"', cure)


def batch_independence(specimen: Specimen) -> Iterator[str]:
    """A row of a batch comes out as the photo alone does, at the bounds beside rows at other ones too."""
    trials = [(specimen.draw(3, seed=3, dtype=torch.float32), ordinary(3, 6, 5, seed=3, dtype=torch.float32))]
    if not specimen.pointwise:
        # Radii are shares of the long side: in a few pixels all of them would be one.
        ends = specimen.settings(draws=1, seed=3, dtype=torch.float32)
        trials.append((ends, scene(48, 64, dtype=torch.float32).repeat(len(ends), 1, 1, 1)))
    for settings, photos in trials:
        together = specimen.apply(photos, settings.values)
        for row in range(len(settings)):
            alone = specimen.apply(photos[row : row + 1], settings.row(row))
            worst = largest(together[row : row + 1], alone)
            if worst > EXACT:
                yield advice(
                    "each row as if it were alone",
                    f"a difference of {worst:.2g}",
                    f"row {row} of a batch of {len(settings)}, {specimen.words(settings, row)}",
                    "Reduce over dims 1, 2, 3 and never over dim 0; take no radius or size from all rows together.",
                )
                return


def determinism(specimen: Specimen) -> Iterator[str]:
    """The same call gives the same bits, whatever the global random state; inputs stay as they were."""
    settings = specimen.draw(1, seed=4, dtype=torch.float32)
    photo = ordinary(1, 6, 5, seed=4, dtype=torch.float32)
    results = [specimen.apply(photo, settings.values, chance=chance) for chance in (1, 2)]
    if not torch.equal(results[0].nan_to_num(), results[1].nan_to_num()):
        yield advice(
            "the same picture twice",
            f"a difference of {largest(*results):.2g}",
            f"two calls with a photo of 6 x 5, {specimen.words(settings, 0)}",
            "Draw random numbers from a torch.Generator seeded with p.frame.seed.",
        )


def inputs_untouched(specimen: Specimen) -> Iterator[str]:
    """Neither pixels nor slot values are written to."""
    settings = specimen.draw(1, seed=5, dtype=torch.float32)
    photo = ordinary(1, 6, 5, seed=5, dtype=torch.float32)
    given = {"rgb": photo, **settings.values}
    before = {name: value.clone() for name, value in given.items()}
    where = f"a photo of 6 x 5, {specimen.words(settings, 0)}"
    with shown_by(where):
        specimen.run(photo, settings.values, Frame(0, 0, 6, 5))
    for name, value in given.items():
        if not torch.equal(value, before[name]):
            yield advice(f"{name} untouched", "changed values", where, "Use x * y instead of x.mul_(y) or x[...] = y.")


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


def period(specimen: Specimen) -> Iterator[str]:
    """A slot with a period gives the same picture at both ends of it."""
    for name, slot in specimen.slots.items():
        if slot.period is None:
            continue
        settings, photo = specimen.draw(1, seed=13), ordinary(1, 6, 5, seed=13)
        pictures = []
        for end in (slot.low, slot.high):
            settings.values[name][:] = torch.tensor(end)
            pictures.append(specimen.apply(photo, settings.values))
        if (worst := largest(*pictures)) > EXACT:
            yield advice(
                f"one picture at both ends of the period {slot.period:g} of slot {name!r}",
                f"a difference of {worst:.2g}",
                specimen.words(settings, 0),
                "Let the slot in by its sine and cosine, or leave period out.",
            )
