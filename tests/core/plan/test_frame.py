"""The frame of a plan: in words and JSON, there and back, mixed with others, and only where it is used."""

from __future__ import annotations

import pytest

import veraretouch as vr
from veraretouch.core.errors import InvalidPlan, InvalidRequest
from veraretouch.core.plan.frame import frame_text, read_frame, write_frame

FULL = vr.Framing(
    crop=(0.1, 0, 0.9, 1),
    angle=-1.2,
    flip="both",
    perspective=vr.Perspective(vertical=-20, scale=95, rotate=0.5),
    quarter_turns=1,
)
WORDS = "crop: 0.1 0 0.9 1; angle: -1.2; flip: both; perspective: vertical=-20 rotate=0.5 scale=95; quarter_turns: 1"


def document(**frame):
    return {"schema": "veraretouch.plan/2", "mode": "param", "edits": {}, "frame": frame}


def test_words_json_and_values_are_the_same_frame():
    assert read_frame(WORDS) == FULL
    assert frame_text(FULL) == WORDS
    assert read_frame(write_frame(FULL)) == FULL
    assert read_frame('{"angle": -1.2}') == read_frame({"angle": -1.2}) == vr.Framing(angle=-1.2)
    assert read_frame("crop: 0.1, 0, 0.9, 1;") == vr.Framing(crop=(0.1, 0, 0.9, 1))
    assert read_frame(None) is None


def test_a_plan_with_a_frame_is_plan_2_and_one_without_is_plan_1():
    plan = vr.Plan("param", frame=WORDS)
    assert plan.document()["schema"] == "veraretouch.plan/2"
    assert "local" not in plan.document()
    again = vr.Plan.load(plan.json())
    assert again == plan
    assert again.frame == FULL
    for idle in (vr.Plan("param"), vr.Plan("param", frame=vr.Framing()), vr.Plan.load(document())):
        assert idle.document()["schema"] == "veraretouch.plan/1"
        assert "frame" not in idle.document()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("crp: 0 0 1 1", "frame: there is no 'crp'. Did you mean 'crop'\\? There are crop, angle, flip, perspective"),
        ("angle 3", "frame: 'angle 3' is not understood. Write each part once"),
        ("angle: 3; angle: 4", "frame: 'angle: 4' is not understood. Write each part once"),
        ("angle: three", "frame: 'three' is no number. Write it as in -1.2"),
        ("crop: 0 0 1", r"frame.crop is \[0.0, 0.0, 1.0\]"),
        ("perspective: vertical", "frame: 'vertical' is no list of values"),
        ("perspective: high=3", "frame.perspective: there is no 'high'"),
        (" ; ", "the frame is empty"),
        ("{", "frame: "),
        (3, "frame is 3"),
        ("quarter_turns: 1.5", "frame.quarter_turns is 1.5. Give 0, 1, 2 or 3"),
        ({"perspective": 3}, "frame.perspective is 3"),
        pytest.param("x" * 2000, "a frame of 2000 characters", id="2000 characters"),
    ],
)
def test_what_is_not_understood_is_said(given, said):
    with pytest.raises(InvalidRequest, match=said):
        read_frame(given)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        ({"crop": [0.5, 0, 0.4, 1]}, r"plan.frame.crop: is \[0.5, 0, 0.4, 1\]. Give left, top"),
        ({"crop": [0, -0.5, 1, 1]}, r"plan.frame.crop: is \[0, -0.5, 1, 1\]. Give .* from 0 to 1"),
        ({"angle": 50}, "plan.frame.angle: 50 is above the maximum 45"),
        ({"flip": "up"}, "plan.frame.flip: 'up' is not"),
        ({"perspective": {"scale": 10}}, "plan.frame.perspective.scale: 10 is below the minimum 50"),
        ({"zoom": 2}, "plan.frame: has an unknown key 'zoom'"),
    ],
)
def test_a_malformed_frame_of_a_plan_is_refused_at_its_place(frame, said):
    with pytest.raises(InvalidPlan, match=said):
        vr.Plan.load(document(**frame))


def test_a_plan_shows_its_frame():
    plan = vr.Plan("param", frame="angle: 2")
    assert repr(plan) == "<Plan param: frame(angle: 2)>"
    assert "<td>frame</td><td></td><td>angle: 2</td>" in plan._repr_html_()


def test_frames_are_mixed_edge_by_edge():
    one, other = vr.Plan("param", frame="crop: 0.2 0 1 1; angle: 2"), vr.Plan("param", frame="angle: -4")
    mixed = one.blend(other, 0.25).frame
    assert mixed.crop == pytest.approx((0.15, 0, 1, 1))
    assert mixed.angle == pytest.approx(0.5)
    assert one.blend(vr.Plan("param"), 0.5).frame.angle == 1
    assert vr.Plan("param").blend(vr.Plan("param"), 0.5).frame is None
    with pytest.raises(InvalidPlan, match="flipped differently"):
        one.blend(vr.Plan("param", frame="flip: horizontal"), 0.5)
    with pytest.raises(InvalidPlan, match="turned by different quarters"):
        one.blend(vr.Plan("param", frame="quarter_turns: 1"), 0.5)


def test_a_sum_and_a_difference_have_the_one_frame_that_there_is():
    framed, plain = vr.Plan("param", frame="angle: 2"), vr.Plan("param")
    assert (framed + plain).frame == (plain + framed).frame == (framed + framed).frame == framed.frame
    assert (framed - plain).frame == framed.frame
    assert (framed - framed).frame is None
    with pytest.raises(InvalidPlan, match="a photo has one"):
        framed + vr.Plan("param", frame="angle: 3")
    for after, before in ((framed, vr.Plan("param", frame="angle: 3")), (plain, framed)):
        with pytest.raises(InvalidPlan, match="the frames of these plans differ"):
            after - before
