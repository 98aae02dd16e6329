"""`check_op` passes sound ops and names the one promise that a broken op does not keep."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest
import torch
from sound_ops import FadedBlacks, Learned, LocalContrast, Sharpen, Tint, TwoGroups, Vignette, amount
from torch import Tensor

from veraretouch.core.color.srgb import srgb_to_linear
from veraretouch.core.contract.op import Params
from veraretouch.core.contract.slots import Slot
from veraretouch.core.plugins.registry import registry
from veraretouch.core.testing import CHECKS, ConformanceError, UnknownCheck, check_op


class Moved(FadedBlacks):
    """Lift the black point by what was a slot of another name, in hundredths."""

    id = "acme.moved"
    version = 3

    @classmethod
    def migrate(cls, values, version):
        return {{"lift": "amount"}[name]: value / 100 for name, value in values.items()} if version == 1 else None


class Scaled(FadedBlacks):
    """Lift the black point by what was a hundred times less."""

    id = "acme.scaled"
    version = 2

    @classmethod
    def migrate(cls, values, version):
        return {name: 100 * value for name, value in values.items()}


@pytest.mark.parametrize(
    "op", [FadedBlacks, Vignette, Sharpen, LocalContrast, Tint, Learned, TwoGroups, Moved, Scaled], ids=lambda op: op.id
)
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


class RadiusInPixels(LocalContrast):
    """Look fifteen pixels around, whatever the photo's size."""

    id = "acme.radius_in_pixels"

    def halo(self, p: Params, size: tuple[int, int]) -> int:
        return 15


class BandsInPixels(Sharpen):
    """Darken bands of two hundred pixels."""

    id = "acme.bands_in_pixels"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        y = p.frame.top + torch.arange(rgb.shape[2], dtype=rgb.dtype, device=rgb.device)
        return rgb * (1 - 0.2 * p.amount * torch.sin(y * torch.pi / 100).reshape(-1, 1))


class HaloBelowNothing(Sharpen):
    """Declare a halo below 0."""

    id = "acme.halo_below_nothing"

    def halo(self, p: Params, size: tuple[int, int]) -> int | None:
        return -3


class HaloOfAShare(Sharpen):
    """Declare a halo of a part of a pixel."""

    id = "acme.halo_of_a_share"

    def halo(self, p: Params, size: tuple[int, int]) -> int | None:
        return 0.035 * max(size)


class Ripples(FadedBlacks):
    """Draw ripples along tones, finer than any lattice."""

    id = "acme.ripples"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 0.1 * p.amount * torch.sin(300 * rgb)


class ShyOfCrowds(FadedBlacks):
    """Do ten times as much where there are many pixels."""

    id = "acme.shy_of_crowds"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        share = 1.0 if rgb.shape[2] * rgb.shape[3] > 50_000 else 0.1
        return rgb + share * p.amount * (rgb * rgb - rgb)


class CutHue(Tint):
    """Count degrees from one end to the other."""

    id = "acme.cut_hue"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 0.1 * p.amount * p.hue / 360 * (1 - rgb).clamp(min=0) ** 4


class OnTheProcessor(FadedBlacks):
    """Keep a constant on the CPU."""

    id = "acme.on_the_processor"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb * (1 + 0.1 * p.amount * torch.tensor([0.2, 0.7, 0.1], dtype=rgb.dtype).reshape(1, 3, 1, 1))


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
        return rgb + 0.5 * p.amount * torch.sigmoid(2000 * (srgb_to_linear(rgb) - 0.2))


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


class ForgetsAll(FadedBlacks):
    """Migrate whatever was given to a slot that is gone."""

    id = "acme.forgets_all"
    version = 2

    @classmethod
    def migrate(cls, values, version):
        return {"lift": 0.1} if values else {}


class SpellsNumbers(FadedBlacks):
    """Migrate numbers to words."""

    id = "acme.spells_numbers"
    version = 2

    @classmethod
    def migrate(cls, values, version):
        return {name: f"{value} of it" for name, value in values.items()}


class Adds(FadedBlacks):
    """Migrate to values out of bounds, whatever was given."""

    id = "acme.adds"
    version = 2

    @classmethod
    def migrate(cls, values, version):
        return {name: value + 7 for name, value in values.items()}


class NeverOff(FadedBlacks):
    """Do something when its group is switched off."""

    id = "acme.never_off"
    amount = amount(low=0.0, off=0.5)


