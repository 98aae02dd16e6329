"""The published model's own numbers, on three photos, and the planner's contract."""

import json
from pathlib import Path

import numpy as np
import pytest
from veraretouch_ia3dlut import ImageAdaptiveLut

from veraretouch import Renderer, Request, zoo
from veraretouch.core.photo import open_photo
from veraretouch.core.testing import check_planner
from veraretouch.zoo.testing import check_bundle

DATA = Path(__file__).with_name("data")
EXPECTED = json.loads((DATA / "expected.json").read_text())


@pytest.fixture(scope="module")
def planner():
    return zoo.load("ia3dlut").planner


@pytest.mark.parametrize("name", EXPECTED)
def test_the_planner_gives_the_published_weights_and_pixels(planner, name):
    photo, expected = open_photo(DATA / f"{name}.jpg"), EXPECTED[name]
    assert [photo.width, photo.height] == expected["size"]
    weights = planner.weigh(photo.tensor().unsqueeze(0)).flatten().tolist()
    assert weights == pytest.approx(expected["weights"], abs=1e-4)
    done = Renderer()(photo.tensor().unsqueeze(0), planner.plan([photo], [Request.of()]).latents)[0]
    for row, column, rgb in expected["pixels"]:
        assert np.abs(done[:, row, column].numpy() - rgb).max() < 1e-3


def test_the_planner_keeps_the_contract(planner):
    check_planner(planner)


def test_the_bundle_conforms():
    check_bundle("ia3dlut")
    assert ImageAdaptiveLut().tables.shape == (3, 3, 33, 33, 33)
