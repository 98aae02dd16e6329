"""Dehaze: haze of the atmospheric model is taken back, clear photos stay, and a preview agrees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from veraretouch.core.color.ciede2000 import ciede2000

SAMPLES = Path(__file__).parents[2] / "docs" / "samples"
CLEAR = ("barn", "portrait", "night", "lake")
EVERY = (*CLEAR, "beach", "desert", "stream", "sunset")


def photo(name):
    picture = Image.open(SAMPLES / f"{name}.jpg").convert("RGB")
    picture.thumbnail((300, 300))
    return torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1)[None] / 255


def apart(a, b):
    return float(ciede2000(*(each.permute(0, 2, 3, 1).double().clamp(0, 1) for each in (a, b))).mean())


def hazed(rgb, left, airlight=(0.88, 0.9, 0.93)):
    return rgb * left + torch.tensor(airlight).reshape(1, 3, 1, 1) * (1 - left)


@pytest.mark.parametrize("left", [0.5, 0.65])
def test_added_haze_is_taken_back_by_more_than_60_percent(apply, left):
    before, after = [], []
    for name in CLEAR:
        haze = hazed(photo(name), left)
        before.append(apart(haze, photo(name)))
        after.append(apart(apply("dehaze", haze, amount=1.0), photo(name)))
    assert sum(after) < 0.4 * sum(before)


def test_clear_photos_move_by_less_than_one_on_average(apply):
    moved = [apart(apply("dehaze", photo(name), amount=1.0), photo(name)) for name in EVERY]
    assert sum(moved) / len(moved) < 1


def test_half_the_amount_takes_less_and_a_negative_one_adds_haze(apply):
    haze = hazed(photo("barn"), 0.6)
    spread = [float(apply("dehaze", haze, amount=amount).std()) for amount in (-1.0, -0.5, 0.0, 0.5, 1.0)]
    assert spread == sorted(spread)
    foggy = apply("dehaze", photo("barn"), amount=-1.0)
    assert float(foggy.mean()) > float(photo("barn").mean()) + 0.1


def test_a_preview_shows_what_the_full_render_does(preview_error):
    assert preview_error("dehaze", amount=1.0) < 1.0
    assert preview_error("dehaze", amount=-1.0) < 1.0


def test_haze_that_is_added_is_nearly_white_in_the_darkest_photo(apply):
    black = torch.zeros(1, 3, 48, 64)
    assert float(apply("dehaze", black, amount=-1.0).mean()) == pytest.approx(0.45, abs=0.01)  # half of 0.9
