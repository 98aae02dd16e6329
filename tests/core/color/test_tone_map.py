"""A tone curve on the largest and smallest channel: the DNG SDK's RGBTone, written out pixel by pixel."""

from __future__ import annotations

import torch

from veraretouch.core.color.tone_map import tone_map


def rgb_tone(pixel: list[float], curve) -> list[float]:
    """The DNG SDK's way: sort, map the ends, and interpolate the middle."""
    low, middle, high = sorted(range(3), key=pixel.__getitem__)
    done = [0.0] * 3
    done[low], done[high] = curve(pixel[low]), curve(pixel[high])
    share = (pixel[middle] - pixel[low]) / (pixel[high] - pixel[low])
    done[middle] = done[low] + (done[high] - done[low]) * share
    return done


def test_it_is_the_dng_sdks_for_every_order_of_the_channels():
    rgb = torch.rand(1, 3, 1, 300, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    done = tone_map(rgb, lambda x: x**1.7 * 0.9 + 0.05)
    wanted = [rgb_tone(pixel, lambda x: x**1.7 * 0.9 + 0.05) for pixel in rgb[0, :, 0].T.tolist()]
    assert torch.allclose(done[0, :, 0].T, torch.tensor(wanted, dtype=torch.float64), atol=1e-4)


def test_greys_follow_the_curve_and_stay_grey():
    ramp = torch.linspace(0, 1, 50, dtype=torch.float64).expand(1, 3, 1, 50)
    done = tone_map(ramp, lambda x: x**2)
    assert torch.allclose(done, ramp**2, atol=1e-9)
    assert float((done[:, 0] - done[:, 2]).abs().max()) == 0


def test_the_curve_is_asked_for_two_planes_alone():
    asked = []
    tone_map(torch.rand(2, 3, 4, 5), lambda x: asked.append(tuple(x.shape)) or x)
    assert asked == [(2, 1, 4, 5)] * 2
