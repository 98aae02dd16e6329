"""The frame as a value: its bounds, its size on a photo, and where its points lie."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from veraretouch.core.errors import InvalidRequest
from veraretouch.core.photo.geometry.framing import PERSPECTIVE_RANGES, Framing, Perspective

ANGLES = st.floats(-45, 45, allow_nan=False)
SIDES = st.integers(1, 9000)
PERSPECTIVES = st.builds(Perspective, **{name: st.floats(*ends) for name, ends in PERSPECTIVE_RANGES.items()})


def at(placed, x: float, y: float) -> np.ndarray:
    """Where a position of what is seen lies in the photo."""
    across, down, depth = placed.matrix @ (x, y, 1)
    assert depth > 0
    return np.array([across, down]) / depth


def corners(placed) -> list[np.ndarray]:
    width, height = placed.size
    return [at(placed, x, y) for x, y in ((0, 0), (width, 0), (0, height), (width, height))]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"crop": (0.5, 0, 0.4, 1)}, r"frame\.crop is \(0\.5, 0, 0\.4, 1\)\. Give left, top, right and bottom"),
        ({"crop": (0, 0, 1)}, "as fractions from 0 to 1"),
        ({"crop": (0, 0, 1.01, 1)}, "as fractions from 0 to 1"),
        ({"crop": (0, 0, math.nan, 1)}, "as fractions from 0 to 1"),
        ({"crop": None}, "as fractions from 0 to 1"),
        ({"angle": 46}, r"frame\.angle is 46\. Give a number from -45 to 45"),
        ({"angle": math.nan}, r"frame\.angle is nan"),
        ({"angle": True}, r"frame\.angle is True"),
        ({"flip": "horizontally"}, "Choose none, horizontal, vertical, both. Did you mean 'horizontal'"),
        ({"perspective": {"vertical": 3}}, "Give a Perspective"),
        ({"quarter_turns": 4}, r"frame\.quarter_turns is 4\. Give 0, 1, 2 or 3"),
        ({"quarter_turns": True}, r"frame\.quarter_turns is True"),
    ],
)
def test_what_is_out_of_range_is_refused_with_its_value_and_the_rule(wrong, said):
    with pytest.raises(InvalidRequest, match=said):
        Framing(**wrong)


@pytest.mark.parametrize("name", PERSPECTIVE_RANGES)
def test_each_value_of_the_perspective_has_its_range(name):
    low, high = PERSPECTIVE_RANGES[name]
    Perspective(**{name: low}), Perspective(**{name: high})
    with pytest.raises(InvalidRequest, match=rf"frame\.perspective\.{name} is .*from {low:g} to {high:g}"):
        Perspective(**{name: high + 0.01})


@settings(max_examples=60, deadline=None)
@given(ANGLES, PERSPECTIVES, st.integers(20, 9000), st.integers(20, 9000))
@example(11.0, Perspective(rotate=10.0, scale=50.0), 21, 561)
def test_no_corner_of_what_is_seen_lies_beyond_the_photo(angle, perspective, width, height):
    # A crop may reach beyond the photo by a quarter of a pixel of what is seen on the shorter side, and by that of the
    # longer one in proportion, which is more than a pixel of the photo where that is long and seen small.
    ratio = max(width, height) / min(width, height)
    beyond = max(1, 0.25 * math.hypot(1, ratio) * 100 / perspective.scale)
    for corner in corners(Framing(angle=angle, perspective=perspective).placed(width, height)):
        assert (corner > -beyond).all()
        assert (corner < (width + beyond, height + beyond)).all()


@settings(max_examples=40, deadline=None)
@given(ANGLES, st.integers(200, 9000), st.integers(200, 9000))
@example(0.015625, 200, 1050)
def test_a_turned_photo_keeps_its_proportions_and_as_much_as_fits(angle, width, height):
    placed = Framing(angle=angle).placed(width, height)
    turn = abs(math.radians(angle))
    share = min(
        width / (width * math.cos(turn) + height * math.sin(turn)),
        height / (width * math.sin(turn) + height * math.cos(turn)),
    )
    # A crop may reach beyond the photo by a quarter of a pixel on each side, as one that a file has rounded does; what
    # that is of the shorter side, the longer one grows by.
    beyond = 0.5 / min(width, height)
    for side, whole in zip(placed.size, (width, height), strict=True):
        assert share * whole - 2 <= side <= (share + beyond) * whole + 1


def test_a_positive_angle_turns_the_photo_clockwise():
    placed = Framing(angle=10).placed(1000, 800)
    width, height = placed.size
    middle, aside = at(placed, width / 2, height / 2), at(placed, width / 2 + 100, height / 2)
    assert middle == pytest.approx((500, 400), abs=1)
    # What now lies to the right of the middle lay above that before: the picture's right side has sunk.
    assert aside - middle == pytest.approx((100 * math.cos(math.radians(10)), -100 * math.sin(math.radians(10))))


@pytest.mark.parametrize(("name", "widened"), [("vertical", (0, 1)), ("horizontal", (0, 2))])
def test_below_zero_the_first_side_is_widened(name, widened):
    placed = Framing(perspective=Perspective(**{name: -40})).placed(900, 900)
    seen = corners(placed)
    near = np.linalg.norm(seen[widened[0]] - seen[widened[1]])  # of the photo: widened where less of it fills a side
    rest = [i for i in range(4) if i not in widened]
    far = np.linalg.norm(seen[rest[0]] - seen[rest[1]])
    assert near < 0.9 * far


def test_perspective_takes_verticals_that_meet_to_parallels():
    """A camera tilted up by 12 degrees sees verticals meet; 40 of `vertical` are that tilt."""
    width, height = 800, 1200
    focal, tilt = 35 / math.hypot(24, 36) * math.hypot(width, height), math.radians(12)
    placed = Framing(perspective=Perspective(vertical=-40)).placed(width, height)
    forth = np.linalg.inv(placed.matrix)
    for side in (-300, 0, 300):
        xs = []
        for up in (-350.0, 0.0, 350.0):  # a pole in the world, in focal lengths of pixels, y downwards
            ray = np.array([side, up, focal])
            y, z = (
                ray[1] * math.cos(tilt) + ray[2] * math.sin(tilt),
                ray[2] * math.cos(tilt) - ray[1] * math.sin(tilt),
            )
            photo = (ray[0] / z * focal + width / 2, y / z * focal + height / 2, 1)
            seen = forth @ photo
            xs.append(seen[0] / seen[2])
        assert max(xs) - min(xs) < 1e-6


def test_scale_and_aspect_are_shares_of_the_photo():
    half = Framing(perspective=Perspective(scale=150)).placed(900, 600)
    assert half.size == (900, 600)
    assert corners(half)[0] == pytest.approx((150, 100))
    taller = Framing(perspective=Perspective(aspect=100)).placed(900, 600)
    across = corners(taller)[1] - corners(taller)[0]
    down = corners(taller)[2] - corners(taller)[0]
    assert (down[1] / taller.size[1]) / (across[0] / taller.size[0]) == pytest.approx(0.5)


def test_a_crop_beyond_the_photo_shrinks_about_its_own_centre():
    placed = Framing(crop=(0.4, 0.1, 0.99, 0.7), angle=8).placed(1000, 600)
    width, height = placed.size
    assert width / height == pytest.approx(590 / 360, rel=0.02)
    whole = Framing(crop=(0.6, 0.3, 0.79, 0.5), angle=8).placed(1000, 600)
    assert at(placed, width / 2, height / 2) == pytest.approx(at(whole, whole.size[0] / 2, whole.size[1] / 2), abs=1)


def test_a_crop_whose_centre_is_no_part_of_the_photo_is_refused():
    with pytest.raises(InvalidRequest, match=r"the centre of the crop 0 0 0\.01 0\.01 lies beyond the photo"):
        Framing(crop=(0, 0, 0.01, 0.01), angle=20).placed(1000, 600)


@given(SIDES, SIDES)
def test_a_crop_of_less_than_a_pixel_leaves_one(width, height):
    placed = Framing(crop=(0.9999999, 0.5, 1, 0.5000001)).placed(width, height)
    assert placed.size == (1, 1)
    rows, columns = placed.window
    assert 0 <= rows.start < height
    assert 0 <= columns.start < width
