"""Every op keeps the contract, and does what its name says."""

import pytest
import torch
from veraretouch_film_look import BleachBypass, FadedBlacks, FilmCurve

from veraretouch.core.testing import check_op


@pytest.mark.parametrize("op", [FadedBlacks, FilmCurve, BleachBypass])
def test_the_op_conforms(op):
    check_op(op)


def applied(op, colour, **values):
    op = op()
    slots = {name: torch.tensor([values.get(name, slot.identity)]) for name, slot in op.slots.items()}
    from veraretouch import Frame

    rgb = torch.tensor(colour).reshape(1, 3, 1, 1)
    return op.apply(rgb, op.params(slots, Frame(0, 0, 1, 1))).flatten().tolist()


def test_black_is_lifted_and_white_stays():
    assert applied(FadedBlacks, [0.0] * 3, amount=0.4) == pytest.approx([0.1] * 3)
    assert applied(FadedBlacks, [1.0] * 3, amount=0.4) == pytest.approx([1.0] * 3)


def test_the_pivot_stays_and_contrast_rises():
    assert applied(FilmCurve, [0.4] * 3, amount=1.0) == pytest.approx([0.4] * 3, abs=1e-6)
    dark, _, light = applied(FilmCurve, [0.2, 0.4, 0.7], amount=1.0)
    assert dark < 0.2
    assert light > 0.7


def test_silver_takes_colour_away_and_hardens():
    red, _, blue = applied(BleachBypass, [0.6, 0.3, 0.3], amount=1.0)
    assert red - blue < 0.3 * 1.2
    assert applied(BleachBypass, [0.2] * 3, amount=1.0)[0] < 0.2
