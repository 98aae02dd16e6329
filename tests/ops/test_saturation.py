"""Saturation and vibrance: chroma within the gamut, hue kept."""

from __future__ import annotations

import pytest
import torch

SKIN = torch.tensor(
    [[0.87, 0.68, 0.57], [0.78, 0.57, 0.44], [0.60, 0.41, 0.31], [0.42, 0.28, 0.21], [0.95, 0.80, 0.72]],
    dtype=torch.float64,
).T


def test_full_desaturation_leaves_greys(apply, cube, lch):
    assert float(apply("saturation", cube, amount=-1.0).std(dim=0).max()) < 2e-3
    assert float((lch(apply("saturation", cube, amount=-1.0))[0] - lch(cube)[0]).abs().max()) < 2e-3


def test_vibrance_spares_skin(apply, lch):
    def gain(rgb: torch.Tensor) -> torch.Tensor:
        return lch(apply("vibrance", rgb, amount=0.6))[1] / lch(rgb)[1] - 1

    # The same colours with red and blue exchanged: as light, as strong, but of the sky's hue.
    sky = SKIN.flip(0)
    assert float(gain(SKIN).max()) < 0.3
    assert float((gain(SKIN) / gain(sky)).max()) < 0.75


def test_vibrance_strengthens_muted_colours_more_than_strong_ones(apply, lch):
    muted, strong = (torch.tensor([[v], [0.5], [1 - v]], dtype=torch.float64) for v in (0.45, 0.1))
    gains = [float(lch(apply("vibrance", rgb, amount=0.6))[1] / lch(rgb)[1]) for rgb in (muted, strong)]
    assert gains[0] > 1.3
    assert gains[1] < 1.15


@pytest.mark.parametrize("op", ["saturation", "vibrance"])
@pytest.mark.parametrize("amount", [0.1, 0.3, 0.6, 1.0])
def test_more_saturation_never_leaves_the_gamut(apply, cube, op, amount):
    done = apply(op, cube, amount=amount)
    assert float(done.min()) > -1e-3
    assert float(done.max()) < 1 + 1e-3


@pytest.mark.parametrize("op", ["saturation", "vibrance"])
@pytest.mark.parametrize("amount", [-0.3, -0.1, 0.1, 0.3])
def test_saturation_keeps_the_hue_of_every_colour(apply, wheels, turn, op, amount):
    assert float(turn(wheels, apply(op, wheels, amount=amount)).max()) < 3


def test_more_saturation_means_more_chroma_for_all_colours(apply, wheels, lch):
    chromas = torch.stack([lch(apply("saturation", wheels, amount=a))[1] for a in torch.linspace(-1, 1, 9)])
    muted = lch(wheels)[1] < 0.08
    assert float(chromas[:, muted].diff(dim=0).min()) > -1e-6
    # Blues meet the gamut's wall on a bend, where a stronger push gives back a little of what a weaker one had won.
    assert float(chromas.diff(dim=0).min()) > -0.006
    assert float((chromas[5:] - chromas[4]).min()) > -1e-6
