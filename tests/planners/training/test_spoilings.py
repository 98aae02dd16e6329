"""The committed distribution: the same draws for ever, each fault in its direction, and as strong as was agreed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from veraretouch.core.color.oklab import chroma, oklab
from veraretouch.planners.training.data import grids_of
from veraretouch.planners.training.spoilings import FAULTS, distribution, draw, normal, spoil

PHOTOS = sorted((Path(__file__).parents[2] / "data" / "photos").glob("*.jpg"))


def test_a_draw_depends_on_its_own_seed_alone_and_never_changes() -> None:
    alone, among = draw([(1, 2, 3)]), draw([(9, 9, 9), (1, 2, 3)])
    assert torch.equal(alone[0], among[1])
    known = torch.tensor([[0.0, 0.0, 0.0, 0.0, 0.4292]])
    assert torch.allclose(draw([(20261125, 0, 0)]), known, atol=1e-4), draw([(20261125, 0, 0)])


def test_faults_keep_to_their_cut_and_are_absent_as_often_as_is_said() -> None:
    rows = draw([(7, index) for index in range(2000)])
    assert (rows != 0).any(dim=1).all()
    for family in distribution()["families"].values():
        columns = rows[:, [FAULTS.index(fault) for fault in family["faults"]]]
        assert columns.abs().max() <= family["cut"]
        # Draws without any fault are drawn again, so that each is absent a little less often.
        assert abs(float((columns == 0).all(dim=1).float().mean()) - 0.385) < 0.035


def test_a_normal_draw_keeps_its_mean_and_its_cut() -> None:
    rng = np.random.default_rng(0)
    values = [normal(rng, {"mean": 3.0, "deviation": 1.0, "cut": 1.5}) for _ in range(500)]
    assert np.mean(values) == pytest.approx(3, abs=0.2)
    assert max(abs(value - 3) for value in values) <= 1.5


def test_each_fault_goes_in_its_direction() -> None:
    rgb = grids_of(PHOTOS[:4]).float() / 255

    def measured(fault: str, strength: float) -> torch.Tensor:
        faults = torch.zeros(4, len(FAULTS))
        faults[:, FAULTS.index(fault)] = strength
        done = spoil(rgb, faults).float() / 255
        lab = oklab(done)
        by = {
            "ev": lab.L.mean(),
            "red": (done[:, 0] - done[:, 1]).mean(),
            "blue": (done[:, 2] - done[:, 1]).mean(),
            "contrast": done.std(),
            "saturation": chroma(lab).mean(),
        }
        return by[fault]

    for fault in FAULTS:
        assert measured(fault, -0.5) < measured(fault, 0.0) < measured(fault, 0.5), fault


def test_doing_nothing_scores_17_to_19_decibels() -> None:
    rgb = grids_of(PHOTOS).float() / 255
    found = []
    for case in range(4):
        done = spoil(rgb, draw([(distribution()["seed"], index, case) for index in range(len(rgb))])).float() / 255
        found.append(-10 * torch.log10((done - rgb).square().flatten(1).mean(dim=1).clamp(min=1e-6)))
    assert 17 <= float(torch.stack(found).mean()) <= 19.5
