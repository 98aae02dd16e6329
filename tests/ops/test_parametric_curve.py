"""The parametric curve: monotone for every setting, each region moves its own centre."""

from __future__ import annotations

import pytest
import torch
from colours import rises


def test_the_parametric_curve_is_monotone_for_any_amounts_and_splits_even_crossing_ones(apply, ramp):
    generator = torch.Generator().manual_seed(7)
    names = ("shadows", "darks", "lights", "highlights")
    splits = {"shadow_split": (0.1, 0.7), "midtone_split": (0.2, 0.8), "highlight_split": (0.3, 0.9)}
    draws = torch.rand(60, 7, generator=generator, dtype=torch.float64)
    crossing = 0
    for draw in draws.tolist():
        settings = {
            name: -1.0 if share < 0.2 else 1.0 if share > 0.8 else 2 * share - 1
            for name, share in zip(names, draw, strict=False)
        }
        settings |= {
            name: low + (high - low) * share
            for (name, (low, high)), share in zip(splits.items(), draw[4:], strict=True)
        }
        crossing += (
            settings["shadow_split"] > settings["midtone_split"]
            or settings["midtone_split"] > settings["highlight_split"]
        )
        done = apply("parametric_curve", ramp, **settings)[0]
        assert rises(done), settings
        assert float(done.min()) > -1e-9
        assert float(done.max()) < 1 + 1e-9
    assert crossing > 10


@pytest.mark.parametrize(
    ("slot", "centre"), [("shadows", 0.125), ("darks", 0.375), ("lights", 0.625), ("highlights", 0.875)]
)
def test_a_region_of_the_parametric_curve_moves_its_centre_by_a_tenth(apply, slot, centre):
    tone = torch.full((3, 1), centre, dtype=torch.float64)
    for amount in (-1.0, 1.0):
        moved = float(apply("parametric_curve", tone, **{slot: amount})[0, 0]) - centre
        assert 0.09 < moved * amount < 0.13
