"""An op that raises is told where and with what; a slot that acts in few places is found to act."""

from __future__ import annotations

import re

import pytest
import torch
from sound_ops import FadedBlacks, Sharpen, TwoGroups, Vignette, amount, blur
from torch import Tensor

from veraretouch.core.contract.op import Params
from veraretouch.core.testing import ConformanceError, check_op


class FineRadius(Sharpen):
    """Sharpen within a radius of at least a pixel, which no thumbnail tells from the next."""

    id = "acme.fine_radius"
    radius = amount(identity=0.0003, low=0.0002, high=0.0006, group="global_color")

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        pixels = max(1, round(float(p.radius.max()) * max(p.frame.height, p.frame.width)))
        return rgb + p.amount * (rgb - blur(rgb, pixels))


class Together(TwoGroups):
    """Lift blacks by the product of two slots: each does nothing where the other is 0."""

    id = "acme.together"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return rgb + 0.25 * p.amount * p.fade * (1 - rgb).clamp(min=0) ** 4


class WholeAlone(FineRadius):
    """Refuse any part of a photo."""

    id = "acme.whole_alone"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        assert rgb.shape[2:] == (p.frame.height, p.frame.width)
        return super().apply(rgb, p)

    def halo(self, p: Params, size: tuple[int, int]) -> int | None:
        return None


@pytest.mark.parametrize("op", [FineRadius, Together, WholeAlone], ids=lambda op: op.id)
def test_a_slot_acts_where_it_does_so_in_large_photos_or_beside_others_alone(op):
    check_op(op, only=["effects"])


class TooMuch(TwoGroups):
    """Raise above a value of a slot, in bright pixels."""

    id = "acme.too_much"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        if bool(((rgb > 0.99) & (p.fade > 0.9)).any()):
            raise ValueError("too much\nand more")
        return super().apply(rgb, p)


class NoWayBack(torch.autograd.Function):
    """Pass pixels on, and no gradient back."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        raise RuntimeError("no way back")


class OneWay(FadedBlacks):
    """Raise in the backward pass."""

    id = "acme.one_way"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        return NoWayBack.apply(super().apply(rgb, p))


class Unprepared(FadedBlacks):
    """Raise in batches of three alone."""

    id = "acme.unprepared"

    def prepare(self, p: Params):
        if len(p.amount) == 3:
            raise IndexError("three")
        return {}


class WorldsApart(Vignette):
    """Raise in tiles alone."""

    id = "acme.worlds_apart"

    def apply(self, rgb: Tensor, p: Params) -> Tensor:
        if p.frame.top == 60:
            raise IndexError("lost")
        return super().apply(rgb, p)


class NoHalo(Sharpen):
    """Raise where its halo is asked for."""

    id = "acme.no_halo"

    def halo(self, p: Params, size: tuple[int, int]) -> int | None:
        raise KeyError("radius")


class LostWays(FadedBlacks):
    """Raise in migrate."""

    id = "acme.lost_ways"
    version = 2

    @classmethod
    def migrate(cls, values, version):
        return {"amount": values["lift"]}


# The op, the check, and the smallest input that it names.
RAISING = [
    (TooMuch, "finite", "ValueError: too much, at rgb (1, 1, 1), fade=1"),
    (TooMuch, "smoothness", "ValueError: too much, at rgb (0.992188, 0.992188, 0.992188), fade=1"),
    (
        OneWay,
        "finite_gradients",
        "RuntimeError: no way back, at row 0 of a batch of 13, a photo of 1 x 96, every slot at i",
    ),
    (Unprepared, "batch_independence", "IndexError: three, at row 0 of a batch of 3, a photo of 6 x 5, amount=0."),
    (WorldsApart, "tiling", "IndexError: lost, at a photo of 30 x 30, every slot at identity, Frame(top=60, left=0"),
    (NoHalo, "tiling", "KeyError: 'radius', at a photo of 90 x 72, every slot at identity"),
    (LostWays, "migration", "KeyError: 'lift', at migrate({}, 1)"),
]


@pytest.mark.parametrize(("op", "check", "came"), RAISING, ids=[f"{case[0].__name__}-{case[1]}" for case in RAISING])
def test_an_op_that_raises_is_told_the_smallest_input_that_shows_it_and_its_own_line(op, check, came):
    with pytest.raises(ConformanceError) as caught:
        check_op(op, only=[check])
    (failure,) = caught.value.failures
    assert failure.message.startswith(f"expected the op to run; came {came}")
    assert re.fullmatch(
        r"expected .+; came .+, at .+\. Look at line \d+ of test_check_op_raising\.py\.", failure.message
    )
