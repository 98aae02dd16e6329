"""Clarity and texture: detail of their scale, no halo at edges, noise left alone."""

from __future__ import annotations

import math

import pytest
import torch

from veraretouch.ops.clarity import Clarity

WIDTH = 600


def waves(length, height=0.05, level=0.5):
    """Grey (1, 3, 400, 600) with waves of so many pixels."""
    x = level + height * torch.sin(torch.arange(WIDTH, dtype=torch.float64) * 2 * math.pi / length)
    return x.expand(1, 3, 120, WIDTH).clone()


def gain(op, apply, photo, amount):
    inner = (..., slice(40, 80), slice(100, 500))
    return float(apply(op, photo, amount=amount)[inner].std() / photo[inner].std())


def test_each_strengthens_and_weakens_waves_of_its_own_scale(apply):
    fine, broad = waves(4), waves(16)
    for op, photo in (("texture", fine), ("clarity", broad), ("clarity", fine)):
        assert gain(op, apply, photo, 1.0) > 1.8
        assert gain(op, apply, photo, -1.0) < 0.6
    assert gain("texture", apply, broad, 1.0) < 1.6


def test_noise_is_not_strengthened(apply):
    noise = 0.5 + 0.004 * torch.randn(1, 1, 120, WIDTH, generator=torch.Generator().manual_seed(0)).expand(1, 3, -1, -1)
    for op in ("clarity", "texture"):
        assert gain(op, apply, noise.double(), 1.0) < 1.35


@pytest.mark.parametrize("op", ["clarity", "texture"])
@pytest.mark.parametrize(("low", "high"), [(0.4, 0.6), (0.3, 0.7), (0.1, 0.9), (60 / 255, 200 / 255)])
def test_a_step_edge_overshoots_by_less_than_two_percent(apply, op, low, high):
    photo = torch.full((1, 3, 40, WIDTH), low, dtype=torch.float64)
    photo[..., 301:] = high
    for amount in (1.0, 0.4, -1.0):
        done = apply(op, photo, amount=amount)
        assert max(float(done.max()) - high, low - float(done.min())) < 0.02 * (high - low)


@pytest.mark.parametrize("op", ["clarity", "texture"])
def test_a_preview_shows_what_the_full_render_does(preview_error, op):
    assert preview_error(op, amount=0.6) < 1.0


def test_the_older_ops_amount_is_taken_over():
    assert Clarity.migrate({"amount": -0.5}, 1) == {"amount": -0.5}
    assert Clarity.migrate({"radius": 0.5}, 1) is None
