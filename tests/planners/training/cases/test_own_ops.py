"""Faults by the ops that repair: each photo's own, by its seed alone, within what the file says."""

from __future__ import annotations

import numpy as np
import torch

from veraretouch.planners.training.cases.own_ops import distribution, draw_values, spoil_by_own_ops

SEEDS = [(1, number) for number in range(6)]


def _photos(count: int) -> torch.Tensor:
    return torch.randint(0, 256, (count, 3, 24, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(2))


def test_a_row_depends_on_its_pixels_and_its_seed_alone() -> None:
    photos = _photos(6)
    done = spoil_by_own_ops(photos, SEEDS)
    assert done.dtype == torch.uint8
    assert torch.equal(spoil_by_own_ops(photos[3:4], SEEDS[3:4]), done[3:4])
    assert not torch.equal(spoil_by_own_ops(photos[3:4], [(2, 3)]), done[3:4])


def test_every_photo_is_spoilt() -> None:
    assert all(draw_values((number,)) for number in range(60))
    photos = _photos(6)
    moved = (spoil_by_own_ops(photos, SEEDS).float() - photos.float()).abs().flatten(1).mean(dim=1)
    assert (moved > 0.2).all()


def test_values_are_drawn_as_the_file_says() -> None:
    exposure = distribution()["families"]["exposure"]
    about = exposure["sets"][0]["slots"]["exposure.ev"]
    drawn = [draw_values((number,)).get("exposure.ev") for number in range(600)]
    there = np.array([value for value in drawn if value is not None])
    # A draw of nothing at all is drawn again, so that families are there a little more often.
    assert abs(len(there) / len(drawn) - (1 - exposure["absent"])) < 0.07
    assert abs(there.mean() - about["mean"]) < 4 * about["deviation"] / np.sqrt(len(there))
    assert np.abs(there - about["mean"]).max() <= about["cut"]
