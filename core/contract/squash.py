"""Between unbounded reals and bounded slots, so that a network's output is always a valid latent.

`squash(x) = identity + up*tanh(x+/up) - down*tanh(x-/down)` with x+ = max(x, 0), x- = max(-x, 0), up = high - identity
and down = identity - low: raw 0 is the identity, and the slope there is 1 in the slot's own unit.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ..errors import InvalidSlot
from .slots import Slot


class _OneSided(torch.autograd.Function):
    """Zero forward; backward a projected gradient: it passes where descent would move the value inwards."""

    generate_vmap_rule = True

    @staticmethod
    def forward(raw: Tensor, inwards: float) -> Tensor:
        return torch.zeros_like(raw)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.inwards = inputs[1]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (gradient,) = gradients
        # Descent moves against the gradient: inwards means a gradient of the opposite sign.
        return torch.where(gradient * ctx.inwards < 0, gradient, torch.zeros_like(gradient)), None

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, _: None) -> Tensor:
        # The derivative on the side that there is.
        return torch.where(tangent * ctx.inwards > 0, tangent, torch.zeros_like(tangent))


def squash(slot: Slot, raw: Tensor) -> Tensor:
    """Map raw (..., *shape) reals to values of the slot; 0 becomes the identity (`off` where there is none).

    At a bound that is also the identity the slope outwards is zero and the gradient is projected,
    so training can leave it. Angles wrap instead.

    Raises:
        InvalidSlot: a slot with a period and no bounds, which no declaration can make.

    >>> ev = Slot(0.0, low=-5.0, high=5.0, unit="EV", group="lighting", doc="Exposure.")
    >>> squash(ev, torch.tensor([0.0, 100.0])).tolist()
    [0.0, 5.0]
    """
    identity = _like(slot.identity if slot.identity is not None else slot.off, raw)
    if slot.period is not None:
        low = _like(slot.low, raw)
        return low + torch.remainder(identity + raw - low, slot.period)
    above = _side(raw, None if slot.high is None else _like(slot.high, raw) - identity, inwards=-1.0)
    below = _side(raw, None if slot.low is None else identity - _like(slot.low, raw), inwards=+1.0)
    value = identity + torch.where(raw < 0, below, above)
    if slot.low is None and slot.high is None:
        return value
    # The sum may round to just beyond a bound; at the bound itself a clamp passes gradients.
    return value.clamp(*(None if bound is None else _like(bound, raw) for bound in (slot.low, slot.high)))


def unsquash(slot: Slot, value: Tensor) -> Tensor:
    """The raw (..., *shape) reals that `squash` maps to `value`; values at a bound give a large finite number.

    Raises:
        InvalidSlot: as `squash`.
    """
    identity = _like(slot.identity if slot.identity is not None else slot.off, value)
    offset = value - identity
    if slot.period is not None:
        return offset
    for bound, sign in ((slot.high, 1.0), (slot.low, -1.0)):
        if bound is None:
            continue
        room = (sign * (_like(bound, value) - identity)).clamp(min=1e-12)
        ratio = (offset.abs() / room).clamp(max=1 - 1e-6)
        side = sign * offset > 0
        offset = torch.where(side, sign * room * torch.atanh(torch.where(side, ratio, torch.zeros_like(ratio))), offset)
    return offset


def _side(raw: Tensor, room: Tensor | None, *, inwards: float) -> Tensor:
    """The offset from identity for raw values on one side of it, with so much room there; None for no bound."""
    if room is None:
        return raw
    closed = room <= 0
    bounded = room * torch.tanh(raw / torch.where(closed, torch.ones_like(room), room))
    if not bool(closed.any()):
        return bounded
    held: Tensor = _OneSided.apply(raw, inwards)  # type: ignore[no-untyped-call]
    return torch.where(closed.expand_as(held), held, bounded)


def _like(value: Any, raw: Tensor) -> Tensor:
    if value is None:
        raise InvalidSlot("a slot without bounds cannot wrap")
    return torch.tensor(value, dtype=raw.dtype, device=raw.device)
