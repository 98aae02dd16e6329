"""OpenColorIO makes the faults that it is asked for, in the direction that it is asked for."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import color

from veraretouch.planners.training.cases.faults import PhotoFaults
from veraretouch.planners.training.cases.grading import by_opencolorio

VARIANTS = ("cdl", "primary_video", "primary_linear", "primary_log", "tone")
STILL = {"deviation": 1e-6, "cut": 1e-5}


@pytest.fixture(scope="module")
def photo():
    levels = np.linspace(0.15, 0.75, 40)[:, None, None]
    return (levels * np.array([1.0, 0.85, 0.7]) + np.zeros((40, 8, 3))).astype(np.float32)


def graded(photo, variant, **faults):
    done = by_opencolorio(photo, PhotoFaults(**faults), variant, np.random.default_rng(0), STILL)
    assert done.dtype == np.float32
    return color.rgb2lab(done.clip(0, 1))


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_fault_changes_nothing_and_the_input_stays(photo, variant):
    before = photo.copy()
    done = by_opencolorio(photo, PhotoFaults(), variant, np.random.default_rng(0), STILL)
    assert np.abs(done - photo).max() < 2e-3
    assert (photo == before).all()


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("variant", VARIANTS)
def test_each_fault_goes_in_its_direction(photo, variant, sign):
    at_rest = graded(photo, variant)
    size = sign * 0.3
    assert sign * (graded(photo, variant, ev=size) - at_rest)[..., 0].mean() > 1
    assert sign * (graded(photo, variant, blue=size) - at_rest)[..., 2].mean() < -1
    assert sign * (graded(photo, variant, red=size) - at_rest)[..., 1].mean() > 1
    assert sign * (_chroma(graded(photo, variant, saturation=size)) - _chroma(at_rest)) > 1
    assert sign * (np.ptp(graded(photo, variant, contrast=size)[..., 0]) - np.ptp(at_rest[..., 0])) > 1


@pytest.mark.parametrize("variant", VARIANTS[:-1])
def test_black_is_lifted(photo, variant):
    dark = photo * 0.2
    assert graded(dark, variant, black=0.08)[..., 0].min() > graded(dark, variant)[..., 0].min() + 1


def _chroma(lab):
    return np.hypot(lab[..., 1], lab[..., 2]).mean()
