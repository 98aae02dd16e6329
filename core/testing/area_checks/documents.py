"""Checks of the values that plans carry for an area."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import torch

from ..inputs.pixels import scene
from ..inputs.specimen import largest
from ..verdict import advice
from .specimen import AreaSpecimen


def document(specimen: AreaSpecimen) -> Iterator[str]:
    """Values come back from a document as they were, and give the same mask."""
    drawn = specimen.draw(1, seed=11, dtype=torch.float32)
    again = {}
    for name, value in drawn.values.items():
        written = json.loads(json.dumps(value[0].tolist()))
        slot = specimen.slots[name]
        read = slot.sized_for(written).check(written, path=name)
        if not np.array_equal(np.float32(read), value[0].numpy()):
            yield advice(
                "the values that were written, after a trip through JSON",
                str(read),
                f"{name}={value[0].tolist()!r}",
                "A slot of your own must give in check() what it was given.",
            )
        again[name] = torch.as_tensor(read, dtype=torch.float32)[None]
    photo = scene(12, 16, dtype=torch.float32)
    masks = [specimen.apply(photo, values) for values in (drawn.values, again)]
    if (apart := largest(*masks)) > 0:
        yield advice(
            "the same mask from values that were read again",
            f"a difference of {apart:.3g}",
            specimen.words(drawn, 0),
            "The area must depend on its slots, its pixels and p.frame alone.",
        )
