"""The planner keeps the contract and finds casts."""

import numpy as np
import pytest
from veraretouch_grey_world import GreyWorld

from veraretouch import retouch
from veraretouch.core.testing import check_planner


def test_the_planner_keeps_the_contract():
    check_planner(GreyWorld())


@pytest.mark.parametrize(("cast", "name"), [((1.0, 0.8, 0.7), "red"), ((0.75, 0.8, 1.0), "blue")])
def test_a_cast_is_taken_out(cast, name):
    grey = np.random.default_rng(0).uniform(0.2, 0.8, (40, 60, 1))
    result = retouch((grey * np.array(cast)).astype(np.float32), planner=GreyWorld())
    assert name in result.reasoning["global_color"]["problem"]
    means = result.image.mean(axis=(0, 1))
    assert np.ptp(means) < 0.02
