"""From the network's numbers to latents: repairs by some ops, on top of what a style prompt asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from ...core.contract.latents import Latents, constant
from ...core.contract.schema import Schema
from ...core.contract.slots import Slot
from ...core.contract.squash import squash, unsquash
from ...core.plugins.registry import registry
from ..rules.lexicon import Lexicon
from ..rules.planner import OPS
from ..rules.style import read_style

REPAIRS: Final = (
    "white_balance.temperature",
    "white_balance.tint",
    "exposure.ev",
    "contrast.amount",
    "tone_regions.highlights",
    "tone_regions.shadows",
    "tone_regions.whites",
    "tone_regions.blacks",
    "parametric_curve.shadows",
    "parametric_curve.darks",
    "parametric_curve.lights",
    "parametric_curve.highlights",
    "vibrance.amount",
    "saturation.amount",
)
"""The slots that the network moves, in the order of its outputs: those of the schema."""

# Edits below this would not be seen; an op of which nothing is more is left out.
LEAST: Final = 0.004
Edits = Mapping[str, Mapping[str, Any]]


def own_schema() -> Schema:
    """What `tiny` emits: the ops that the lexicon's words move, named one by one."""
    return Schema.of([registry.ops.load(op) for op in OPS])


def repair_size(schema: Schema, repairs: Sequence[str]) -> int:
    """How many numbers the network emits for one edit."""
    return sum(slot.size for op, name, slot in schema if f"{op}.{name}" in repairs)


def wish_of(schema: Schema, edits: Edits) -> Tensor:
    """Edits as one row (D,) of packed values, less the identity: all zeros for no wish."""
    values = {
        op: {name: torch.tensor(np.asarray(value), dtype=torch.float32).unsqueeze(0) for name, value in slots.items()}
        for op, slots in edits.items()
        if op in schema.specs
    }
    return (Latents(schema, values, batch=1).pack() - Latents.identity(schema).pack())[0]


def wish_of_prompt(schema: Schema, prompt: str, lexicon: Lexicon | None = None) -> Tensor:
    """What the lexicon reads in a prompt, as `wish_of`."""
    return wish_of(schema, read_style(prompt, lexicon).edits)


def seen_only(raw: Tensor) -> Tensor:
    """Raw numbers without those that nobody would see."""
    return torch.where(raw.abs() < LEAST, torch.zeros_like(raw), raw)


def assemble(schema: Schema, repairs: Sequence[str], raw: Tensor, wishes: Tensor) -> Latents:
    """Latents of the network's raw numbers (B, `repair_size`) on top of wishes (B, D); raw 0 is the wish exactly.

    Both add up in the unbounded space of `squash`, so that they stay within the slots' bounds.
    Ops that neither moves are left out.
    """
    values: dict[str, dict[str, Tensor]] = {}
    present: dict[str, Tensor] = {}
    wished = Latents.unpack(schema, wishes).values
    moving = {address.rpartition(".")[0] for address in repairs}
    taken = 0
    for spec in schema.specs.values():
        moved = torch.cat([wish.reshape(len(raw), -1) for wish in wished[spec.id].values()], dim=1).ne(0).any(dim=1)
        repaired = spec.id in moving
        if not (repaired or bool(moved.any())):
            continue
        present[spec.id] = torch.ones_like(moved) if repaired else moved
        values[spec.id] = {}
        for name, slot in spec.slots.items():
            value = constant(slot.identity, len(raw), raw.dtype, raw.device) + wished[spec.id][name]
            if f"{spec.id}.{name}" in repairs:
                value = moved_by(slot, value, raw[:, taken : taken + slot.size].reshape(-1, *slot.shape))
                taken += slot.size
            values[spec.id][name] = value
    return Latents(schema, values, present=present, batch=len(raw))


def moved_by(slot: Slot, value: Tensor, raw: Tensor) -> Tensor:
    """The value moved by raw numbers in the unbounded space, within bounds."""
    still = unsquash(slot, value)
    # By the difference, so that nothing moves at raw 0 and its gradient passes there all the same.
    moved = value + squash(slot, still + raw) - squash(slot, still)
    # What rounding put beyond a bound; a clamp passes gradients at the bound itself.
    bounds = (
        None if bound is None else torch.tensor(bound, dtype=value.dtype, device=value.device)
        for bound in (slot.low, slot.high)
    )
    return moved.clamp(*bounds)
