"""Local suggestions: a sky that outshines the land, a face in shadow, and who is left alone."""

import numpy as np
import pytest
import torch

import veraretouch as vr
from veraretouch.planners.rules.suggestions import suggestions
from veraretouch.planners.scene.network import CLASSES
from veraretouch.planners.scene.scene import Scene


def scene(name, rows):
    """A scene of which the upper rows of 96 are of a class, all else of another."""
    shares = torch.zeros(len(CLASSES), 96, 96)
    shares[CLASSES.index("other")] = 1.0
    shares[:, :rows] = 0.0
    shares[CLASSES.index(name), :rows] = 1.0
    return Scene(shares)


def picture(upper, lower, rows, clouds=0.05):
    """Upper rows whose brightness rises from left to right about a middle, by so much to either side."""
    rgb = torch.full((1, 3, 96, 96), lower)
    rgb[:, :, :rows] = (upper + torch.linspace(-clouds, clouds, 96)).clamp(0, 1)
    return rgb


NOTHING = vr.Latents(vr.Schema([]), {}, batch=1)


def suggested(name, upper, lower, rows=40, latents=NOTHING, clouds=0.05):
    made, thoughts = suggestions(picture(upper, lower, rows, clouds), scene(name, rows), latents)
    assert set(thoughts) == {f"in {entry.name}" for entry in made}
    return {entry.name: float(entry.edits["exposure"].params["ev"]) for entry in made}


def test_a_sky_that_outshines_the_land_is_darkened_the_more_the_brighter_it_is():
    some, more = (suggested("sky", bright, 0.35)["bright sky"] for bright in (0.87, 0.93))
    assert -0.5 <= more < some < 0


@pytest.mark.parametrize(
    ("upper", "lower", "rows"),
    [(0.6, 0.35, 40), (0.9, 0.7, 40), (0.99, 0.35, 40), (0.9, 0.1, 40), (0.9, 0.35, 3)],
    ids=["a sky of middle tone", "a bright land", "a blown sky", "a silhouette", "a strip of sky"],
)
def test_other_skies_are_left_alone(upper, lower, rows):
    assert suggested("sky", upper, lower, rows) == {}


def test_a_sky_of_one_level_was_blown_before_and_is_left_alone():
    assert "bright sky" in suggested("sky", 0.9, 0.35)
    assert suggested("sky", 0.9, 0.35, clouds=0.01) == {}


def test_a_sky_that_the_global_edits_darken_is_let_be():
    darker = vr.Plan(edits={"exposure": vr.Edit(1, {"ev": np.float64(-0.1)})}).latents()
    assert "bright sky" in suggested("sky", 0.92, 0.3)
    assert suggested("sky", 0.92, 0.3, latents=darker) == {}


def test_a_face_in_shadow_is_lifted_and_one_in_light_is_not():
    assert 0 < suggested("skin", 0.2, 0.7, 20)["face in shadow"] <= 0.5
    assert suggested("skin", 0.5, 0.7, 20) == {}


def test_dark_skin_in_good_light_is_left_as_it_is():
    rgb = picture(0.22, 0.7, 20)
    rgb[:, :, :20, ::6] = 0.55  # what shines on it
    made, _ = suggestions(rgb, scene("skin", 20), NOTHING)
    assert made == ()


def test_the_picture_is_judged_after_the_global_edits():
    darker = vr.Plan(edits={"exposure": vr.Edit(1, {"ev": np.float64(-2.0)})}).latents()
    assert suggested("sky", 0.9, 0.5, latents=darker) == {}
    brighter = vr.Plan(edits={"exposure": vr.Edit(1, {"ev": np.float64(0.8)})}).latents()
    assert suggested("sky", 0.75, 0.3) == {}
    assert "bright sky" in suggested("sky", 0.75, 0.3, latents=brighter)
