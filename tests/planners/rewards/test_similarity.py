"""The reward `similarity`: colour by CIEDE2000, structure by SSIM."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity as by_skimage

from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.testing import check_reward
from veraretouch.core.testing.inputs.pixels import scene
from veraretouch.core.testing.reward_checks.bench import RewardBench
from veraretouch.planners.rewards.similarity import Similarity, _lightness, structural_similarity


def test_it_keeps_the_contract():
    check_reward("similarity")


def test_the_target_itself_gets_everything_and_less_the_farther_a_picture_is():
    rollouts = RewardBench(Similarity()).ordinary()
    farther = [replace(rollouts, pictures=(rollouts.targets * gain).clamp(0, 1)) for gain in (1.0, 0.95, 0.8, 0.5)]
    scores = torch.stack([Similarity().score(each) for each in farther])
    assert torch.allclose(scores[0], torch.ones(3))
    assert (scores.diff(dim=0) < -0.01).all()


def test_colour_alone_is_the_exponential_of_the_mean_difference():
    rollouts = RewardBench(Similarity()).ordinary()
    apart = ciede2000(rollouts.pictures[0].permute(1, 2, 0), rollouts.targets[0].permute(1, 2, 0)).mean()
    score = Similarity(structure=0.0).score(rollouts)[0]
    assert float(score) == pytest.approx(float(torch.exp(-apart / 10)), abs=1e-6)


def test_structure_is_that_of_wang_and_others_away_from_the_border():
    one = scene(40, 48).clamp(0, 1)
    other = (one * 0.8 + 0.05 * torch.rand(one.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)
    a, b = (_lightness(picture)[0, 0].numpy() for picture in (one, other))
    _, expected = by_skimage(
        a, b, data_range=1.0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
    )
    # The map's mean is compared where both have whole windows: ours leaves out what lies beyond the border.
    whole = structural_similarity(one, other)
    assert float(whole[0]) == pytest.approx(float(np.mean(expected)), abs=0.01)
    noise = structural_similarity(one, torch.rand(one.shape, generator=torch.Generator().manual_seed(1)))
    assert float(noise[0]) < 0.3 < 0.6 < float(whole[0])
