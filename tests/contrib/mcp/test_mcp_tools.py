"""What each tool gives, by the SDK's own client."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import veraretouch as vr


@pytest.fixture
def beach(helper):
    return helper.ask("open_photo", name="beach.jpg")["edit"]


def test_every_tool_says_what_it_does_and_what_it_takes(helper):
    tools = {tool.name: tool for tool in helper.tools()}
    assert list(tools) == [
        *("list_photos", "list_ops", "list_areas", "list_planners", "open_photo"),
        *("image_stats", "render", "compare", "explain", "report"),
        *("plan", "style", "adjust", "set_strength", "set_frame", "apply_file", "fit", "undo", "export"),
    ]
    for tool in tools.values():
        assert tool.description.endswith("."), tool.name
        assert tool.annotations.read_only_hint is (tool.name != "export")
        assert tool.annotations.open_world_hint is False


def test_photos_ops_areas_and_planners_are_listed(helper):
    assert helper.ask("list_photos") == {"photos": ["beach.jpg", "trip/portrait.jpg"], "total": 2}
    assert helper.ask("list_photos", start=1, limit=1)["photos"] == ["trip/portrait.jpg"]
    ops = helper.ask("list_ops")["ops"]
    assert {op["id"] for op in ops} == set(vr.registry.ops)
    (exposure,) = helper.ask("list_ops", only=["exposure"])["ops"]
    assert (exposure["slots"]["ev"]["minimum"], exposure["slots"]["ev"]["x-unit"]) == (-5, "EV")
    assert {area["id"] for area in helper.ask("list_areas")["areas"]} == set(vr.registry.areas)
    planners = helper.ask("list_planners")
    assert planners["default"] in {planner["id"] for planner in planners["planners"]}


def test_words_for_areas_that_are_listed_are_understood(helper, beach):
    for words in helper.ask("list_areas")["words"]:
        helper.ask("adjust", edit=beach, values={"exposure.ev": 0.2}, area=words)


def test_numbers_tell_a_darker_photo_and_name_what_is_seen(helper, beach):
    before = helper.ask("image_stats", edit=beach)
    darker = helper.ask("adjust", edit=beach, values={"exposure.ev": -1})["edit"]
    after = helper.ask("image_stats", edit=darker)
    assert after["lightness"]["mean"] < before["lightness"]["mean"] - 5
    assert before["lightness"]["p1"] < before["lightness"]["p50"] < before["lightness"]["p99"]
    assert before["scene"]["sky"]["share"] > 0.05
    for histogram in before["histograms"].values():
        assert sum(histogram) == pytest.approx(1, abs=0.01)


def test_a_grey_card_has_no_cast_and_a_blue_one_has(helper, photos):
    facts = {}
    for name, colour in (("grey.png", (120, 120, 120)), ("blue.png", (90, 120, 180)), ("white.png", (255, 255, 255))):
        Image.new("RGB", (64, 64), colour).save(photos / name)
        facts[name] = helper.ask("image_stats", edit=helper.ask("open_photo", name=name)["edit"])
        (photos / name).unlink()
    assert facts["grey.png"]["cast"] == {"a": 0, "b": 0}
    assert facts["grey.png"]["lightness"]["mean"] == pytest.approx(50.4, abs=0.2)  # by CIE 15 of sRGB 120
    assert facts["blue.png"]["cast"]["b"] < -20
    assert facts["white.png"]["clipped"] == {"shadows": 0, "highlights": 1}


def test_a_picture_comes_back_small_and_shows_the_edit(helper, beach):
    black = helper.ask("adjust", edit=beach, values={"cdl.slope": [0, 0, 0]})["edit"]
    answer = helper("render", edit=black, side=200)
    (picture,) = answer.pictures
    assert max(picture.size) == 200
    assert picture.size == (answer.facts["width"], answer.facts["height"])
    assert np.asarray(picture).max() < 5


def test_comparing_shows_both_and_says_how_far_they_lie_apart(helper, beach):
    same = helper("compare", edit=beach)
    assert same.facts["ciede2000"]["mean"] == 0
    moved = helper.ask("adjust", edit=beach, values={"exposure.ev": -1}, area="sky")["edit"]
    answer = helper("compare", edit=moved)
    (picture,) = answer.pictures
    assert picture.width > 2 * 640
    areas = answer.facts["ciede2000"]["by_area"]
    assert areas["sky"] > 5 * min(areas.values())
    assert helper.ask("compare", edit=moved, other=moved)["ciede2000"]["mean"] == 0
    framed = helper.ask("set_frame", edit=moved, frame="crop: 0 0 0.5 1")["edit"]
    assert "parts" in helper.refusal("compare", edit=framed, other=moved)
    assert helper.ask("compare", edit=framed)["ciede2000"]["mean"] > 0


def test_a_planner_retouches_and_gives_its_reasons_and_edits_in_areas_stay(helper, beach):
    local = helper.ask("adjust", edit=beach, values={"exposure.ev": -0.4}, area="sky")["edit"]
    planned = helper.ask("plan", edit=local, planner="rules", taste="natural")
    assert planned["reasons"]["lighting"]["plan"]
    assert planned["values"]["in sky"] == {"exposure.ev": -0.4}
    styled = helper.ask("style", edit=planned["edit"], prompt="warm", planner="rules")
    warm = styled["values"]["white_balance.temperature"]
    assert warm > planned["values"].get("white_balance.temperature", 0)
    assert styled["values"]["in sky"] == {"exposure.ev": -0.4}


def test_words_that_no_planner_knows_are_said(helper, beach):
    for planner in ("rules", "tiny"):
        styled = helper.ask("style", edit=beach, prompt="warm and blorbish", planner=planner)
        assert "Not known: 'blorbish'" in styled["reasons"]["request"]["problem"]


def test_values_are_set_changed_and_taken_back_everywhere_and_in_an_area(helper, beach):
    one = helper.ask("adjust", edit=beach, values={"exposure.ev": 0.5, "contrast.amount": 0.2})
    two = helper.ask("adjust", edit=one["edit"], values={"exposure.ev": None, "sharpening.amount": 0.3})
    assert two["values"] == {"contrast.amount": 0.2, "sharpening.amount": 0.3}
    three = helper.ask("adjust", edit=two["edit"], values={"exposure.ev": 1}, area="skin")
    four = helper.ask("adjust", edit=three["edit"], values={"exposure.ev": 0.5, "saturation.amount": 0.1}, area="skin")
    assert four["values"]["in skin"] == {"exposure.ev": 0.5, "saturation.amount": 0.1}
    five = helper.ask("adjust", edit=four["edit"], values={"exposure.ev": None, "saturation.amount": None}, area="skin")
    assert five["values"] == two["values"]
    assert "nothing is set" in helper.refusal("adjust", edit=five["edit"], values={"exposure.ev": None})
    assert "nothing is set" in helper.refusal("adjust", edit=five["edit"], values={"exposure.ev": None}, area="sky")


def test_an_op_of_another_group_is_switched_on_with_its_values(helper, beach):
    planned = helper.ask("plan", edit=beach, planner="rules")["edit"]
    sharp = helper.ask("adjust", edit=planned, values={"sharpening.amount": 1})["edit"]
    assert helper.ask("compare", edit=sharp, other=planned)["ciede2000"]["mean"] > 0


def test_strength_and_groups_hold_an_edit_back(helper, beach):
    full = helper.ask("adjust", edit=beach, values={"exposure.ev": -1, "saturation.amount": -1})["edit"]
    assert (
        helper.ask("compare", edit=helper.ask("set_strength", edit=full, strength=0)["edit"])["ciede2000"]["mean"] == 0
    )
    light = helper.ask("set_strength", edit=full, strength=1, groups=["lighting"])["edit"]
    chroma = [helper.ask("image_stats", edit=each)["chroma"] for each in (full, light)]
    assert chroma[0] < 2 < chroma[1]


def test_a_frame_is_set_and_leveled_only_where_a_horizon_is_seen(helper, beach, photos):
    with Image.open(photos / "beach.jpg") as photo:
        width, height = photo.size
    half = helper("render", edit=helper.ask("set_frame", edit=beach, frame="crop: 0 0 0.5 1")["edit"], side=1600)
    assert half.facts["width"] / half.facts["height"] == pytest.approx(width / 2 / height, rel=0.02)
    assert "crop" in helper.refusal("set_frame", edit=beach, frame="crop: 3")
    told = helper.ask("set_frame", edit=beach, level=True)
    assert (told["frame"] is None) == ("horizon" not in json.dumps(told["reasons"]).replace("no horizon", ""))


def test_files_of_the_folders_are_applied(helper, beach, photos):
    plan = helper.ask("explain", edit=helper.ask("adjust", edit=beach, values={"exposure.ev": 0.7})["edit"])["plan"]
    (photos / "look.json").write_text(json.dumps(plan))
    size = 2
    rows = [f"{r} {g} {b * 0.5}" for b in range(size) for g in range(size) for r in range(size)]
    (photos / "look.cube").write_text(f"LUT_3D_SIZE {size}\n" + "\n".join(rows) + "\n")
    assert helper.ask("apply_file", edit=beach, name="look.json")["values"] == {"exposure.ev": 0.7}
    cube = helper.ask("apply_file", edit=beach, name="look.cube")["edit"]
    sliders = helper.ask("explain", edit=cube)["sliders"]
    assert sliders["error"] < 6
    assert sliders["plan"]["edits"]
    assert "no values that are known" in helper.refusal("apply_file", edit=beach, name="beach.jpg")


def test_an_edit_is_found_from_two_files(helper, photos, beach):
    brighter = helper.ask("adjust", edit=beach, values={"exposure.ev": 0.5})["edit"]
    made = Path(helper.ask("export", edit=brighter, name="brighter.png")["file"])
    (photos / "brighter.png").write_bytes(made.read_bytes())
    found = helper.ask("fit", before="beach.jpg", after="brighter.png")
    (photos / "brighter.png").unlink()
    assert found["values"]["exposure.ev"] == pytest.approx(0.5, abs=0.05)
    assert found["report"]


def test_undoing_goes_back_step_by_step_and_the_report_tells_them(helper, beach):
    one = helper.ask("adjust", edit=beach, values={"exposure.ev": 0.5})["edit"]
    two = helper.ask("adjust", edit=one, values={"contrast.amount": 0.5})["edit"]
    answer = helper("report", edit=two)
    assert [step["edit"] for step in answer.facts["steps"]] == [beach, one, two]
    assert [step["did"] for step in answer.facts["steps"]] == ["opened", "set exposure.ev", "set contrast.amount"]
    assert answer.facts["after"]["lightness"]["mean"] > answer.facts["before"]["lightness"]["mean"]
    assert len(answer.pictures) == 1
    assert helper.ask("undo", edit=two)["edit"] == one
    assert helper.ask("undo", edit=one)["edit"] == beach
    assert "nothing to undo" in helper.refusal("undo", edit=beach)
    assert helper.ask("image_stats", edit=two)["edit"] == two  # what was undone is not lost


def test_an_export_is_the_full_size_beside_its_plan_and_replaces_nothing(helper, beach, photos, out):
    edit = helper.ask("adjust", edit=beach, values={"exposure.ev": 0.3}, area="sky")["edit"]
    facts = [helper.ask("export", edit=edit, name="done.jpg", quality=90) for _ in range(2)]
    assert [Path(each["file"]).name for each in facts] == ["done.jpg", "done-2.jpg"]
    with Image.open(facts[0]["file"]) as done, Image.open(photos / "beach.jpg") as photo:
        assert done.size == photo.size
    plan = vr.Plan.load(facts[0]["plan"])
    again = vr.Renderer().render(vr.open_photo(photos / "beach.jpg"), plan)
    again.save(out / "again.jpg", options=vr.SaveOptions(quality=90, metadata=plan.notes()))
    assert (out / "again.jpg").read_bytes() == Path(facts[0]["file"]).read_bytes()
    small = helper.ask("export", edit=edit, name="small.png", max_size=100)
    assert max(small["width"], small["height"]) == 100