# The op, the check, and words of its failure: what was expected, what came, or the input that shows it.
BROKEN = [
    (NoVendor, "declared", "an id of the form 'vendor.op'; came 'faded_blacks', at id"),
    (Wordless, "declared", "a doc that is a sentence; came 'Amount', at slot 'amount'"),
    (NotIdle, "identity", "came rgb (0.0001, 0.0001, 0.0001) (off by 0.0001 at worst), at rgb (0, 0, 0), float32"),
    (RoundsOff, "identity", "so that rounding cancels"),
    (Doubles, "kinds", "(7, 3, 3, 5) float32; came (7, 3, 3, 5) float64"),
    (Overflows, "kinds", "finite values in float16; came rgb (nan, "),
    (OnTheProcessor, "device", 'at pixels on "meta". Make constants with device=rgb.device'),
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
    (LooksAround, "pointwise", "one changed pixel to change no other"),
    (
        KnowsItsPlace,
        "pointwise",
        "the same pixels wherever the tile lies; came a difference of 0.0076, at Frame(40, 20,",
    ),
    (NeighbourInRow, "pointwise", "shuffled pixels to give the shuffled picture"),
    (ShortHalo, "tiling", "tiles with a halo of 2 pixels to give the whole picture"),
    (TileMean, "tiling", "no statistics of the tile"),
    (
        HaloBelowNothing,
        "tiling",
        "a whole number of pixels from 0, or None; came -3, at a photo of 90 x 72, every slot at",
    ),
    (HaloOfAShare, "tiling", "a whole number of pixels from 0, or None; came 3.15"),
    (RadiusInPixels, "preview", "at the 32 pixels around (0, 32) of 384 x 512, amount=0.6"),
    (BandsInPixels, "preview", "as shares of max(p.frame.height, p.frame.width)"),
    (Threshold, "smoothness", "no jumps; came a step of 0.015 between colours 1e-8 apart, at rgb (0.399219, "),
    (HueOfGrey, "smoothness", "on blue to orange through grey, amount=0.3"),
    (Posterises, "smoothness", "steps at most 60 times the input's at 0.3 of the bounds; came 62.7 times"),
    (Ripples, "engines", "from the best lattice, at the sample photo 'portrait', amount=0.3"),
    (ShyOfCrowds, "engines", "a picture by table within CIEDE2000 1 of the op's own"),
    (CutHue, "period", "one picture at both ends of the period 360 of slot 'hue'"),
    (RoundsPlans, "plan_round_trip", "came 0.1, at amount=0.115"),
    (ForgetsNames, "migration", "slots of version 2 (amount); came 'lift', at migrate({}, 1)"),
    (ForgetsBounds, "migration", "values within today's bounds; came amount: 12.0 is above the maximum 1.0"),
    (WritesValues, "migration", "the given values untouched; came {'amount': 0.0}, at migrate({}, 1)"),
    (ForgetsAll, "migration", "slots of version 2 (amount); came 'lift', at migrate({'amount': 0.0}, 1)"),
    (SpellsNumbers, "migration", "came amount: '0.0 of it' is not made of numbers"),
    (
        Adds,
        "migration",
        "came amount: 7.0 is above the maximum 1.0. Give a number from 0 to 1, at migrate({'amount': 0.0}",
    ),
    (NeverOff, "group_off", "no change with group 'lighting' at `off` and the rest at identity"),
]


@pytest.mark.parametrize(("op", "check", "said"), BROKEN, ids=[case[0].__name__ for case in BROKEN])
def test_a_broken_op_fails_the_check_of_its_fault_and_no_other_with_advice(op, check, said):
    with pytest.raises(ConformanceError) as caught:
        check_op(op)
    assert caught.value.checks == (check,), str(caught.value)
    assert said in caught.value.failures[0].message
    for failure in caught.value.failures:
        assert re.fullmatch(r"expected .+; came .+, at .+\. [A-Z].+\.", failure.message)


def test_every_check_is_proven_by_a_broken_op():
    assert {check for _, check, _ in BROKEN} == set(CHECKS)


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


def test_single_checks_can_be_asked_for_and_a_wrong_name_is_one_error():
    check_op(DividesByBlack, only=["declared", "identity", "tiling"])
    with pytest.raises(ConformanceError):
        check_op(DividesByBlack, only=["finite"])
    with pytest.raises(UnknownCheck, match=r"no check 'finit'\. Did you mean 'finite'"):
        check_op(DividesByBlack, only=["finit"])


def test_checking_leaves_the_global_random_state_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    check_op(FadedBlacks)
    assert torch.equal(torch.rand(3), expected)


def test_importing_the_testing_package_loads_no_torch():
    code = "import sys, veraretouch.core.testing; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
