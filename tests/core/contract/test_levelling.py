"""A level photo is asked of the planner, which may be sure of nothing."""

from __future__ import annotations

import numpy as np
import pytest

import veraretouch as vr
from veraretouch.core.contract.planner import levelled
from veraretouch.core.errors import InvalidRequest
from veraretouch.core.photo import as_photo

PHOTO = as_photo(np.tile(np.linspace(0, 1, 90, dtype=np.float32), (60, 1)))


class Hangs:
    """A planner that says how far a photo hangs, and keeps what it saw."""

    id = "hangs"

    def __init__(self, degrees: float) -> None:
        self.degrees = degrees

    def tilt(self, photo):
        self.seen = photo
        return vr.Tilt(self.degrees, {"problem": "It hangs.", "plan": "Turn it."})


def test_the_photo_is_turned_back_by_as_much_as_it_hangs():
    frame, why = levelled(Hangs(2.345), PHOTO, None)
    assert frame == vr.Framing(angle=-2.35)
    assert why == {"frame": {"problem": "It hangs.", "plan": "Turn it."}}


def test_the_planner_sees_the_frame_but_not_its_flip():
    planner = Hangs(1.0)
    frame, _ = levelled(planner, PHOTO, vr.Framing(crop=(0.5, 0, 1, 1), flip="horizontal"))
    assert frame == vr.Framing(crop=(0.5, 0, 1, 1), flip="horizontal", angle=-1)
    assert planner.seen.width == 45
    assert planner.seen.pixels[0, -1, 0] == 1


def test_what_is_level_already_gets_no_frame():
    frame, why = levelled(Hangs(0.0), PHOTO, None)
    assert vr.Plan(frame=frame).frame is None
    assert "frame" in why


def test_an_angle_beside_it_and_a_planner_that_sees_no_horizons_are_refused():
    with pytest.raises(InvalidRequest, match="a level photo was asked for, and an angle of 3"):
        levelled(Hangs(1), PHOTO, vr.Framing(angle=3))
    with pytest.raises(InvalidRequest, match="planner 'fit' finds no horizons"):
        levelled(vr.registry.planners.load("fit")(), PHOTO, None)
