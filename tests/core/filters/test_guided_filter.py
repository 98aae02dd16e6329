"""The guided filter: masks take on a picture's edges, at any size, without lines where strips meet."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from veraretouch.core.filters import guided_filter as module
from veraretouch.core.filters.guided_filter import guided_filter


@pytest.fixture
def scene() -> tuple[Tensor, Tensor]:
    """A blue sky above a slanting dark ridge, (1, 3, 300, 400), and where the sky is, (300, 400)."""
    rows, columns = torch.meshgrid(torch.arange(300.0), torch.arange(400.0), indexing="ij")
    sky = (rows < 100 + 0.25 * columns).float()
    colours = torch.tensor([[0.45, 0.6, 0.9], [0.2, 0.25, 0.15]])
    picture = sky * colours[0].reshape(3, 1, 1) + (1 - sky) * colours[1].reshape(3, 1, 1)
    torch.manual_seed(0)
    return (picture + 0.01 * torch.randn_like(picture)).unsqueeze(0), sky


def test_a_coarse_mask_takes_on_the_edges_of_the_picture(scene: tuple[Tensor, Tensor]) -> None:
    picture, sky = scene
    coarse = interpolate(sky[None, None], size=(64, 64), mode="area")
    plain = interpolate(coarse, size=(300, 400), mode="bilinear")[0, 0]
    lifted = guided_filter(picture, coarse)
    assert lifted.shape == (1, 300, 400)
    unsure, before = (((mask - sky).abs() > 0.3).float().mean() for mask in (lifted[0], plain))
    assert unsure < 0.1 * before
    assert ((lifted[0] > 0.5) == (sky > 0.5)).float().mean() > 0.995


def test_a_mask_of_one_value_stays_one_value(scene: tuple[Tensor, Tensor]) -> None:
    found = guided_filter(scene[0], torch.tensor([0.0, 0.3, 1.0]).reshape(1, 3, 1, 1).expand(1, 3, 8, 8))
    for plane, value in zip(found, (0.0, 0.3, 1.0), strict=True):
        assert torch.allclose(plane, torch.tensor(value), atol=1e-4)


def test_strips_give_the_whole(scene: tuple[Tensor, Tensor], monkeypatch: pytest.MonkeyPatch) -> None:
    picture, sky = scene
    coarse = interpolate(sky[None, None], size=(96, 96), mode="area")
    whole = guided_filter(picture, coarse)
    monkeypatch.setattr(module, "_STRIP", 400 * 7)
    assert torch.allclose(guided_filter(picture, coarse), whole, atol=1e-6)


def test_a_preview_shows_what_the_full_size_does(scene: tuple[Tensor, Tensor]) -> None:
    picture, sky = scene
    coarse = interpolate(sky[None, None], size=(96, 96), mode="area")
    large = interpolate(picture, scale_factor=4, mode="bilinear")
    full = interpolate(guided_filter(large, coarse)[None], size=(300, 400), mode="area")[0]
    assert (full - guided_filter(picture, coarse)).abs().mean() < 0.01


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (3, 2000)])
def test_pictures_of_any_shape_are_filtered(size: tuple[int, int]) -> None:
    found = guided_filter(torch.rand(1, 3, *size), torch.rand(1, 2, 96, 96))
    assert found.shape == (2, *size)
    assert torch.isfinite(found).all()
    assert 0 <= float(found.min()) <= float(found.max()) <= 1
