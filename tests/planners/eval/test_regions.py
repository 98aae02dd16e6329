"""Errors by region: a real photo whose sky alone is changed is wrong in its sky alone."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import veraretouch as vr
from veraretouch.planners.eval.data import read_cases
from veraretouch.planners.eval.regions import REGIONS, differences, regions_of
from veraretouch.planners.eval.run import evaluate
from veraretouch.planners.eval.run_report import sections
from veraretouch.planners.eval.summary import document
from veraretouch.planners.eval.tables import html, markdown

SAMPLES = Path(__file__).parents[3] / "docs" / "samples"


@pytest.fixture(scope="module")
def barn():
    return np.asarray(Image.open(SAMPLES / "barn.jpg").convert("RGB").resize((192, 128)))


def test_a_sky_that_is_changed_alone_is_wrong_alone(barn):
    masks = regions_of(barn)
    assert set(masks) <= set(REGIONS)
    assert masks["sky"].mean() > 0.1
    spoilt = np.where(masks["sky"][..., None], barn // 2, barn)
    found = differences(spoilt, barn, masks)
    assert found["sky"] > 5
    assert all(value == 0 for name, value in found.items() if name != "sky")


def test_a_picture_without_anything_has_no_regions_of_note():
    grey = np.full((40, 60, 3), 128, np.uint8)
    masks = regions_of(grey)
    assert all(mask.shape == (40, 60) and mask.dtype == bool for mask in masks.values())
    assert all(value == 0 for value in differences(grey, grey, masks).values())


def test_the_report_has_the_errors_of_each_region_in_every_form(barn, tmp_path):
    for part, picture in (("before", barn // 2), ("after", barn)):
        Image.fromarray(picture).save(tmp_path / f"barn-{part}.png")
    made = document(evaluate(vr.load("rules"), read_cases(tmp_path)))
    sky = made["subsets"]["auto"]["regions"]["sky"]
    assert sky["photos"] == 1
    assert sky["contestants"]["doing nothing"]["ciede2000"]["mean"] > 5
    assert sky["contestants"]["rules"].keys() == {"ciede2000"}
    found = sections(made, ())
    for page in (markdown(found), html(found)):
        assert "By region: subset auto" in page
        assert "sky" in page
