"""Ops that break one promise each on what they say of themselves, give back and differentiate.

Each differs from a sound op in the one way its docstring states, and fails the check it is listed under.
"""

from __future__ import annotations

import torch
from sound_ops import FadedBlacks, TwoGroups, amount
from torch import Tensor

from veraretouch.core.contract.op import Params


class NoVendor(FadedBlacks):
    """Go without a vendor's prefix."""

    id = "faded_blacks"


class Wordless(FadedBlacks):
    """Explain a slot by one word."""

    id = "acme.wordless"
    amount = amount(low=0.0, doc="Amount")


class NotIdle(FadedBlacks):
    """Lift black at identity already."""

    id = "acme.not_idle"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return super().apply(rgb, p) + 1e-4


class RoundsOff(FadedBlacks):
    """Go through single-precision arithmetic that does not cancel."""

    id = "acme.rounds_off"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return super().apply(rgb + 300 - 300, p)


class Doubles(FadedBlacks):
    """Return double precision whatever came."""

    id = "acme.doubles"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return super().apply(rgb, p).double()


class Overflows(FadedBlacks):
    """Pass through numbers that half precision does not have."""

    id = "acme.overflows"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 1e-5 * p.amount * (1e5 * rgb * rgb)


class SharesBatch(FadedBlacks):
    """Look at the other photos of the batch."""

    id = "acme.shares_batch"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 0.1 * p.amount * rgb.mean(dim=0, keepdim=True)


class Dice(FadedBlacks):
    """Draw from the global random state."""

    id = "acme.dice"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 0.1 * p.amount * torch.rand((), dtype=rgb.dtype)


class WritesPixels(FadedBlacks):
    """Write to the pixels it is given."""

    id = "acme.writes_pixels"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb.mul_(1 + 0.1 * p.amount)


class WritesSlots(FadedBlacks):
    """Write to the slot values it is given."""

    id = "acme.writes_slots"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb * (1 + p.amount.mul_(0.1))


class Idle(FadedBlacks):
    """Give back what came."""

    id = "acme.idle"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 0 * p.amount


class IdleSlot(TwoGroups):
    """Declare a slot and forget it."""

    id = "acme.idle_slot"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return FadedBlacks.apply(self, rgb, p)


class DividesByBlack(FadedBlacks):
    """Divide a channel by itself."""

    id = "acme.divides_by_black"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 0.1 * p.amount * (rgb / rgb)


class RootOfBlack(FadedBlacks):
    """Take a root whose slope at black is infinite."""

    id = "acme.root_of_black"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 0.1 * p.amount * rgb.clamp(min=0).sqrt()


class RootOfSlot(FadedBlacks):
    """Take a root of the slot, whose slope at identity is infinite."""

    id = "acme.root_of_slot"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 0.1 * rgb * p.amount.sqrt()


class Detached(FadedBlacks):
    """Cut the slot's gradient."""

    id = "acme.detached"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb * (1 + 0.1 * p.amount.detach())


class WrongBackward(FadedBlacks):
    """Pass a gradient that is twice the right one."""

    id = "acme.wrong_backward"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        done = rgb * (1 + 0.1 * p.amount)
        return 2 * done - done.detach()


class Branches(FadedBlacks):
    """Branch in Python on a value."""

    id = "acme.branches"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        if bool((p.amount > 0).any()):
            return rgb + 0.1 * p.amount * rgb
        return rgb + 0.1 * rgb * p.amount


# The op, the check, and words of its failure: what was expected, what came, or the input that shows it.
BROKEN = [
    (NoVendor, "declared", "an id of the form 'vendor.op'; came 'faded_blacks', at id"),
    (Wordless, "declared", "a doc that is a sentence; came 'Amount', at slot 'amount'"),
    (NotIdle, "identity", "came rgb (0.0001, 0.0001, 0.0001) (off by 0.0001 at worst), at rgb (0, 0, 0), float32"),
    (RoundsOff, "identity", "so that rounding cancels"),
    (Doubles, "kinds", "(7, 3, 3, 5) float32; came (7, 3, 3, 5) float64"),
    (Overflows, "kinds", "finite values in float16; came rgb (nan, "),
    (SharesBatch, "batch_independence", "at row 0 of a batch of 3, amount=0."),
    (Dice, "determinism", "at two calls with a photo of 6 x 5, amount=0."),
    (WritesPixels, "inputs_untouched", "rgb untouched; came changed values, at a photo of 6 x 5, amount=0."),
    (WritesSlots, "inputs_untouched", "amount untouched"),
    (Idle, "effects", "expected a picture that changes with the slots; came the same from its low to its high end"),
    (
        IdleSlot,
        "effects",
        "a picture that changes with slot 'fade'; came the same from its low to its high end, at hostile",
    ),
    (DividesByBlack, "finite", "finite values; came rgb (nan, nan, nan), at rgb (0, 0, 0), every slot at identity"),
    (RootOfBlack, "finite_gradients", "to pixels; came rgb (nan, nan, nan), at rgb (0, 0, 0), every slot at identity"),
    (RootOfSlot, "finite_gradients", "to slot 'amount'; came inf, at rgb (0, 0, 0), every slot at identity"),
    (Detached, "gradcheck", "gradients to amount as finite differences give them; came 0 instead of 0."),
    (WrongBackward, "gradcheck", "gradients to pixels as finite differences give them; came 2."),
    (Branches, "functional", "at a photo of 2 x 2, amount=0.1236. Avoid .item(), bool(tensor)"),
]
