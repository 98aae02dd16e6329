"""`check_op` passes sound ops and names the one promise that a broken op does not keep."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from veraretouch.core.color import linear
from veraretouch.core.op import Op, Params, Stage
from veraretouch.core.registry import registry
from veraretouch.core.slots import Embedding, Slot
from veraretouch.core.testing import CHECKS, ConformanceError, check_op


def amount(**declaration: Any) -> Slot:
    return Slot(**{"group": "lighting", "doc": "How much of it."} | declaration)


def blur(rgb: Tensor, radius: int) -> Tensor:
    return avg_pool2d(pad(rgb, (radius,) * 4, mode="replicate"), 2 * radius + 1, stride=1)


class FadedBlacks(Op):
    """Lift the black point, as an aged print does."""

    id = "acme.faded_blacks"
    version = 1
    stage = Stage.TONE
    pointwise = True
    amount = amount(low=0.0)

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 0.25 * p.amount * (1 - rgb).clamp(min=0) ** 4


class Vignette(FadedBlacks):
    """Darken the corners of the photo."""

    id = "acme.vignette"
    pointwise = False

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        y = (p.frame.top + torch.arange(rgb.shape[2], dtype=rgb.dtype)).reshape(-1, 1) / p.frame.height - 0.5
        x = (p.frame.left + torch.arange(rgb.shape[3], dtype=rgb.dtype)).reshape(1, -1) / p.frame.width - 0.5
        return rgb * (1 - 0.5 * p.amount * (x * x + y * y))

    def halo(self, p: Params, size: tuple[int, int]) -> int | None:
        return 0


class Sharpen(FadedBlacks):
    """Sharpen by a box of seven pixels."""

    id = "acme.sharpen"
    pointwise = False

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + p.amount * (rgb - blur(rgb, 3))

    def halo(self, p: Params, size: tuple[int, int]) -> int | None:
        return 3


class Learned(Op):
    """Tint by a learned vector, which has no identity."""

    id = "acme.learned"
    version = 1
    stage = Stage.NEURAL
    pointwise = True
    code = Embedding(6, group="global_color", doc="A learned vector.")

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb * torch.sigmoid(p.code[:, :3]) + 0.1 * torch.tanh(p.code[:, 3:])


class TwoGroups(FadedBlacks):
    """Lift blacks and fade colours, each in its own group."""

    id = "acme.two_groups"
    fade = amount(group="global_color")

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        faded = rgb + 0.5 * p.fade * (rgb - rgb.mean(dim=1, keepdim=True))
        return super().apply(faded, p)


@pytest.mark.parametrize("op", [FadedBlacks, Vignette, Sharpen, Learned, TwoGroups], ids=lambda op: op.id)
def test_a_sound_op_of_a_stranger_passes_and_leaves_the_registry_as_it_was(op):
    before = registry.ops.ids()
    check_op(op)
    assert registry.ops.ids() == before


def test_an_instance_and_an_installed_id_are_accepted():
    check_op(FadedBlacks())
    check_op("contrast")


# Broken ops: each differs from `FadedBlacks` in the one way its docstring states, and fails the check it is listed under.


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


class LooksAround(FadedBlacks):
    """Claim to be pointwise and take the photo's mean."""

    id = "acme.looks_around"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 0.1 * p.amount * (rgb - rgb.mean(dim=(2, 3), keepdim=True))


class KnowsItsPlace(FadedBlacks):
    """Claim to be pointwise and darken by position."""

    id = "acme.knows_its_place"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb * (1 - 0.1 * p.amount * p.frame.left / p.frame.width)


class NeighbourInRow(FadedBlacks):
    """Claim to be pointwise and borrow from the pixel to the left."""

    id = "acme.neighbour_in_row"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 0.001 * p.amount * rgb.roll(1, dims=3)


class ShortHalo(Sharpen):
    """Declare a halo smaller than the box."""

    id = "acme.short_halo"

    def halo(self, p: Params, size: tuple[int, int]) -> int | None:
        return 2


class TileMean(Sharpen):
    """Take the mean of whatever tile it is given."""

    id = "acme.tile_mean"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 0.1 * p.amount * (rgb - rgb.mean(dim=(2, 3), keepdim=True))


class Threshold(FadedBlacks):
    """Lift what lies below a threshold."""

    id = "acme.threshold"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 0.05 * p.amount * (rgb < 0.4)


class HueOfGrey(FadedBlacks):
    """Act on hue without a gate of chroma: greys have every hue."""

    id = "acme.hue_of_grey"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        red, green, blue = rgb.split(1, dim=1)
        grey = (red - green).abs() + (green - blue).abs() < 1e-9
        angle = torch.atan2(torch.where(grey, 0.0, green - blue), torch.where(grey, 1.0, red - green))
        return rgb + 0.05 * p.amount * angle.sin()


