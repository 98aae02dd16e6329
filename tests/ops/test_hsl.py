"""The colour mixer: bands of hue, gated by chroma."""

from __future__ import annotations

import math

import pytest
import torch
from colours import band

from veraretouch.core.color.hue_bands import BANDS, CENTRES, band_weights
from veraretouch.core.color.oklab import light_at
from veraretouch.core.color.planes import join
from veraretouch.core.color.srgb import linear_to_srgb
from veraretouch.ops.hsl import HUE_REACH


def test_the_bands_of_hue_are_a_continuous_partition_of_unity():
    degrees = torch.linspace(0, 360, 7201, dtype=torch.float64).reshape(1, 1, 1, -1)
    weights = band_weights(degrees)[0, :, 0]
    assert weights.shape == (len(BANDS), 7201)
    assert float((weights.sum(dim=0) - 1).abs().max()) < 1e-12
    assert float(weights.min()) >= 0
    # 1.5 / 23.6 a degree is the steepest ramp, between red and orange.
    assert float(weights.diff(dim=1).abs().max()) < 1.6 / 23.6 * 0.05
    assert torch.allclose(weights[:, 0], weights[:, -1], atol=1e-12)


def test_each_band_has_its_centre_to_itself():
    weights = band_weights(torch.tensor(CENTRES, dtype=torch.float64).reshape(1, 1, 1, -1))[0, :, 0]
    assert torch.allclose(weights, torch.eye(8, dtype=torch.float64), atol=1e-9)


@pytest.mark.parametrize("slot", ["hue", "saturation", "luminance"])
@pytest.mark.parametrize("amount", [-1.0, 1.0])
def test_the_mixer_leaves_greys_untouched(apply, ramp, slot, amount):
    assert float((apply("hsl", ramp, **{slot: amount}) - ramp).abs().max()) < 1e-6


def test_a_band_moves_its_own_colour_and_leaves_the_opposite_one(apply):
    blue, yellow = (torch.tensor([rgb], dtype=torch.float64).T for rgb in ((0.25, 0.35, 0.75), (0.75, 0.7, 0.25)))
    for slot in ("hue", "saturation", "luminance"):
        assert float((apply("hsl", blue, **{slot: band(5, -0.5)}) - blue).abs().max()) > 0.02
        assert torch.allclose(apply("hsl", yellow, **{slot: band(5, -0.5)}), yellow, atol=1e-9)


def test_the_mixer_darkens_and_lightens_as_it_says(apply, wheels, lch):
    before = lch(wheels)[0]
    assert bool((lch(apply("hsl", wheels, luminance=-0.5))[0] < before + 1e-6).all())
    assert bool((lch(apply("hsl", wheels, luminance=0.5))[0] > before - 1e-6).all())


def test_a_sky_that_pales_towards_the_horizon_darkens_without_an_edge(apply, lch):
    share = torch.linspace(0, 1, 400, dtype=torch.float64)
    top, horizon = (torch.tensor([rgb], dtype=torch.float64).T for rgb in ((0.25, 0.5, 0.78), (0.93, 0.94, 0.95)))
    sky = top + (horizon - top) * share
    steps = lch(apply("hsl", sky, luminance=band(5, -1.0) + band(4, -1.0)))[0].diff()
    assert float(steps.min()) > 0
    assert float(steps.max()) < 3.5 * float(lch(sky)[0].diff().max())


def muted(c: float) -> torch.Tensor:
    """A colour (3, 1) of chroma c, at the hue of blue's centre and lightness 0.6."""
    radians = math.radians(CENTRES[5])
    L, a, b = (
        torch.full((1, 1, 1, 1), v, dtype=torch.float64) for v in (0.6, c * math.cos(radians), c * math.sin(radians))
    )
    roots = [
        L + x * a + y * b
        for x, y in ((0.3963377774, 0.2158037573), (-0.1055613458, -0.0638541728), (-0.0894841775, -1.291485548))
    ]
    return linear_to_srgb(join(light_at(tuple(roots)))).reshape(3, 1)


@pytest.mark.parametrize(("c", "share"), [(0.01, 0.0741), (0.03, 0.5), (0.05, 0.9259), (0.06, 1.0), (0.09, 1.0)])
def test_hue_and_saturation_open_with_chroma_up_to_their_gate(apply, lch, c, share):
    """smoothstep(0, 0.06, C): noise in greys stays as it is."""
    before, blue = lch(muted(c)), band(5, 1.0)
    assert float(before[1]) == pytest.approx(c, abs=2e-4)
    turned = lch(apply("hsl", muted(c), hue=blue))[2] - before[2]
    assert float(turned) == pytest.approx(HUE_REACH * share, abs=0.7)
    paled = lch(apply("hsl", muted(c), saturation=-0.5 * blue))[1] / before[1]
    assert float(paled) == pytest.approx(1 - 0.5 * share, abs=0.02)


@pytest.mark.parametrize(("c", "share"), [(0.03, 0.104), (0.075, 0.5), (0.12, 0.896)])
def test_luminance_opens_by_a_wider_gate_and_its_full_step_is_half_a_stop_of_lightness(apply, lch, c, share):
    darker = lch(apply("hsl", muted(c), luminance=band(5, -1.0)))[0] / 0.6
    assert float(darker) == pytest.approx(2 ** (-share / 2), abs=0.01)


def test_darkening_keeps_the_light_s_ratios_but_gives_back_half_the_chroma(apply, lch):
    c = 0.15
    done = lch(apply("hsl", muted(c), luminance=band(5, -1.0)))
    scale = 2**-0.5
    assert float(done[0]) == pytest.approx(0.6 * scale, abs=5e-3)
    assert c * scale < float(done[1]) <= c * scale**0.5 + 2e-3
