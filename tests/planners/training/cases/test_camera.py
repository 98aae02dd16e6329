"""A camera's own errors: tone curves and their inverses, a sensor that sees white as white."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from veraretouch.planners.training.cases.camera import CURVES, by_camera, curve, sensor
from veraretouch.planners.training.cases.faults import PhotoFaults

ABOUT = {"crosstalk": (0.05, 0.3), "by_luminance": 0.0}


@pytest.mark.parametrize("name", CURVES)
def test_a_curve_rises_from_black_to_white_and_a_flat_one_undoes_a_steep_one(name):
    at = np.linspace(0, 1, 4096)
    for contrast in (-0.8, -0.2, 0.0, 0.3, 1.0):
        values = curve(name, contrast)
        assert values[[0, -1]].tolist() == pytest.approx([0, 1], abs=1e-6)
        assert (np.diff(values) >= 0).all()
    there, back = curve(name, 0.5), curve(name, -0.5)
    assert np.abs(np.interp(np.interp(at, at, there), at, back) - at).max() < 0.01


@pytest.mark.parametrize("name", CURVES)
def test_a_curve_without_contrast_changes_nothing(name):
    assert np.abs(curve(name, 0.0) - np.linspace(0, 1, 4096)).max() < 1e-3


def test_a_sensor_sees_white_as_white():
    matrix = sensor(np.random.default_rng(0), 0.05, 0.3)
    assert matrix.sum(dim=1).tolist() == pytest.approx([1, 1, 1])
    assert torch.linalg.cond(matrix) < 5


def test_grey_light_takes_the_gains_and_no_other_colour():
    grey = np.full((2, 2, 3), 0.5, dtype=np.float32)
    for share in (0.0, 1.0):
        about = ABOUT | {"by_luminance": share}
        darker = by_camera(grey, PhotoFaults(ev=-1), "odds", np.random.default_rng(1), about)
        assert np.ptp(darker) < 1e-3
        # Half the light of encoded 0.5, by IEC 61966-2-1.
        assert darker.mean() == pytest.approx(0.3613, abs=2e-3)


def test_what_a_sensor_clips_is_lost():
    bright = np.array([[[0.9, 0.9, 0.9], [0.95, 0.95, 0.95]]], dtype=np.float32)
    done = by_camera(bright, PhotoFaults(ev=1), "logistic", np.random.default_rng(1), ABOUT)
    assert done == pytest.approx(np.ones_like(bright), abs=1e-3)
