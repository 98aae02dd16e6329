"""Faults by engines that are not ours: drawn by seed alone, absent at scale 0, larger with the scale."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.errors import InvalidRequest
from veraretouch.planners.imagemagick import imagemagick
from veraretouch.planners.training.cases.strangers import EVERYWHERE, distribution, spoil_by_strangers

VARIANTS = [(engine, variant) for engine, about in distribution()["engines"].items() for variant in about["variants"]]


@pytest.fixture(scope="module")
def photos():
    rng = np.random.default_rng(3)
    grey = np.linspace(20, 230, 64)[None, None, :, None] + np.linspace(-15, 15, 48)[None, None, None, :]
    tinted = grey * np.array([1.0, 0.9, 0.75])[None, :, None, None] + rng.normal(0, 6, (4, 3, 64, 48))
    return torch.from_numpy(tinted.clip(0, 255).astype(np.uint8))


def seeds(count, *more):
    return [(row, *more) for row in range(count)]


def apart(one, two):
    planes = ((rgb.permute(0, 2, 3, 1).double() / 255) for rgb in (one, two))
    return ciede2000(*planes).mean(dim=(1, 2))


def test_a_row_depends_on_its_pixels_and_its_seed_alone(photos):
    whole = spoil_by_strangers(photos, seeds(4), scale=1.0)
    assert whole.dtype == torch.uint8
    assert whole.shape == photos.shape
    for row in (3, 1):
        assert torch.equal(spoil_by_strangers(photos[row : row + 1], [(row,)], scale=1.0)[0], whole[row])
    assert not torch.equal(spoil_by_strangers(photos, seeds(4, 1), scale=1.0), whole)


def test_scale_zero_leaves_photos_alone(photos):
    assert torch.equal(spoil_by_strangers(photos, seeds(4), scale=0.0), photos)


def test_a_mild_scale_spoils_less_than_a_strong_one(photos):
    many, drawn = photos.repeat(8, 1, 1, 1), seeds(32)
    mild, strong = (
        apart(many, spoil_by_strangers(many, drawn, scale=distribution()["scales"][name])).mean()
        for name in ("mild", "strong")
    )
    assert 1 < mild < 0.6 * strong


@pytest.mark.parametrize(("engine", "variant"), VARIANTS)
def test_every_variant_of_every_engine_spoils_and_stays_near_nothing_for_faults_near_nothing(
    photos, engine, variant, monkeypatch
):
    if engine == "imagemagick" and imagemagick() is None:
        pytest.skip("ImageMagick is not installed")
    alone = {engine: {"weight": 1.0, "variants": {variant: 1.0}}}
    still = distribution() | {"engines": alone, "phone": distribution()["phone"] | {"share": 0}}
    monkeypatch.setattr("veraretouch.planners.training.cases.strangers.distribution", lambda: still)
    assert apart(photos, spoil_by_strangers(photos, seeds(4), scale=1.0, engines=[engine])).min() > 0.5
    hardly = spoil_by_strangers(photos, seeds(4), scale=1e-3, engines=[engine])
    assert apart(photos, hardly).max() < 1.0


def test_an_unknown_engine_is_refused_by_name(photos):
    with pytest.raises(InvalidRequest, match=r"'lightroom'.*opencolorio"):
        spoil_by_strangers(photos, seeds(4), scale=1.0, engines=["lightroom"])
    with pytest.raises(InvalidRequest):
        spoil_by_strangers(photos, seeds(4), scale=1.0, engines=[])


def test_imagemagick_is_asked_for_by_name_and_missed_by_name(photos, monkeypatch):
    assert "imagemagick" not in EVERYWHERE
    monkeypatch.setattr("veraretouch.planners.training.cases.strangers.imagemagick", lambda: None)
    with pytest.raises(InvalidRequest, match="ImageMagick is not installed"):
        spoil_by_strangers(photos, seeds(4), scale=1.0, engines=["imagemagick"])
