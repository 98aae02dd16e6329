"""What a photo shows decides what its colours mean: a sky is no cast, leaves are not garish, and the words name it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from veraretouch import Photo
from veraretouch.core.photo import as_photo
from veraretouch.core.strict_json import packaged
from veraretouch.planners.rules import evidence
from veraretouch.planners.rules.auto import decide, weigh
from veraretouch.planners.rules.evidence import features
from veraretouch.planners.rules.measure import Measurements, measure
from veraretouch.planners.rules.planner import Rules
from veraretouch.planners.scene.network import CLASSES, GRID, SceneNetwork
from veraretouch.planners.scene.reader import SceneReader
from veraretouch.planners.scene.scene import Scene


def scene(upper: str, lower: str) -> Scene:
    """Two classes, one above the other, half each."""
    shares = torch.zeros(len(CLASSES), GRID, GRID)
    shares[CLASSES.index(upper), : GRID // 2] = 1
    shares[CLASSES.index(lower), GRID // 2 :] = 1
    return Scene(shares)


@pytest.fixture(scope="module")
def picture() -> Photo:
    """A clear blue above neutral grey."""
    rgb = np.full((64, 96, 3), 128, np.uint8)
    rgb[:32] = (70, 130, 230)
    return as_photo((rgb + np.random.default_rng(0).integers(-5, 6, rgb.shape)).clip(0, 255).astype(np.uint8))


def seen(picture: Photo, upper: str, lower: str = "building") -> Measurements:
    return measure(picture, scene(upper, lower))


def test_regions_are_measured_apart(picture: Photo) -> None:
    things = seen(picture, "sky").things
    assert things is not None
    assert things.shares["sky"] == pytest.approx(0.5, abs=0.01)
    assert set(things.regions) == {"sky", "solids"}
    red, blue = things.regions["solids"].cast
    assert abs(red) < 0.15
    assert abs(blue) < 0.15
    assert things.regions["sky"].cast[1] > 1
    assert things.of_things["blue"] > 0.9


def test_the_same_blue_is_held_back_as_a_sky_and_not_as_a_wall(picture: Photo) -> None:
    assert "an open sky" in {mood.name for mood in weigh(seen(picture, "sky")).moods}
    assert "an open sky" not in {mood.name for mood in weigh(seen(picture, "building")).moods}
    assert "an open sky" not in {mood.name for mood in weigh(measure(picture)).moods}


def test_a_garish_wall_is_muted_and_a_sky_of_that_colour_is_not(picture: Photo) -> None:
    def garish(m: Measurements) -> Measurements:
        blue = replace(m.bands["blue"], share=0.2, chroma=0.4)
        return replace(m, bands=m.bands | {"blue": blue})

    assert "blue" in weigh(garish(seen(picture, "building"))).muted
    assert "blue" not in weigh(garish(seen(picture, "sky"))).muted


@pytest.mark.parametrize(("shown", "mood"), [("snow", "snow"), ("skin", "a portrait")])
def test_snow_and_skin_have_moods_of_their_own(picture: Photo, shown: str, mood: str) -> None:
    assert mood in {found.name for found in weigh(seen(picture, shown)).moods}


def test_the_reasoning_names_what_is_seen(picture: Photo) -> None:
    _, reasoning = decide(seen(picture, "sky"))
    assert reasoning["lighting"]["problem"].startswith("It shows sky 50 %, building 50 %. ")
    _, reasoning = decide(measure(picture))
    assert "It shows" not in reasoning["lighting"]["problem"]


def test_what_is_not_shown_has_no_features(picture: Photo) -> None:
    plain, found = features(measure(picture)), features(seen(picture, "sky"))
    assert set(plain) < set(found)
    assert "solids r" in found
    assert "skin r" not in found
    assert "shows other" not in found


def test_the_calibration_speaks_of_what_is_measured_with_the_scene() -> None:
    shares = torch.full((len(CLASSES), GRID, GRID), 1 / len(CLASSES))
    known = features(measure(as_photo(np.zeros((4, 4, 3), np.uint8)), Scene(shares)))
    calibration = packaged(evidence.__name__, "calibration.json")
    assert set(calibration["usual"]) <= set(known)
    for rule in calibration["controls"].values():
        assert {*rule["weights"], *rule["confidence"]} <= set(calibration["usual"])


def test_the_scene_is_read_by_default_and_can_be_switched_off(picture: Photo) -> None:
    import veraretouch as vr

    request = vr.Request.of()
    torch.manual_seed(0)
    own = Rules(scene=SceneReader(SceneNetwork()))
    plans = [planner.plan([picture], [request]) for planner in (Rules(), Rules(scene=False), own)]
    said = [plan.reasoning[0]["lighting"]["problem"] for plan in plans]
    assert said[0].startswith("It shows sky")
    assert "It shows" not in said[1]
    assert said[2] != said[0]
