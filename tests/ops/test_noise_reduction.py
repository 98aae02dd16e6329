"""Noise reduction: it finds how noisy a photo is, takes that out and no more, and beats OpenCV's figures where both are
measured: tests/benchmarks/filters/detail.py.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from veraretouch.core.contract.op import Frame
from veraretouch.ops import noise_reduction
from veraretouch.ops.noise_reduction import NoiseReduction, _inverse_thresholds, _measured, _Noise, _shrunk

SAMPLES = Path(__file__).parents[2] / "docs" / "samples"
EVERY = {
    "luminance": 1.0,
    "luminance_detail": 0.5,
    "luminance_contrast": 0.0,
    "color": 1.0,
    "color_detail": 0.5,
    "color_smoothness": 0.5,
}
LEVELS = ((0.0006, 0.004), (0.0025, 0.01), (0.008, 0.02))  # variance a light + b^2


def photo(name="barn"):
    pixels = np.asarray(Image.open(SAMPLES / f"{name}.jpg").convert("RGB"))[60:300, 60:360]
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None] / 255


def noisy(rgb, level):
    a, b = LEVELS[level]
    noise = torch.randn(rgb.shape, generator=torch.Generator().manual_seed(level))
    return ((rgb + noise * torch.sqrt(a * rgb + b * b)).clamp(0, 1) * 255).round() / 255


def clean(rgb, **slots):
    op = NoiseReduction()
    values = {name: torch.tensor([value], dtype=rgb.dtype) for name, value in (EVERY | slots).items()}
    return op.on_srgb(rgb, op.params(values, Frame(0, 0, *rgb.shape[2:])))


def psnr(a, b):
    return float(-10 * torch.log10((a - b).square().mean()))


@pytest.mark.parametrize(("level", "gain"), [(0, 2.0), (1, 4.0), (2, 5.0)])
def test_noise_goes_and_the_photo_stays(level, gain):
    for name in ("barn", "portrait"):
        given = noisy(photo(name), level)
        assert psnr(photo(name), clean(given)) > psnr(photo(name), given) + gain


@pytest.mark.parametrize("name", ["barn", "portrait"])
def test_a_photo_without_noise_stays_nearly_as_it_is(name):
    assert psnr(photo(name), clean(photo(name))) > 45


@pytest.mark.parametrize("level", [0, 1, 2])
def test_the_noise_that_is_found_is_the_noise_that_is_there(level):
    ramp = torch.linspace(0.1, 0.9, 400).expand(1, 3, 300, 400)
    found = _measured(noisy(ramp, level))
    a, b = LEVELS[level]
    wanted = torch.sqrt(a * found.places / 3**0.5 + b * b)
    for plane in range(3):
        assert torch.allclose(found.variances[:, plane].sqrt(), wanted, rtol=0.15)


def test_texture_is_not_taken_for_noise():
    rgb = photo("stream")
    a, b = LEVELS[1]
    found = _measured(noisy(rgb, 1))
    wanted = torch.sqrt(a * found.places / 3**0.5 + b * b)
    assert bool((found.variances[:, 0].sqrt() < 2.2 * wanted).all())


def test_lightness_and_colour_are_cleaned_apart():
    given = noisy(photo(), 1)
    grey, colour = (torch.tensor(row).reshape(1, 3, 1, 1) for row in noise_reduction.OPPONENT[:2])
    for slots, still, moved in (({"color": 0.0}, colour, grey), ({"luminance": 0.0}, grey, colour)):
        change = clean(given, **slots) - given
        assert float((change * still).sum(dim=1).abs().max()) < 1e-5
        assert float((change * moved).sum(dim=1).std()) > 0.01


def test_detail_contrast_and_smoothness_do_what_they_say():
    given = noisy(photo(), 1)
    much, little = (float((clean(given, luminance_detail=each) - given).std()) for each in (0.0, 1.0))
    assert much > 1.02 * little
    flat = noisy(torch.full((1, 3, 240, 240), 0.5), 2)
    left = [float(clean(flat, luminance_contrast=each)[:, 1].std()) for each in (0.0, 1.0)]
    assert left[1] > 1.15 * left[0]
    cleaned = [clean(flat, color_smoothness=each)[0] for each in (0.0, 1.0)]
    blotches = [float((red - blue).std()) for red, _, blue in cleaned]
    assert blotches[0] > 1.2 * blotches[1]


def test_blocks_join_to_the_photo_where_nothing_is_noise():
    op = NoiseReduction()
    for size in ((6, 6), (7, 11), (1, 20), (30, 8)):
        rgb = torch.rand(2, 3, *size)
        values = {name: torch.full((2,), value) for name, value in EVERY.items()}
        inverse = _inverse_thresholds(op.params(values, Frame(0, 0, *size)), rgb)
        none = _Noise(torch.zeros(2, 1), torch.zeros(2, 3, 1))
        assert torch.allclose(_shrunk(rgb, none, inverse), rgb, atol=2e-5)


@pytest.mark.parametrize("value", [0.0, 1.0, 0.3])
def test_an_area_of_one_value_stays(value):
    rgb = noisy(photo(), 1)
    rgb[:, :, 40:140, 50:200] = value
    done = clean(rgb)
    assert bool(done.isfinite().all())
    assert float((done[:, :, 60:120, 70:180] - value).abs().max()) < 1e-3


def test_strips_give_what_the_whole_gives(monkeypatch):
    given = noisy(photo(), 1)
    whole = clean(given)
    monkeypatch.setattr(noise_reduction, "STRIP", 300 * 20)
    assert torch.allclose(clean(given), whole, atol=1e-6)


def test_gradients_reach_pixels_and_slots_by_way_of_the_noise_that_is_found():
    rgb = torch.rand(1, 3, 7, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(2)) * 0.1 + 0.4
    names = list(EVERY)
    slots = torch.tensor([0.7, 0.4, 0.3, 0.6, 0.5, 0.6], dtype=torch.float64, requires_grad=True)
    op = NoiseReduction()

    def run(pixels, slots):
        values = {name: slots[i : i + 1] for i, name in enumerate(names)}
        return op.on_srgb(pixels, op.params(values, Frame(0, 0, 7, 8)))

    assert torch.autograd.gradcheck(run, (rgb.requires_grad_(), slots), eps=1e-7, atol=1e-4, fast_mode=True)


def test_between_two_levels_of_brightness_the_noise_lies_on_the_line_and_beyond_them_it_stays():
    places, variances = [0.2, 0.4, 0.8], [[0.1, 0.5, 0.3], [0.0, 0.2, 0.9], [0.4, 0.4, 0.1]]
    noise = _Noise(torch.tensor([places]), torch.tensor([variances]))
    brightness = torch.tensor([0.1, 0.2, 0.25, 0.4, 0.5, 0.8, 1.0])
    found = noise.at(brightness.reshape(1, 1, 1, -1))[0, :, 0]
    for plane, values in enumerate(variances):
        assert found[plane].tolist() == pytest.approx(np.interp(brightness, places, values).tolist(), abs=5e-4)
