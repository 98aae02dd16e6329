"""The smallest input with which an op raises."""

from __future__ import annotations

import torch

from veraretouch.core.testing.inputs.smallest import Input, shrink

START = {"amount": torch.tensor(0.0), "bands": torch.zeros(3)}


def given(batch: int = 3, height: int = 8, width: int = 13) -> Input:
    rgb = torch.arange(batch * 3 * height * width, dtype=torch.float32).reshape(batch, 3, height, width)
    return Input(rgb, {"amount": torch.tensor([0.1, 0.2, 0.3])[:batch], "bands": torch.ones(batch, 3)})


def test_one_row_then_halves_then_slots_at_rest():
    culprit = float(given().rgb[1, 0, 5, 9])

    def raises(tried: Input) -> bool:
        return bool((tried.rgb == culprit).any()) and bool((tried.values["amount"] != 0).any())

    found = shrink(given(), raises, START)
    assert found.rgb.shape == (1, 3, 1, 1)
    assert float(found.rgb[0, 0]) == culprit
    assert found.values["amount"].tolist() == [given().values["amount"][1].item()]
    assert found.values["bands"].tolist() == [[0, 0, 0]]


def test_what_raises_for_no_row_alone_is_left_as_it_is():
    whole = given()
    assert shrink(whole, lambda tried: len(tried.rgb) == 3, START) is whole


def test_a_fault_that_needs_two_pixels_keeps_both():
    found = shrink(given(1), lambda tried: tried.rgb.shape[2] * tried.rgb.shape[3] >= 2, START)
    assert found.rgb.shape[2] * found.rgb.shape[3] in (2, 3)
    assert found.values["amount"].tolist() == [0]


def test_the_longer_side_is_halved_first():
    sizes = []
    shrink(
        given(1, 4, 13),
        lambda tried: sizes.append(tuple(tried.rgb.shape[2:])) or False if sizes else (sizes.append((0, 0)) or True),
        START,
    )
    assert sizes[1][0] == 4
    assert sizes[1][1] == 7
