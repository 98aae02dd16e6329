"""Calibration: primaries turned and strengthened, greys kept, shadows tinted."""

from __future__ import annotations

import pytest
import torch

from veraretouch.core.color.srgb import srgb_to_linear
from veraretouch.ops.calibration import primaries


@pytest.mark.parametrize("slot", [f"{p}_{w}" for p in ("red", "green", "blue") for w in ("hue", "saturation")])
@pytest.mark.parametrize("amount", [-1.0, 1.0])
def test_calibration_keeps_greys(apply, ramp, slot, amount):
    assert float((apply("calibration", ramp, **{slot: amount}) - ramp).abs().max()) < 1e-6


def test_the_shadow_tint_colours_darks_and_leaves_black_and_white(apply, ramp):
    for amount, greener in ((-0.5, 1), (0.5, -1)):
        tinted = apply("calibration", ramp, shadow_tint=amount)
        green = greener * (tinted[1] - tinted[0])
        assert float(green[1:-1].min()) > 0
        assert float(green[:512].sum()) > 4 * float(green[512:].sum())
        assert float((tinted - ramp)[:, [0, -1]].abs().max()) < 1e-9


def test_a_primary_turns_towards_the_colour_that_its_slot_names(apply):
    colours = {"red": (0.8, 0.2, 0.2), "green": (0.2, 0.8, 0.2), "blue": (0.2, 0.2, 0.8)}
    gaining = {("red", 1): 1, ("red", -1): 2, ("green", 1): 2, ("green", -1): 0, ("blue", 1): 0, ("blue", -1): 1}
    for (name, sign), channel in gaining.items():
        rgb = torch.tensor([colours[name]], dtype=torch.float64).T
        moved = apply("calibration", rgb, **{f"{name}_hue": 0.5 * sign}) - rgb
        other = ({0, 1, 2} - {channel, ("red", "green", "blue").index(name)}).pop()
        assert float(moved[channel, 0]) > float(moved[other, 0]) + 0.03


def test_a_full_turn_and_a_full_strengthening_of_red_are_as_large_as_they_are_said_to_be():
    """Before rows are divided by their sums, red's column is (1, 1/4, 0) after a full turn;
    half of its own grey goes with saturation.
    """
    one, zero = torch.ones(1, 1, dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64)
    red, others = torch.cat([one, zero, zero], dim=1), torch.zeros(1, 3, dtype=torch.float64)
    turned = primaries(red, others)[0]
    assert turned[1].tolist() == pytest.approx([0.2, 0.8, 0])
    assert primaries(-red, others)[0][2].tolist() == pytest.approx([0.2, 0, 0.8])
    stronger = primaries(others, red)[0]
    weights = (0.2126, 0.7152, 0.0722)
    rows = [(1 + 0.5 * (1 - weights[0]), 0, 0), (-0.5 * weights[0], 1, 0), (-0.5 * weights[0], 0, 1)]
    for row, wanted in zip(stronger.tolist(), rows, strict=True):
        assert row == pytest.approx([cell / sum(wanted) for cell in wanted])


@pytest.mark.parametrize("amount", [-1.0, 0.6])
def test_the_shadow_tint_takes_half_a_stop_of_green_at_black_and_keeps_luminance(apply, amount):
    dark = torch.full((3, 1), 0.01, dtype=torch.float64)
    light = srgb_to_linear(apply("calibration", dark, shadow_tint=amount))
    before = srgb_to_linear(dark)
    fade = (1 - 0.01) ** 3
    assert float(torch.log2(light[1] / before[1])) == pytest.approx(-0.5 * amount * fade, abs=1e-4)
    assert float(0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]) == pytest.approx(float(before[0]), rel=1e-5)
