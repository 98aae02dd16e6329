"""The pixels that each version of a built-in op gives: `python tests/helpers/ops/recorded_pixels.py` records them anew.

An op's version rises when its pixels change for the same values. The record is tests/data/ops/pixels.json: the version,
and for some settings the colours after. Record anew only together with a new version.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from veraretouch import Latents, Renderer, Schema, registry
from veraretouch.core.contract.slots import Slot

RECORD = Path(__file__).parents[2] / "data" / "ops" / "pixels.json"
SETTINGS = 4
POINTS = 5

# Greys from black to white, primaries and secondaries, skin, a sky, foliage, muted and near-grey colours, and what lies
# outside [0, 1].
COLOURS = torch.tensor(
    [
        *[[grey] * 3 for grey in (0.0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)],
        *[[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1]],
        *[[0.87, 0.68, 0.57], [0.42, 0.28, 0.21], [0.25, 0.5, 0.78], [0.93, 0.94, 0.95], [0.22, 0.35, 0.12]],
        *[
            [0.5, 0.49, 0.47],
            [0.31, 0.3, 0.34],
            [0.7, 0.72, 0.66],
            [0.62, 0.2, 0.55],
            [0.8, 0.5, 0.1],
            [0.05, 0.08, 0.2],
        ],
        *[[0.45, 0.5, 0.56], [0.55, 0.48, 0.5], [0.6, 0.66, 0.6], [1.2, 0.6, 0.4], [-0.1, 0.3, 0.5]],
    ],
    dtype=torch.float64,
).T


def settings_of(id: str) -> list[dict[str, Tensor]]:
    """Values of every slot, drawn with a fixed seed between identity and both bounds; the last setting is stronger than
    the others.
    """
    spec = Schema.of([registry.ops.load(id)], lattice=POINTS).spec(id)
    generator = torch.Generator().manual_seed(sum(map(ord, id)))
    drawn = []
    for number in range(SETTINGS):
        reach = 1.0 if number == SETTINGS - 1 else 0.4
        drawn.append({name: _between(slot, reach, generator) for name, slot in spec.slots.items()})
    return drawn


def _between(slot: Slot, reach: float, generator: torch.Generator) -> Tensor:
    identity = torch.tensor(slot.identity, dtype=torch.float64).expand(slot.shape)
    low, high = (torch.tensor(bound, dtype=torch.float64).expand(slot.shape) for bound in (slot.low, slot.high))
    # Bounds far out, as those of tables, would leave nothing but clipped colours.
    low, high = torch.maximum(low, identity - 2), torch.minimum(high, identity + 2)
    share = reach * (2 * torch.rand(slot.shape, generator=generator, dtype=torch.float64) - 1)
    if slot.period is not None:
        return low + (high - low) * (share + 1) / 2
    return identity + torch.where(share > 0, share * (high - identity), -share * (low - identity))


def pixels_of(id: str) -> list[list[list[float]]]:
    """For each setting the colours after, (N, 3), unclamped."""
    op = registry.ops.load(id)
    schema = Schema.of([op], lattice=POINTS)
    # Pixels that ask for a gradient keep float64.
    shape = (1, 3, 1, -1) if op.pointwise else (1, 3, 5, -1)
    photo = COLOURS.reshape(shape).clone().requires_grad_()
    found = []
    for values in settings_of(id):
        latents = Latents(schema, {id: {name: value[None] for name, value in values.items()}})
        done = Renderer([op])(photo, latents, clamp=False).detach().reshape(3, -1).T
        found.append([[round(value, 7) for value in colour] for colour in done.tolist()])
    return found


def built_in() -> list[str]:
    """The built-in ops that need no weights."""
    return [
        id for id, entry in registry.ops.entries().items() if entry.distribution == "veraretouch" and id != "neural"
    ]


def record() -> dict[str, Any]:
    """What the record holds, by id."""
    return {id: {"version": registry.ops.load(id).version, "pixels": pixels_of(id)} for id in built_in()}


if __name__ == "__main__":
    RECORD.parent.mkdir(exist_ok=True)
    lines = [f'  "{id}": {json.dumps(facts, separators=(",", ":"))}' for id, facts in record().items()]
    RECORD.write_text("{\n" + ",\n".join(lines) + "\n}\n")
