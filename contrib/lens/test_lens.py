"""Every op keeps the contract; what strips and previews show is what the whole shows."""

import numpy as np
import pytest
import torch
from veraretouch_lens import Clarity, Grain, Sharpen, Vignette

from veraretouch import Latents, Photo, Renderer, Schema
from veraretouch.core.testing import check_op

OPS = [Vignette, Clarity, Sharpen, Grain]


@pytest.mark.parametrize("op", OPS)
def test_the_op_conforms(op):
    check_op(op)


def rendered(op, photo, amount, **options):
    latents = Latents(Schema.of([op]), {op.id: {"amount": torch.tensor([amount])}})
    return Renderer([op]).render(photo, latents, **options)


def picture(height=300, width=400):
    y, x = np.mgrid[0:height, 0:width] / width
    waves = 0.5 + 0.2 * np.sin(60 * x) * np.cos(45 * y) + 0.15 * (x > 0.5)
    return np.rint(255 * np.dstack([waves, waves**1.2, waves**0.8])).astype(np.uint8)


@pytest.mark.parametrize("op", OPS)
def test_strips_show_what_the_whole_shows(op, monkeypatch):
    tall = np.tile(picture(), (6, 2, 1))
    strips = rendered(op, tall, 0.7)
    monkeypatch.setattr("veraretouch.core.render.chain.TILE_PIXELS", 2**30)
    np.testing.assert_allclose(strips.astype(int), rendered(op, tall, 0.7).astype(int), atol=1)


def test_a_vignette_darkens_corners_alone():
    grey = np.full((200, 300, 3), 128, np.uint8)
    done = rendered(Vignette, grey, -0.5)[..., 0]
    assert done[100, 150] == 128
    assert done[0, 0] < 100
    assert abs(int(done[0, 0]) - int(done[-1, -1])) <= 1


def test_clarity_strengthens_detail_and_leaves_flats_and_edges():
    photo = picture()
    stronger, weaker = rendered(Clarity, photo, 0.8), rendered(Clarity, photo, -0.8)
    assert weaker[:, :180, 1].std() < photo[:, :180, 1].std() < stronger[:, :180, 1].std()
    step = np.full((100, 200, 3), 60, np.uint8)
    step[:, 100:] = 200
    # An edge's overshoot stays below what is seen.
    assert np.abs(rendered(Clarity, step, 0.8).astype(int) - step).max() <= 6


def test_grain_hangs_on_the_seed_and_keeps_the_mean():
    grey = Photo(np.full((200, 300, 3), 128, np.uint8))
    one, same, other = (rendered(Grain, grey, 0.6, seed=seed).pixels for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert one.std() > 2
    assert abs(one.mean() - 128) < 1.5
    assert np.array_equal(one[..., 0], one[..., 1])
