"""The inverse of a blur: more terms find more of what was lost, and what is added is held in its surroundings."""

from __future__ import annotations

import torch

from veraretouch.core.filters.deblurring import Surroundings, lost_to_blur
from veraretouch.core.filters.gaussian import gaussian_blur


def test_each_term_finds_more_of_what_a_blur_took():
    sharp = torch.rand(1, 1, 40, 50, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    sigma = torch.full((1, 1, 1, 1), 0.8, dtype=torch.float64)
    soft = gaussian_blur(sharp, sigma, 4)
    left = [float((soft + lost_to_blur(soft, sigma, 4, terms=n) - sharp).std()) for n in (1, 2, 3, 6)]
    assert left == sorted(left, reverse=True)
    assert left[-1] < 0.7 * float((soft - sharp).std())


def test_a_change_stays_within_what_lies_around_but_for_what_may_pass():
    plane = torch.tensor([[0.2, 0.5, 0.6]]).reshape(1, 1, 1, 3)
    around = Surroundings(plane, 1)
    assert torch.allclose(around.above.flatten(), torch.tensor([0.3, 0.1, 0.0]))
    assert torch.allclose(around.below.flatten(), torch.tensor([0.0, 0.3, 0.1]))
    wanted = torch.tensor([0.4, 0.05, -0.3]).reshape(1, 1, 1, 3)
    assert torch.allclose(around.held(wanted, 0.0).flatten(), torch.tensor([0.3, 0.05, -0.1]))
    assert torch.allclose(around.held(wanted, 0.5).flatten(), torch.tensor([0.35, 0.05, -0.2]))
    assert torch.allclose(around.held(wanted, 1.0), wanted)
