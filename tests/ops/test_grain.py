"""Grain: the seed's own, as strong and as coarse as asked for, at any tile and size of the photo."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import avg_pool2d

from veraretouch.core.contract.op import Frame
from veraretouch.ops.grain import Grain, _hashed, _Splines

GREY = torch.full((1, 3, 400, 600), 0.5)


def grain(photo=GREY, seed=0, frame=None, **slots):
    given = {"amount": 0.5, "size": 0.25, "roughness": 0.5} | slots
    values = {name: torch.tensor([value]) for name, value in given.items()}
    frame = frame or Frame(0, 0, *photo.shape[2:], seed=seed)
    return Grain().on_srgb(photo, Grain().params(values, frame))


def correlation(noise, shift):
    return float((noise[:, shift:] * noise[:, :-shift]).mean() / noise.square().mean())


def test_the_seed_makes_the_grain():
    assert torch.equal(grain(seed=1), grain(seed=1))
    apart = (grain(seed=1) - grain(seed=2)).abs()
    assert float(apart.mean()) > 0.02


def test_it_is_grey_normal_and_keeps_the_mean():
    done = grain(size=0.5, frame=Frame(0, 0, 3000, 4500))
    assert torch.equal(done[:, 0], done[:, 1])
    noise = done[0, 0] - 0.5
    assert abs(float(noise.mean())) < 0.003
    spread = float(noise.std())
    assert 0.03 < spread < 0.06
    assert float((noise.abs() < spread).float().mean()) == pytest.approx(0.683, abs=0.02)


def test_it_grows_with_the_amount_and_leaves_black_and_white():
    weak, strong = (float((grain(amount=amount) - 0.5).std()) for amount in (0.25, 1.0))
    assert strong == pytest.approx(4 * weak, rel=1e-3)
    for end in (0.0, 1.0):
        ends = torch.full((1, 3, 20, 30), end)
        assert torch.equal(grain(ends, amount=1.0), ends)


def test_larger_grains_hang_together_and_rough_ones_are_uneven():
    frame = Frame(0, 0, 2000, 3000)
    fine, coarse = (grain(size=size, roughness=0.0, frame=frame)[0, 0] - 0.5 for size in (0.0, 1.0))
    assert correlation(fine, 3) < 0.1
    assert correlation(coarse, 3) > 0.6
    even, rough = (grain(size=0.4, roughness=each, frame=frame) - 0.5 for each in (0.0, 1.0))
    clumps = [float(avg_pool2d(noise, 10).std() / noise.std()) for noise in (even, rough)]
    assert clumps[1] > 1.2 * clumps[0]


def test_no_direction_is_preferred():
    noise = grain(size=1.0, roughness=0.0, frame=Frame(0, 0, 2000, 3000))[0, 0] - 0.5
    across, down = correlation(noise, 4), correlation(noise.T, 4)
    diagonal = float((noise[3:, 3:] * noise[:-3, :-3]).mean() / noise.square().mean())
    assert across == pytest.approx(down, abs=0.04)
    assert diagonal == pytest.approx(across, abs=0.05)


def test_a_preview_has_the_grain_that_the_full_render_shows_at_its_size():
    full, small = torch.full((1, 3, 1600, 2400), 0.5), torch.full((1, 3, 400, 600), 0.5)
    shown = avg_pool2d(grain(full, size=1.0) - 0.5, 4)
    preview = grain(small, size=1.0) - 0.5
    assert float(preview.std()) == pytest.approx(float(shown.std()), rel=0.25)
    assert float((preview[0, 0] * shown[0, 0]).mean() / (preview.std() * shown.std())) > 0.5


def test_hashed_numbers_have_neither_a_mean_nor_neighbours():
    numbers = _hashed(torch.arange(-300, 300), torch.arange(-300, 300), 7)
    assert abs(float(numbers.mean())) < 0.01
    assert float(numbers.std()) == pytest.approx(1, abs=0.01)
    assert abs(correlation(numbers, 1)) < 0.01
    assert abs(correlation(numbers.T, 1)) < 0.01


def test_the_older_ops_amount_is_taken_over():
    assert Grain.migrate({"amount": 0.5}, 1) == {"amount": 0.2, "size": 0.5, "roughness": 0.0}
    assert Grain.migrate({"cells": 0.5}, 1) is None


def test_the_splines_are_cubic_b_splines():
    """Where all values are 1 they give 1, where they lie on a line the line, at a point 1/6, 4/6 and 1/6."""
    like = torch.empty(0, dtype=torch.float64)
    splines = _Splines.along(7, 50, 6.4, like)
    pixels = (torch.arange(50, dtype=torch.float64) + 7.5) / 6.4
    values = splines.points.double()
    assert torch.allclose(splines.join(torch.ones_like(values)[None], 1), torch.ones(1, 50, dtype=torch.float64))
    assert torch.allclose(splines.join(values[None], 1)[0], pixels)
    assert torch.allclose(splines.join(values.square()[None], 1)[0], pixels.square() + 1 / 3)
