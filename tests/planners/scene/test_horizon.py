"""Horizons: found to a fraction of a degree where they are clear, and left alone where they are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import veraretouch as vr
from veraretouch.core.contract.request import Request
from veraretouch.core.photo import as_photo
from veraretouch.planners.scene.horizon import HorizonLine, horizon, lines_in, tilt_of
from veraretouch.planners.scene.network import CLASSES
from veraretouch.planners.scene.scene import Scene

LAKE = Path(vr.__file__).parent / "core" / "testing" / "photos" / "lake.jpg"


def sea(degrees: float, *, noise: float = 0.02, size: tuple[int, int] = (256, 384)) -> tuple[vr.Photo, Scene]:
    """Sky over sea, hanging by so many degrees, as a photo and as the network would see it."""
    height, width = size
    y, x = np.mgrid[0:height, 0:width] + 0.5
    line = 0.4 * height + (x - width / 2) * np.tan(np.radians(degrees))
    below = np.clip(y - line + 0.5, 0, 1)
    light = 0.75 - 0.1 * y / height - below * 0.3
    light = light + noise * np.random.default_rng(3).normal(size=light.shape)
    shares = torch.zeros(len(CLASSES), 96, 96)
    rows, columns = np.mgrid[0:96, 0:96] + 0.5
    at = 0.4 * 96 + (columns - 48) * np.tan(np.radians(degrees)) * width / height
    shares[CLASSES.index("sky")] = torch.from_numpy((rows < at).astype(np.float32))
    return as_photo(np.repeat(light[..., None].clip(0, 1), 3, -1).astype(np.float32)), Scene(shares)


@pytest.mark.parametrize("degrees", [-6.0, -2.3, 0.9, 4.4])
def test_a_horizon_is_measured_to_a_tenth_of_a_degree(degrees):
    tilt = tilt_of(*sea(degrees))
    assert tilt.degrees == pytest.approx(degrees, abs=0.1)
    side = "right" if degrees > 0 else "left"
    assert f"falls to the {side} by {abs(degrees):.1f} degrees" in tilt.thought["problem"]


def test_turning_the_photo_back_levels_it():
    photo, _ = sea(3.0)
    level = photo.framed(vr.Framing(angle=-3.0))
    assert tilt_of(level, sea(0.0)[1]).degrees == 0


def test_a_level_horizon_and_a_photo_without_one_are_left_alone():
    assert tilt_of(*sea(0.1)) == vr.Tilt(
        0.0, {"problem": "The horizon is level.", "plan": "Leave the photo as it stands."}
    )
    photo, _ = sea(3.0)
    indoors = Scene(torch.zeros(len(CLASSES), 96, 96))
    assert tilt_of(photo, indoors).thought["problem"] == "No clear horizon was seen."


def test_a_ridge_is_no_horizon_although_sky_lies_above_it():
    photo, scene = sea(3.0)
    pixels = photo.pixels.copy()
    for column in range(pixels.shape[1]):  # hills of 6 pixels
        pixels[:, column] = np.roll(pixels[:, column], round(6 * np.sin(column / 17)), axis=0)
    assert tilt_of(as_photo(pixels), scene).degrees == 0


def line(degrees: float, height: float, straight: float = 0.7, exact: float = 0.95, above: float = 0.9) -> HorizonLine:
    return HorizonLine(degrees, height, straight, exact, above, 0.05)


def test_two_good_lines_of_different_slopes_leave_it_open():
    assert horizon([line(2.0, 0.4)]) == line(2.0, 0.4)
    assert horizon([line(2.0, 0.4), line(-1.0, 0.6)]) is None
    assert horizon([line(2.0, 0.4), line(-1.0, 0.6, straight=0.56)]) == line(2.0, 0.4)
    assert horizon([line(2.0, 0.4), line(2.2, 0.6)]) is not None
    assert horizon([line(7.9, 0.4)]) is None


def test_lines_of_a_photo_are_nearly_level_and_ordered_by_strength():
    lines = lines_in(*sea(2.0))
    assert lines[0].degrees == pytest.approx(2.0, abs=0.1)
    assert lines[0].height == pytest.approx(0.4, abs=0.01)
    assert lines[0].above > 0.9 > 0.1 > lines[0].below


@pytest.mark.parametrize("planner", ["rules", "tiny"])
def test_planners_level_a_photo_only_when_that_is_asked_for(planner):
    photo = vr.open_photo(LAKE)
    asked = vr.registry.planners.load(planner)()
    assert asked.tilt(photo).degrees == tilt_of(photo, _scene(photo)).degrees
    result = vr.retouch(photo, planner=planner, taste="faithful", level=True)
    assert "frame" in result.reasoning
    assert vr.retouch(photo, planner=planner, taste="faithful").plan.frame is None
    assert asked.plan([photo], [Request.of()]).reasoning[0].get("frame") is None


def _scene(photo: vr.Photo) -> Scene:
    from veraretouch.planners.scene.scene import scene_of

    return scene_of(photo)
