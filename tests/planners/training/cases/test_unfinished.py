"""Finished photos become dark, flat and dull, as a camera gives them, by seed alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from veraretouch.planners.training.cases.unfinished import distribution, shifts, unfinish

PHOTOS = Path(__file__).parents[3] / "data" / "photos"


@pytest.fixture(scope="module")
def photos():
    found = [Image.open(path).convert("RGB").resize((48, 48)) for path in sorted(PHOTOS.glob("*.jpg"))[:6]]
    return torch.stack([torch.from_numpy(np.array(image)).permute(2, 0, 1) for image in found])


def test_a_row_depends_on_its_pixels_and_its_seed_alone(photos):
    seeds = [(7, row) for row in range(len(photos))]
    whole = unfinish(photos, seeds)
    assert whole.dtype == torch.uint8
    assert whole.shape == photos.shape
    assert torch.equal(unfinish(photos[3:4], seeds[3:4])[0], whole[3])
    assert not torch.equal(unfinish(photos[3:4], [(8, 3)])[0], whole[3])


def test_finishing_is_what_an_expert_does_in_the_mean(photos):
    """Photos of another kind than it was tuned on: the signs, and sizes within half of the published ones and a
    little.
    """
    many = photos.repeat(12, 1, 1, 1)
    found = shifts(unfinish(many, [(row,) for row in range(len(many))]), many)
    for name in ("median", "contrast", "black", "white", "chroma"):
        wanted, mean = distribution()["shifts"][name][0], float(found[name].mean())
        assert mean == pytest.approx(wanted, abs=4 + abs(wanted) / 2), name
        assert mean * wanted > 0, name
    assert abs(float(found["a"].mean())) < 3
    assert abs(float(found["b"].mean())) < 5


@pytest.mark.parametrize("form", distribution()["forms"])
def test_every_form_makes_photos_flatter_and_duller(photos, form, monkeypatch):
    alone = distribution() | {"forms": {form: distribution()["forms"][form]}}
    monkeypatch.setattr("veraretouch.planners.training.cases.unfinished.distribution", lambda: alone)
    many = photos.repeat(4, 1, 1, 1)
    found = shifts(unfinish(many, [(row,) for row in range(len(many))]), many)
    assert found["contrast"].mean() > 5
    assert found["chroma"].mean() > 2
    assert found["white"].mean() > 3


def test_shifts_of_a_pair_are_those_of_its_grey_levels():
    dark, bright = (torch.full((1, 3, 4, 4), level, dtype=torch.uint8) for level in (60, 119))
    found = shifts(dark, bright)
    # L* of sRGB 119 is 50.03, of 60 it is 25.32 (CIE 15).
    assert found["median"].item() == pytest.approx(50.03 - 25.32, abs=0.05)
    assert found["contrast"].item() == pytest.approx(0, abs=1e-4)
    assert found["chroma"].item() == pytest.approx(0, abs=0.01)
