"""The network that tells haze: whole weights; it sees a photo and not its size; more haze is told as more."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from veraretouch.ops.dehazing.network import FILE, GRID, SHAPES, haze_of, installed

SAMPLES = Path(__file__).parents[3] / "docs" / "samples"


def photo(name, side=300):
    picture = Image.open(SAMPLES / f"{name}.jpg").convert("RGB")
    picture.thumbnail((side, side))
    return torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1)[None] / 255


def test_the_installed_weights_are_of_the_shapes_that_the_network_takes():
    shapes = {name: tuple(value.shape) for name, value in installed().items()}
    assert shapes == SHAPES | {f"{name}.bias": shape[:1] for name, shape in SHAPES.items()}
    assert FILE.stat().st_size < 40_000


@pytest.mark.parametrize("name", ["barn", "lake", "portrait"])
def test_more_haze_lets_less_light_pass_and_its_colour_is_found(name):
    clear, airlight = photo(name), torch.tensor([0.9, 0.85, 0.8]).reshape(1, 3, 1, 1)
    passing = [float(haze_of(clear * left + airlight * (1 - left)).passing.mean()) for left in (0.9, 0.7, 0.5, 0.3)]
    assert passing == sorted(passing, reverse=True)
    assert passing[0] - passing[-1] > 0.4
    assert float(haze_of(clear).passing.mean()) > 0.9
    found = haze_of(clear * 0.3 + airlight * 0.7).airlight
    assert float((found - airlight).abs().max()) < 0.1


def test_a_small_copy_shows_the_same_haze():
    large, small = haze_of(photo("lake", 900) * 0.6 + 0.35), haze_of(photo("lake", 200) * 0.6 + 0.35)
    assert large.passing.shape == (1, 1, GRID, GRID)
    assert float((large.passing - small.passing).abs().mean()) < 0.03
    assert float((large.airlight - small.airlight).abs().max()) < 0.02


def test_each_photo_of_a_batch_is_seen_by_itself():
    both = torch.cat([photo("lake")[..., :190, :290], photo("lake")[..., :190, :290] * 0.5 + 0.4])
    alone = haze_of(both[1:])
    assert torch.allclose(haze_of(both).passing[1:], alone.passing, atol=1e-5)


def test_it_has_a_slope_in_pixels_and_weights():
    rgb = (photo("barn", 60) * 0.6 + 0.3).requires_grad_()
    weights = {name: value.float().requires_grad_() for name, value in installed().items()}
    haze = haze_of(rgb, weights)
    (haze.passing.mean() + haze.airlight.mean()).backward()
    assert float(rgb.grad.abs().max()) > 0
    assert all(float(value.grad.abs().max()) > 0 for value in weights.values())
