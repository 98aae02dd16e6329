"""The parts of a fit: free numbers and latents, slopes, pairs, the shift between two pictures."""

import numpy as np
import pytest
import torch

from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.planners.fit.align import shift_between
from veraretouch.planners.fit.areas.finding import LOCAL_OPS
from veraretouch.planners.fit.fit import DEFAULT_OPS
from veraretouch.planners.fit.pairs import pairs_of
from veraretouch.planners.fit.perceived import Wanted
from veraretouch.planners.fit.slider_chain import SliderChain
from veraretouch.planners.fit.sliders import CURVES, MONOCHROME, SLIDERS, Sliders, load_ops


@pytest.fixture(scope="module")
def sliders():
    return Sliders(load_ops([*SLIDERS, *CURVES, MONOCHROME]))


def drawn(sliders, spread=0.1):
    return sliders.project(np.random.default_rng(0).normal(size=len(sliders)) * spread)


def test_by_default_no_op_of_a_fit_looks_at_neighbouring_pixels():
    assert all(op.pointwise for op in load_ops([*DEFAULT_OPS, *LOCAL_OPS]))


def test_free_numbers_come_back_from_latents(sliders):
    x = drawn(sliders)
    assert np.abs(sliders.free(sliders.latents(x)) - x).max() < 1e-6


def test_any_numbers_projected_make_valid_latents(sliders):
    sliders.latents(drawn(sliders, 10.0)).check()


def test_at_zero_no_op_is_present(sliders):
    assert not sliders.latents(np.zeros(len(sliders))).values


def test_slopes_are_those_of_small_steps(sliders):
    chain, x = SliderChain(sliders), drawn(sliders)
    colours = torch.from_numpy(np.random.default_rng(1).uniform(0.05, 0.95, (40, 3, 1, 1)))
    wanted = Wanted(chain.render(x * 1.2, colours))
    every = np.ones(len(sliders), dtype=bool)
    _, slopes = chain.differentiate(x, colours, every, wanted.differences)
    for place in range(0, len(sliders), 3):
        step = np.zeros(len(sliders))
        step[place] = 1e-6
        ends = [wanted.differences(chain.render(x + sign * step, colours)) for sign in (1, -1)]
        # A colour may stand on a kink; all but a few have to agree.
        off = (slopes[place].T - (ends[0] - ends[1]) / 2e-6).abs()
        assert (off > 1e-3 * (1 + slopes[place].T.abs())).double().mean() < 0.05, sliders.all[place].name


def test_small_differences_are_ciede2000s():
    colours = torch.rand(500, 3, generator=torch.Generator().manual_seed(0)).double() * 0.8 + 0.1
    near = colours + 0.004 * torch.randn(500, 3, generator=torch.Generator().manual_seed(1)).double()
    found = Wanted(colours[:, :, None, None]).differences(near[:, :, None, None]).norm(dim=1)
    right = ciede2000(near, colours)
    assert (found / right).median().item() == pytest.approx(1, abs=0.05)
    assert ((found / right) - 1).abs().quantile(0.9) < 0.3


def test_pairs_average_noise_out_and_sum_to_one():
    rng = np.random.default_rng(0)
    before = rng.choice(np.linspace(0.1, 0.9, 5), (30, 30, 3)).astype(np.float32).repeat(8, 0).repeat(8, 1)
    noisy = np.clip(before**1.3 + rng.normal(0, 0.02, before.shape), 0, 1).astype(np.float32)
    pairs = pairs_of(before, noisy)
    assert pairs.weight.sum() == pytest.approx(1)
    assert np.abs(pairs.after - pairs.before**1.3).mean() < 0.004


def test_pixels_that_are_left_out_have_no_say():
    before = np.full((32, 32, 3), 0.5, np.float32)
    after = before.copy()
    after[:, :16] = 0.9
    left_out = np.zeros((32, 32), bool)
    left_out[:, :16] = True
    assert pairs_of(before, after, leave_out=left_out).after == pytest.approx(0.5)


@pytest.mark.parametrize("shift", [(0, 0), (2, 2), (-3, 5), (0, -7)])
def test_a_shift_is_found_whatever_the_tones(shift):
    scene = np.random.default_rng(0).random((40, 50)).repeat(8, 0).repeat(8, 1).astype(np.float32)
    down, right = shift
    before = scene[20:280, 20:340]
    after = scene[20 + down : 280 + down, 20 + right : 340 + right] ** 2 * 0.5
    assert shift_between(before, after) == shift


def test_plain_pictures_have_no_shift():
    assert shift_between(np.full((64, 64), 0.5, np.float32), np.full((64, 64), 0.2, np.float32)) == (0, 0)
