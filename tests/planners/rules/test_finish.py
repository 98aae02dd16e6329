"""Finishing: what is unfinished gets a black point, contrast and colour; what is finished is left alone."""

from pathlib import Path

import numpy as np
import pytest
import torch

import veraretouch as vr
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.photo import as_photo
from veraretouch.core.testing import check_planner
from veraretouch.planners.rules.finish import KNOTS, curve_through, finish_of
from veraretouch.planners.rules.measure import measure
from veraretouch.planners.rules.style import read_style

PHOTOS = Path(__file__).parents[2] / "data" / "photos"
# Photographers' own pictures, of sources that no calibration saw.
FINISHED = (
    "buddiesofbudgie-beacon-street-sunset",
    "buddiesofbudgie-canyon-wren",
    "buddiesofbudgie-roman-colosseum",
    "buddiesofbudgie-singaporean-cityscape",
    "pop-os-jad-limcaco-183877",
    "pop-os-ng-32703",
)


def finished(name) -> np.ndarray:
    return np.ascontiguousarray(vr.open_photo(PHOTOS / f"{name}.jpg").resized(160).working())


def unfinished(rgb: np.ndarray) -> np.ndarray:
    """Flat, with lifted black, dark and dull, as a camera's neutral profile is."""
    grey = rgb.mean(axis=-1, keepdims=True)
    return (0.12 + 0.55 * (grey + 0.6 * (rgb - grey))).astype(np.float32)


def apart(one: np.ndarray, two: np.ndarray) -> float:
    return float(ciede2000(torch.from_numpy(one.clip(0, 1)), torch.from_numpy(two.clip(0, 1))).mean())


def colour(rgb: np.ndarray) -> float:
    """The mean distance of a picture's largest channel from its smallest."""
    return float((rgb.max(axis=-1) - rgb.min(axis=-1)).mean())


def done(rgb: np.ndarray, **wishes) -> np.ndarray:
    return vr.load("rules")(rgb, engine="exact", **wishes).image


@pytest.mark.parametrize("name", FINISHED[:3])
def test_an_unfinished_photo_comes_nearer_to_its_finished_one_and_faithful_does_no_such_thing(name):
    good = finished(name)
    raw = unfinished(good)
    natural = done(raw, taste="natural")
    assert apart(natural, good) < 0.8 * apart(raw, good)
    assert apart(natural, good) < apart(done(raw, taste="faithful"), good)
    plans = {taste: vr.load("rules").plan(raw, taste=taste) for taste in ("faithful", "natural")}
    assert "tone_curve" not in plans["faithful"].edits
    assert plans["natural"].edits["tone_curve"].params["luma"][2] < 2 / 16  # a real black point
    assert "It looks unfinished" in plans["natural"].reasoning["lighting"]["problem"]
    assert "Finish its tones by a curve" in plans["natural"].reasoning["lighting"]["plan"]


def test_finished_photos_are_hardly_moved_by_finishing():
    moved = [apart(done(finished(name), taste="natural"), done(finished(name), taste="faithful")) for name in FINISHED]
    assert np.mean(moved) < 1.0


def test_vivid_goes_on_where_natural_stops_and_natural_is_the_default():
    good = finished(FINISHED[0])
    plans = {taste: vr.load("rules").plan(good, taste=taste) for taste in (None, "natural", "vivid")}
    assert plans[None].document()["edits"] == plans["natural"].document()["edits"]
    assert plans["vivid"].edits["vibrance"].params["amount"] >= 0.2
    assert colour(done(good, taste="vivid")) > 1.05 * colour(done(good, taste="natural"))


def test_a_style_goes_on_top_of_a_taste_that_is_asked_for_and_faithful_is_the_words_alone():
    raw = unfinished(finished(FINISHED[1]))
    words = read_style("warmer").edits
    rules = vr.load("rules")
    assert set(rules.plan(raw, style="warmer", taste="faithful").edits) == set(words)
    assert set(rules.plan(raw, style="warmer").edits) == set(words)
    both = rules.plan(raw, style="warmer", taste="natural")
    alone = rules.plan(raw, taste="natural")
    assert "tone_curve" in both.edits
    cast = alone.edits["white_balance"].params["temperature"] if "white_balance" in alone.edits else 0.0
    warmer = both.edits["white_balance"].params["temperature"] - cast
    assert warmer == pytest.approx(words["white_balance"]["temperature"], abs=1e-3)
    assert "Besides, for this photo: " in both.reasoning["lighting"]["plan"]


def test_rules_keep_what_they_promise_of_their_tastes():
    check_planner("rules", only=["tastes"])


def test_the_curve_never_falls_and_leaves_tones_that_stay_where_they_are():
    line = np.linspace(0, 1, KNOTS)
    assert curve_through([0.1, 0.3, 0.5, 0.7, 0.9], [0.1, 0.3, 0.5, 0.7, 0.9]) == pytest.approx(line, abs=0.01)
    wild = curve_through([0.5, 0.5, 0.5, 0.5, 0.51], [0.0, 0.9, 0.1, 1.2, -0.3])
    assert (np.diff(wild) >= 0).all()
    assert ((wild >= 0) & (wild <= 1)).all()
    deep = curve_through([0.3, 0.5, 0.7], [0.2, 0.5, 0.8])
    assert deep[1] < line[1]


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_surface_of_one_grey_has_nothing_to_finish(value):
    found = measure(as_photo(np.full((8, 8, 3), value, np.uint8)))
    assert finish_of(found, "faithful").edits(found) == finish_of(found, "natural").edits(found) == {}
    assert (np.diff(finish_of(found, "vivid").edits(found).get("tone_curve", {}).get("luma", [0, 1])) >= 0).all()
