"""Every op keeps the contract; what strips and previews show is what the whole shows."""

import numpy as np
import pytest
import torch
from veraretouch_lens import Bloom, SoftFocus

from veraretouch import Latents, Renderer, Schema
from veraretouch.core.testing import check_op

OPS = [SoftFocus, Bloom]


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


def test_soft_focus_softens_edges_and_keeps_flats():
    step = np.full((200, 400, 3), 60, np.uint8)
    step[:, 200:] = 200
    done = rendered(SoftFocus, step, 0.8).astype(int)
    assert np.abs(np.diff(done[100, :, 0])).max() < 100
    assert np.abs(done[:, [20, 380]] - step[:, [20, 380]]).max() <= 1


def test_bloom_lets_lights_glow_and_leaves_dark_photos():
    night = np.full((200, 300, 3), 30, np.uint8)
    assert np.abs(rendered(Bloom, night, 1.0).astype(int) - night).max() <= 2
    night[95:105, 145:155] = 255
    glow = rendered(Bloom, night, 1.0)[100, :, 0].astype(int)
    assert glow[158] > 45
    assert glow[20] <= 32
