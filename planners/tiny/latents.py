"""From the network's numbers to latents: repairs by some ops, on top of what a style prompt asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ...core.contract.latents import Latents, constant
from ...core.contract.schema import Schema
from ...core.contract.slot_kinds import Bands
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
    places = _places(schema)
    repaired = _repaired([place for place in places if place.address in repairs], raw, wishes)
    moving = {address.rpartition(".")[0] for address in repaired}
    wished = wishes.ne(0)
    wished_somewhere = wished.any(dim=0).tolist()
    values: dict[str, dict[str, Tensor]] = {}
    present: dict[str, Tensor] = {}
    for op in schema.specs:
        mine = [place for place in places if place.op == op]
        whole = slice(mine[0].columns.start, mine[-1].columns.stop)
        if op not in moving and not any(wished_somewhere[whole]):
            continue
        present[op] = torch.ones_like(wished[:, 0]) if op in moving else wished[:, whole].any(dim=1)
        values[op] = {
            place.name: repaired[place.address] if place.address in repaired else place.wished(wishes) for place in mine
        }
    return Latents(schema, values, present=present, batch=len(raw))


class _Place(NamedTuple):
    """A slot, and the columns of packed values that hold it."""

    op: str
    name: str
    slot: Slot
    columns: slice

    @property
    def address(self) -> str:
        return f"{self.op}.{self.name}"

    def wished(self, wishes: Tensor) -> Tensor:
        """The slot's values (B, *shape) by wishes (B, D)."""
        identity = constant(self.slot.identity, len(wishes), wishes.dtype, wishes.device)
        return identity + wishes[:, self.columns].reshape(identity.shape)


def _places(schema: Schema) -> list[_Place]:
    found: list[_Place] = []
    start = 0
    for op, name, slot in schema:
        found.append(_Place(op, name, slot, slice(start, start + slot.size)))
        start += slot.size
    return found


def _repaired(moving: Sequence[_Place], raw: Tensor, wishes: Tensor) -> dict[str, Tensor]:
    """The address of each slot that is moved -> its values, by raw numbers in the order of these."""
    wished = [place.wished(wishes) for place in moving]
    sizes = [place.slot.size for place in moving]
    numbers = torch.split(raw, sizes, dim=1) if sizes else ()
    if moving and all(_is_bounded(place.slot) for place in moving):
        # All at once: each costs as much as all together.
        values = torch.cat([value.reshape(len(raw), -1) for value in wished], dim=1)
        done = list(torch.split(moved_by(_joint([place.slot for place in moving]), values, raw), sizes, dim=1))
    else:
        done = [
            moved_by(place.slot, value, number.reshape(value.shape))
            for place, value, number in zip(moving, wished, numbers, strict=True)
        ]
    return {place.address: each.reshape(value.shape) for place, value, each in zip(moving, wished, done, strict=True)}


def _is_bounded(slot: Slot) -> bool:
    return slot.period is None and slot.identity is not None and slot.low is not None and slot.high is not None


def _joint(slots: Sequence[Slot]) -> Slot:
    """Bounded slots as one, of all their numbers."""
    parts = {
        which: np.concatenate([np.ravel(getattr(slot, which)) for slot in slots])
        for which in ("identity", "low", "high")
    }
    return Bands(sum(slot.size for slot in slots), group="joint", doc="Several slots.", **parts)


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
