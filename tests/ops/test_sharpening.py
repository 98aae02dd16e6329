"""Sharpening: it undoes a blur, better than an unsharp mask that leaves lines as strong beside edges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from scipy.ndimage import gaussian_filter

from veraretouch.core.contract.op import Frame
from veraretouch.ops.sharpening import Sharpening

SAMPLES = Path(__file__).parents[2] / "docs" / "samples"
SIGMA = 1.2


def blurred(pixels):
    return np.rint(gaussian_filter(pixels.astype(float), (SIGMA, SIGMA, 0))).astype(np.uint8)


def step():
    pixels = np.full((30, 640, 3), 70, np.uint8)
    pixels[:, 320:] = 180
    return pixels


def overshoot(sharpen):
    """Beyond the ends of a blurred step, as a share of it."""
    done = sharpen(blurred(step())).astype(float)
    return max(done.max() - 180, 70 - done.min()) / 110


def psnr(a, b):
    return 10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2))


@pytest.fixture
def sharpen(apply):
    def run(pixels, **slots):
        rgb = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None] / 255
        done = apply("sharpening", rgb, **({"amount": 1.0, "radius": SIGMA} | slots)).clamp(0, 1)
        return np.rint(done[0].permute(1, 2, 0).numpy() * 255).astype(np.uint8)

    return run


@pytest.mark.parametrize("name", ["barn", "stream"])
@pytest.mark.parametrize("detail", [0.0, 0.25, 0.5])
def test_a_known_blur_is_undone_better_than_by_an_unsharp_mask_of_equal_overshoot(sharpen, name, detail):
    photo = np.asarray(Image.open(SAMPLES / f"{name}.jpg").convert("RGB"))[:160]
    soft = blurred(photo)

    def ours(pixels):
        return sharpen(pixels, detail=detail)

    def theirs(percent):
        return lambda pixels: np.asarray(
            Image.fromarray(pixels).filter(ImageFilter.UnsharpMask(SIGMA, percent, 0)), np.uint8
        )

    equal = max(percent for percent in range(10, 301, 10) if overshoot(theirs(percent)) <= overshoot(ours) + 0.005)
    assert psnr(photo, ours(soft)) > psnr(photo, theirs(equal)(soft)) + 0.2
    assert psnr(photo, ours(soft)) > psnr(photo, soft) + 1


def test_without_detail_no_line_appears_beside_an_edge(sharpen):
    for amount in (0.5, 1.5):
        assert overshoot(lambda pixels, amount=amount: sharpen(pixels, amount=amount, detail=0.0)) <= 0.01
    assert overshoot(lambda pixels: sharpen(pixels, detail=1.0)) > 0.04


def test_masking_leaves_flat_areas_alone_and_sharpens_edges(sharpen):
    noisy = np.clip(blurred(step()) + np.random.default_rng(0).normal(0, 2, (30, 640, 1)), 0, 255).round()
    noisy = noisy.astype(np.uint8)
    plain, masked = (sharpen(noisy, masking=masking).astype(float) for masking in (0.0, 1.0))
    assert masked[:, :300].std() < 1.1 * noisy[:, :300].std() < 0.8 * plain[:, :300].std()
    slope = [np.abs(np.diff(each.mean(axis=0)[:, 0])).max() for each in (noisy.astype(float), masked, plain)]
    assert slope[1] > slope[0] + 0.7 * (slope[2] - slope[0])


def test_a_large_photo_is_sharpened_as_wide_as_it_is_large():
    op = Sharpening()
    assert op.halo(None, (3000, 4000)) == op.halo(None, (300, 400))
    assert op.halo(None, (6000, 8000)) > 1.8 * op.halo(None, (3000, 4000))


def test_a_thumbnail_stays_as_the_sharpening_of_its_photo_is_not_seen_in_it(sharpen):
    small = blurred(step())[:, 220:420]
    assert np.array_equal(sharpen(small), small)


def test_each_slot_and_pixel_has_a_slope():
    op, generator = Sharpening(), torch.Generator().manual_seed(0)
    rgb = torch.rand(1, 3, 5, 6, dtype=torch.float64, generator=generator).requires_grad_()
    slots = torch.tensor([0.8, 1.1, 0.4, 0.3], dtype=torch.float64, requires_grad=True)

    def run(pixels, slots):
        values = {name: slots[i : i + 1] for i, name in enumerate(op.slots)}
        return op.on_srgb(pixels, op.params(values, Frame(10, 20, 600, 800)))

    assert torch.autograd.gradcheck(run, (rgb, slots), fast_mode=True)


def test_the_older_ops_amount_is_taken_over():
    assert Sharpening.migrate({"amount": 0.4}, 1) == {"amount": pytest.approx(0.3), "detail": 1.0}
    for beyond, amount in ((-0.5, 0.0), (3.0, 0.75)):
        assert Sharpening.migrate({"amount": beyond}, 1) == {"amount": amount, "detail": 1.0}
    assert Sharpening.migrate({"radius": 0.4}, 1) is None
