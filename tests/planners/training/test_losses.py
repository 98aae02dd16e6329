"""Losses: CIEDE2000 as it is defined but for its rotation of blues, and slopes that are finite everywhere."""

from __future__ import annotations

import pytest
import torch

from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.planners.training.losses import pixel_loss, smooth_ciede2000


def _pixels(seed: int) -> torch.Tensor:
    return torch.rand(1, 3, 24, 24, generator=torch.Generator().manual_seed(seed))


def test_the_smooth_difference_is_ciede2000_where_no_blue_is_rotated() -> None:
    one = _pixels(0)
    two = (one + 0.1 * (_pixels(1) - 0.5)).clamp(0, 1)
    exact = ciede2000(*(picture[0].permute(1, 2, 0) for picture in (one, two))).float()
    smooth = smooth_ciede2000(one, two)[0]
    blue = (one[0, 2] > one[0, :2].amax(dim=0)) | (two[0, 2] > two[0, :2].amax(dim=0))
    assert (smooth - exact)[~blue].abs().max() < 0.15
    assert (smooth - exact).abs().mean() < 0.2


@pytest.mark.parametrize("colour", [(0, 0, 0), (1, 1, 1), (0.5, 0.5, 0.5), (1, 0, 0), (0, 0, 1), (1.4, -0.3, 0.2)])
def test_slopes_are_finite_at_equal_and_at_extreme_colours(colour: tuple[float, ...]) -> None:
    wanted = torch.tensor(colour, dtype=torch.float32).clamp(0, 1).reshape(1, 3, 1, 1)
    done = torch.tensor(colour, dtype=torch.float32).reshape(1, 3, 1, 1).requires_grad_()
    pixel_loss(done, wanted).sum().backward()
    assert done.grad is not None
    assert done.grad.isfinite().all()


def test_a_pixel_beyond_white_is_pulled_back() -> None:
    done = torch.full((1, 3, 1, 1), 1.3, requires_grad=True)
    pixel_loss(done, torch.ones(1, 3, 1, 1)).sum().backward()
    assert done.grad is not None
    assert done.grad.sum() > 0


def test_the_loss_is_least_where_nothing_differs_and_grows_with_the_difference() -> None:
    wanted = _pixels(2)
    losses = [float(pixel_loss((wanted + off).clamp(0, 1), wanted)) for off in (0.0, 0.02, 0.1, 0.3)]
    assert losses == sorted(losses)
    assert losses[0] < losses[-1] - 1
