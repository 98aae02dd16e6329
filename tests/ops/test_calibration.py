"""Calibration: primaries turned and strengthened, greys kept, shadows tinted."""

from __future__ import annotations

import pytest
import torch


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
