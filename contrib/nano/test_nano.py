"""The planner as it is installed: its bundle, its words, and its edits by both heads."""

import re
from pathlib import Path

import numpy as np
import pytest
from veraretouch_nano import BUNDLE

from veraretouch import Photo, Request, zoo
from veraretouch.core.testing import check_planner
from veraretouch.zoo.testing import check_bundle


@pytest.fixture(scope="module")
def planner():
    return zoo.load("vera-nano").planner


@pytest.fixture(scope="module")
def photo():
    """Soft blobs of colour."""
    rng = np.random.default_rng(0)
    rgb = np.kron(rng.uniform(0.1, 0.9, (6, 8, 3)), np.ones((24, 24, 1)))
    return Photo((255 * rgb * 0.5).astype(np.uint8))


def test_the_bundle_conforms_and_is_small():
    check_bundle("vera-nano")
    assert sum(file.stat().st_size for file in Path(BUNDLE["source"]).iterdir()) < 15e6


def test_the_planner_keeps_the_contract(planner):
    check_planner(planner)


def test_it_says_what_it_sees_in_the_published_form(planner, photo):
    heard = []
    plan = planner.plan([photo], [Request.of()], on_text=lambda row, piece: heard.append(piece))
    assert re.fullmatch(r"(<(\w+)_start>[^<>]+<\2_end>){6}(<retouch_[^<>]+>){3}(<\|im_end\|>)?", "".join(heard))
    assert set(plan.reasoning[0]) == {"lighting", "global_color", "specific_color"}


def test_it_looks_at_the_photo(planner, photo):
    dark = Photo(photo.pixels // 4)
    light = Photo(255 - (255 - photo.pixels) // 4)
    said = [
        thought["lighting"]["problem"].lower() for thought in planner.plan([dark, light], [Request.of()] * 2).reasoning
    ]
    assert "very dark" in said[0]
    assert "very bright" in said[1]


@pytest.mark.parametrize("head", ["sliders", "neural"])
def test_a_style_is_what_was_asked_for_by_either_head(photo, head):
    retoucher = zoo.load("vera-nano", options={"head": head})
    assert (set(retoucher.planner.schema.specs) == {"neural"}) == (head == "neural")
    lighter, warmer = (retoucher(photo, style=style).image.pixels.mean((0, 1)) for style in ("much brighter", "warmer"))
    before = photo.pixels.mean((0, 1))
    assert lighter.mean() > 1.1 * before.mean()
    assert warmer[0] / warmer[2] > 1.05 * before[0] / before[2]


def test_exact_values_are_exact_by_sliders(planner, photo):
    values = {"exposure.ev": 0.8, "saturation.amount": -0.4}
    found = planner.plan([photo], [Request.of(params=values)]).latents.values
    for name, value in values.items():
        op, _, slot = name.partition(".")
        assert float(found[op][slot]) == pytest.approx(value)