class Posterises(FadedBlacks):
    """Steepen tones until eight bits show bands."""

    id = "acme.posterises"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 0.5 * p.amount * torch.sigmoid(2000 * (linear(rgb) - 0.2))


class Whole(Slot):
    """A slot that rounds what a plan says."""

    def check(self, value: Any, *, path: str) -> Any:
        return super().check(value, path=path).round(1)


class RoundsPlans(FadedBlacks):
    """Round its values on the way into a plan."""

    id = "acme.rounds_plans"
    amount = Whole(low=0.0, high=1.0, group="lighting", doc="How much of it.")


class ForgetsNames(FadedBlacks):
    """Migrate to a slot that is gone."""

    id = "acme.forgets_names"
    version = 2

    @classmethod
    def migrate(cls, values, version):
        return {"lift": 0.1}


class ForgetsBounds(FadedBlacks):
    """Migrate to a value out of bounds."""

    id = "acme.forgets_bounds"
    version = 2

    @classmethod
    def migrate(cls, values, version):
        return {"amount": 12.0}


class WritesValues(FadedBlacks):
    """Migrate by writing to what it is given."""

    id = "acme.writes_values"
    version = 2

    @classmethod
    def migrate(cls, values, version):
        values["amount"] = 0.0
        return values


class NeverOff(FadedBlacks):
    """Do something when its group is switched off."""

    id = "acme.never_off"
    amount = amount(low=0.0, off=0.5)


BROKEN = [
    (NoVendor, "declared"),
    (Wordless, "declared"),
    (NotIdle, "identity"),
    (RoundsOff, "identity"),
    (Doubles, "kinds"),
    (Overflows, "kinds"),
    (SharesBatch, "batch_independence"),
    (Dice, "determinism"),
    (WritesPixels, "inputs_untouched"),
    (WritesSlots, "inputs_untouched"),
    (DividesByBlack, "finite"),
    (RootOfBlack, "finite_gradients"),
    (RootOfSlot, "finite_gradients"),
    (Detached, "gradcheck"),
    (WrongBackward, "gradcheck"),
    (Branches, "functional"),
    (LooksAround, "pointwise"),
    (KnowsItsPlace, "pointwise"),
    (NeighbourInRow, "pointwise"),
    (ShortHalo, "tiling"),
    (TileMean, "tiling"),
    (Threshold, "smoothness"),
    (HueOfGrey, "smoothness"),
    (Posterises, "smoothness"),
    (RoundsPlans, "plan_round_trip"),
    (ForgetsNames, "migration"),
    (ForgetsBounds, "migration"),
    (WritesValues, "migration"),
    (NeverOff, "group_off"),
]


@pytest.mark.parametrize(("op", "check"), BROKEN, ids=lambda value: getattr(value, "__name__", value))
def test_a_broken_op_fails_the_check_of_its_fault_and_no_other(op, check):
    with pytest.raises(ConformanceError) as caught:
        check_op(op)
    assert caught.value.checks == (check,), str(caught.value)


def test_every_check_is_proven_by_a_broken_op():
    assert {check for _, check in BROKEN} == set(CHECKS)


def test_a_failure_reads_like_advice_with_the_smallest_input_that_shows_it():
    with pytest.raises(ConformanceError) as caught:
        check_op(DividesByBlack)
    (failure,) = caught.value.failures
    assert failure.message.startswith(
        "expected finite values; came rgb (nan, nan, nan), at rgb (0, 0, 0), every slot at"
    )
    assert "division" in failure.message
    assert "acme.divides_by_black" in str(caught.value)


def test_an_op_that_raises_is_reported_by_every_check_that_calls_it():
    class Raises(FadedBlacks):
        """Raise an error."""

        id = "acme.raises"

        def apply(self, rgb: Tensor, p: Params) -> Tensor:
            raise ZeroDivisionError("one by zero")

    with pytest.raises(ConformanceError, match="ZeroDivisionError: one by zero") as caught:
        check_op(Raises)
    assert "declared" not in caught.value.checks
    assert "identity" in caught.value.checks


def test_an_id_that_an_installed_distribution_has_is_named_with_it():
    class Contrast(FadedBlacks):
        """Take the id of a built-in op."""

        id = "contrast"

    with pytest.raises(ConformanceError, match="provided by veraretouch"):
        check_op(Contrast)


def test_checking_leaves_the_global_random_state_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    check_op(FadedBlacks)
    assert torch.equal(torch.rand(3), expected)


def test_importing_the_testing_package_loads_no_torch():
    code = "import sys, veraretouch.core.testing; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
