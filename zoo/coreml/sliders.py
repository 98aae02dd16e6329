"""The second head of `vera` as a package: hidden states to slots of explicit ops, and the baker of these."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from ...core.contract.schema import Schema
from ...core.contract.slots import Slot
from ...planners.vera.answer import RETOUCH_TOKENS
from ...planners.vera.model import LEAST
from .networks import CUBES
from .recipe import Array, Feature, PackageRecipe, network_recipe
from .renderers import never, of_ops, seen_by_ops
from .styles import names

# Stands for a bound that a slot has not: so far away that tanh is a straight line up to any number that comes.
_FAR: Final = 1e30
# Inputs of which one becomes the golden one.
_DRAWN: Final = 64


class SlidersPhone(nn.Module):
    """The hidden states (1, 3 x hidden size) that predicted the retouch tokens, and a mask (1, 3) of groups, to packed
    latents (1, D) of the slots, in their own units.

    As `planners.vera.planner.Vera` makes them: `core.contract.squash` of all slots at once, without what nobody would
    see; slots of groups that are off rest.
    """

    identity: Tensor
    low: Tensor
    high: Tensor
    off: Tensor
    period: Tensor
    groups: Tensor

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.head, self.schema = model.slot_head, model.slot_schema
        slots = [slot for _, _, slot in self.schema]
        for name, rest in (("identity", 0.0), ("low", -_FAR), ("high", _FAR), ("off", 0.0), ("period", 0.0)):
            numbers = np.concatenate([_numbers(slot, name, rest) for slot in slots])
            self.register_buffer(name, torch.from_numpy(numbers))
        places = [
            [group == slot.group for group in RETOUCH_TOKENS.values()] for slot in slots for _ in range(slot.size)
        ]
        self.register_buffer("groups", torch.tensor(places).float().T.contiguous())

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        raw = self.head(hidden)
        room = torch.where(raw < 0, self.identity - self.low, self.high - self.identity)
        # A side without room stays where it is: 0 times a finite number.
        moved = self.identity + room * torch.tanh(raw / torch.where(room > 0, room, torch.ones_like(room)))
        moved = torch.minimum(torch.maximum(moved, self.low), self.high)
        turns = self.period > 0
        turned = self.low + torch.remainder(
            self.identity + raw - self.low, torch.where(turns, self.period, torch.ones_like(self.period))
        )
        value = torch.where(turns, turned, moved)
        step = torch.where(turns, turned - self.identity, raw)
        value = torch.where(step.abs() < LEAST, self.identity, value)
        return torch.where(mask @ self.groups > 0.5, value, self.off)

    def room(self, latents: Tensor) -> float:
        """How many degrees are between an angle of latents (1, D) and where 360 becomes 0, at least."""
        angles = self.period > 0
        apart = torch.minimum(latents - self.low, self.high - latents)[:, angles]
        return float(apart.min()) if apart.numel() else 0.0


def _numbers(slot: Slot, name: str, rest: float) -> Array:
    """One of a slot's facts for each of its numbers, `rest` where it has none."""
    fact = getattr(slot, name)
    if name == "identity" and fact is None:
        fact = slot.off
    return np.broadcast_to(np.asarray(rest if fact is None else fact, np.float32), slot.shape).ravel()


def of_sliders(model: Any, states: Feature) -> list[PackageRecipe]:
    """The head, with the schema by which an app names and bounds each number, and the baker of its ops.

    Args:
        states: the head's input, three hidden states.
    """
    schema: Schema = model.slot_schema
    network = SlidersPhone(model)
    groups = list(RETOUCH_TOKENS.values())
    mask = Feature((1, len(groups)), {"layout": ", ".join(groups), "range": "1 on, 0 off"})
    facts = {"layout": names(schema), "range": "each slot's own", "schema": schema.document()}
    head = network_recipe(
        "slot_head",
        network,
        {"input": states, "mask": mask},
        {"latents": Feature((1, schema.size), facts)},
        about=f"Hidden states to latents of {', '.join(schema.specs)}; slots of groups that are off rest.",
        half=never,  # angles are in degrees, of which half precision keeps a quarter
        by_value=True,
        units="cpuAndGPU",
        example=lambda generator: _example(network, generator, states.shape),
        tolerance=1e-3,
        **seen_by_ops(schema),
    )
    return [head, *of_ops(schema, cubes=CUBES[:1])]


def _example(network: SlidersPhone, generator: np.random.Generator, shape: tuple[int, ...]) -> dict[str, Array]:
    """Of some drawn inputs the one whose angles stay farthest from where 360 degrees become 0: there the difference
    that few bits a weight make would be the whole circle.
    """
    drawn = generator.standard_normal((_DRAWN, *shape)).astype(np.float32)
    mask = np.ones((1, len(RETOUCH_TOKENS)), np.float32)
    with torch.no_grad():
        rooms = [network.room(network(torch.from_numpy(each), torch.from_numpy(mask))) for each in drawn]
    return {"input": drawn[int(np.argmax(rooms))], "mask": mask}
