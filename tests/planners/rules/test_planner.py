"""The rule planner as a planner: modes side by side in a batch, groups, presence, reasoning."""

from __future__ import annotations

import numpy as np
import pytest

import veraretouch as vr
from veraretouch.core.contract.request import Request
from veraretouch.core.photo import as_photo
from veraretouch.planners.rules.planner import Rules


@pytest.fixture
def retouch():
    return vr.zoo.load("rules")


def test_modes_stand_side_by_side_in_one_batch(pictures) -> None:
    photos = [as_photo(pictures[name]) for name in ("kodak-02", "kodak-05", "kodak-07")]
    requests = [Request("auto"), Request("style", prompt="warmer"), Request("param", params={"exposure.ev": 0.5})]
    together = Rules().plan(photos, requests)
    for row, (photo, request) in enumerate(zip(photos, requests, strict=True)):
        alone = Rules().plan([photo], [request])
        for op, slots in alone.latents.values.items():
            for name, value in slots.items():
                np.testing.assert_allclose(together.latents.values[op][name][row], value[0])
        assert together.reasoning[row] == alone.reasoning[0]


def test_exact_values_that_change_nothing_leave_the_op_out(retouch, pictures) -> None:
    result = retouch(pictures["kodak-02"], params={"exposure.ev": 0.0, "contrast.amount": 0.1})
    assert list(result.plan.edits) == ["contrast"]


def test_only_the_groups_asked_for_are_edited_and_reasoned_about(retouch, pictures, edited) -> None:
    spoilt = edited(pictures["kodak-02"], {"exposure.ev": -1.5, "white_balance.temperature": 0.5})
    result = retouch(spoilt, groups=["lighting"])
    assert "exposure" in result.plan.edits
    assert "white_balance" not in result.plan.edits
    assert list(result.plan.reasoning) == ["lighting"]


def test_exact_values_are_repeated_group_by_group(retouch, pictures) -> None:
    params = {"exposure.ev": 0.35, "contrast.amount": -0.1, "saturation.amount": 0.2}
    reasoning = retouch(pictures["kodak-02"], params=params).plan.reasoning
    assert reasoning["lighting"]["plan"] == "Set exposure.ev +0.35, contrast.amount -0.1."
    assert reasoning["global_color"]["plan"] == "Set saturation.amount +0.2."
    assert "specific_color" not in reasoning


def test_a_lattice_of_any_size_passes_through(retouch, pictures) -> None:
    axis = np.linspace(0, 1, 5)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    identity = np.stack([red, green, blue], axis=-1)
    result = retouch(pictures["kodak-02"], params={"lut3d.lattice": (1 - identity).tolist()})
    assert np.abs(np.asarray(result.image).astype(int) - (255 - pictures["kodak-02"].astype(int))).max() <= 1
