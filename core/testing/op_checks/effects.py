"""Check that slots do something."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ...contract.op import Frame
from ..inputs.pixels import hostile, scene
from ..inputs.specimen import SlotSettings, Specimen
from ..verdict import advice

# In float64 rounding is far below it, and what 16 bits show far above.
MOVED = 1e-6
# Settings of the other slots with which a slot is tried: one that needs an amount or a mask beside it finds some.
TRIES = 6
# A tile of a photo of 48 megapixels: a radius that is a share of the long side has many pixels there.
LARGE = Frame(2000, 3000, 6000, 8000)


def effects(specimen: Specimen) -> Iterator[str]:
    """Each slot moves a pixel somewhere, whatever the others must be set to for that."""
    ends = specimen.settings(draws=0, dtype=torch.float64)
    idle = [name for name in specimen.slots if not _acts(specimen, name, ends)]
    if idle:
        every = len(idle) == len(specimen.slots)
        yield advice(
            "a picture that changes with the slots" if every else f"a picture that changes with slot {idle[0]!r}",
            "the same from its low to its high end",
            f"hostile pixels and a scene of 24 x 32, {TRIES} random settings{'' if every else ' of the others'}",
            f"Use p.{idle[0]} in {specimen.verb}(), or leave the slot out.",
        )


def _acts(specimen: Specimen, name: str, ends: SlotSettings) -> bool:
    """Whether a slot's ends, or a random value of it, give different pictures with any random setting of the others."""
    for seed in range(TRIES):
        settings = _along(specimen, name, ends, 60 + seed)
        for photo in (hostile(torch.float64), scene(24, 32)):
            if _differ(specimen.each(photo, settings)):
                return True
        if _acts_in_a_large_photo(specimen, settings):
            return True
    return False


def _acts_in_a_large_photo(specimen: Specimen, settings: SlotSettings) -> bool:
    """Whether settings differ on a tile of a large photo; an op that cannot be asked, as it needs all of it,
    has the benefit of the doubt.
    """
    try:
        # One by one: what is a number of pixels is often one for all rows.
        rows = [specimen.apply(scene(24, 32), settings.row(row), LARGE) for row in range(len(settings))]
        return _differ(torch.cat(rows))
    except Exception:
        return True


def _along(specimen: Specimen, name: str, ends: SlotSettings, seed: int) -> SlotSettings:
    """A random setting four times: with another random value of one slot, with that slot as it is,
    at its low and at its high end.
    """
    drawn, other = (specimen.draw(1, seed=each, reach=1.0) for each in (seed, seed + 1000))
    rows = [ends.names.index(f"{name} at its {end}") for end in ("low", "high")]
    values = drawn.row(0, repeat=4)
    values[name] = torch.cat([other.values[name], drawn.values[name], ends.values[name][rows]])
    return SlotSettings(("another", "drawn", "low", "high"), values)


def _differ(pictures: Tensor) -> bool:
    return bool(((pictures[1:] - pictures[:1]).abs().nan_to_num() > MOVED).any())
