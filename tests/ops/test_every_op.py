"""What holds of the pixels of every built-in op."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from recorded_pixels import RECORD, built_in, pixels_of

from veraretouch.core.contract.op import Frame
from veraretouch.core.contract.slot_kinds import Bands, Lattice
from veraretouch.core.plugins.registry import registry


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("op", sorted(set(registry.ops.ids()) - {"neural"}))
def test_small_amounts_flip_no_hue(apply, wheels, lch, turn, op, sign):
    slots = {}
    for name, slot in registry.ops.load(op).slots.items():
        # An offset adds a colour of its own to dark pixels, whatever its size; angles have no amount.
        if isinstance(slot, Lattice) or slot.period is not None or name == "offset":
            continue
        bound = slot.high if sign > 0 else slot.low
        # The tints of a region and of the whole add up: half of it each.
        share = np.full(slot.shape, 0.025 if op == "color_grading" and name.endswith("_saturation") else 0.05)
        if isinstance(slot, Bands) and slot.size == 8:
            share[::2] *= -1  # neighbours against each other: the hardest case
        slots[name] = np.clip(slot.identity + share * np.abs(bound - slot.identity), slot.low, slot.high)
    before = lch(wheels)
    turned = turn(wheels, apply(op, wheels, **slots))[before[1] > 0.05]
    assert float(turned.max()) < 15


def halfway(id):
    """The slots of one number whose identity lies within their bounds."""
    slots = registry.ops.load(id).slots.items()
    return [n for n, s in slots if s.shape == () and s.identity is not None and s.low < s.identity < s.high]


@pytest.mark.parametrize(("id", "name"), [(id, name) for id in built_in() for name in halfway(id)])
def test_the_slope_at_the_identity_lies_between_those_of_its_two_sides(id, name):
    op = registry.ops.load(id)()
    draw = torch.Generator().manual_seed(0)
    rgb, weights = (torch.rand(1, 3, 12, 12, generator=draw, dtype=torch.float64) * 0.8 + 0.1 for _ in range(2))
    still = {n: torch.as_tensor(np.array(s.identity, float))[None] for n, s in op.slots.items()}
    step = 1e-6 * float(op.slots[name].high - op.slots[name].low)

    def total(value):
        return (op.on_srgb(rgb, op.params(still | {name: value}, Frame(0, 0, 700, 700))) * weights).sum()

    at = still[name].clone().requires_grad_()
    slope = float(torch.autograd.grad(total(at), at)[0])
    here, above, below = (float(total(still[name] + move)) for move in (0, step, -step))
    sides = sorted(((above - here) / step, (here - below) / step))
    slack = 1e-3 * max(*map(abs, sides), 1e-3)
    assert sides[0] - slack <= slope <= sides[1] + slack


RECORDED = json.loads(RECORD.read_text("utf-8"))


def test_every_built_in_op_has_its_pixels_recorded():
    assert set(RECORDED) == set(built_in())


@pytest.mark.parametrize("id", sorted(RECORDED))
def test_an_op_gives_the_pixels_that_are_recorded_for_its_version(id):
    """Who changes pixels raises the version, and records them anew: see helpers/ops/recorded_pixels.py."""
    assert registry.ops.load(id).version == RECORDED[id]["version"]
    for number, (found, wanted) in enumerate(zip(pixels_of(id), RECORDED[id]["pixels"], strict=True)):
        apart = np.abs(np.array(found) - np.array(wanted))
        assert apart.max() < 2e-6, f"setting {number}, colour {np.unravel_index(apart.argmax(), apart.shape)[0]}"
