"""Examples are drawn as the recipe says."""

import numpy as np
import pytest
from veraretouch_aether.examples.draw import generator
from veraretouch_aether.examples.spoil import adaptation, daylight_xy, illuminants, invert


def test_daylight_of_6504_kelvin_is_d65():
    assert np.allclose(daylight_xy(6504), illuminants()["D65"], atol=2e-4)


def test_a_cast_keeps_the_luminance_of_white_and_is_undone_by_its_inverse():
    d65, a = np.array([0.1978, 0.3122]), np.array([0.2560, 0.3495])
    matrix = adaptation(d65, a)
    white = matrix @ np.ones(3)
    assert white @ [0.2126, 0.7152, 0.0722] == pytest.approx(1, abs=1e-3)
    assert white[0] > 1 > white[2]
    undone = invert({"color_matrix": {"matrix": adaptation(d65, d65 + 0.2 * (a - d65)).tolist()}})
    assert np.allclose(
        np.array(undone["color_matrix"]["matrix"]) @ adaptation(d65, d65 + 0.2 * (a - d65)), np.eye(3), atol=1e-4
    )


def test_draws_depend_on_their_facts_alone():
    assert generator(1, "a").random() == generator(1, "a").random() != generator(1, "b").random()
