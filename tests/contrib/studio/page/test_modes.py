"""Auto, style, param and reference on both pages: by mouse, by keyboard, stopped on the way, two side by side."""

from __future__ import annotations

import browsers
import numpy as np
import pytest
from grids import GATE, Other, Pondering, begin_afresh, drop, four_photos, plans, toast
from PIL import Image

import veraretouch as vr

pytestmark = browsers.marks(__file__)
CUBE = "LUT_3D_SIZE 2\n" + "".join(f"{r} {g} {b / 2}\n" for b in (0, 1) for g in (0, 1) for r in (0, 1))


@pytest.fixture(scope="module")
def studio(browser, tmp_path_factory):
    with four_photos(browser, tmp_path_factory.mktemp("photos")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def afresh(studio):
    begin_afresh(studio)


@pytest.fixture
def files(tmp_path):
    """A table, a plan, and a pair of photos."""
    (tmp_path / "look.cube").write_text(CUBE)
    edits = {"contrast": {"version": 1, "params": {"amount": 0.3}}}
    plan = vr.Plan.load({"schema": "veraretouch.plan/1", "mode": "param", "edits": edits})
    (tmp_path / "look.plan.json").write_text(plan.json())
    for name, width in (("before.png", 40), ("after.png", 50)):
        Image.new("RGB", (width, 30), (90, 80, 70)).save(tmp_path / name)
    return tmp_path


@pytest.mark.slow
def test_values_are_dropped_on_a_selection_or_chosen_for_it(studio, files):
    tab = studio.tab
    drop(studio, "studio-grid", files / "look.cube")
    toast(studio, "Open a photo or select some first")
    tab.get_by_label("Select a.png").click()
    tab.get_by_label("Select b.png").click()
    drop(studio, ".drop-zone[data-zone=open]", files / "look.cube")
    toast(studio, "look.cube is applied to 2 photos.")
    assert set(plans(studio, "lut3d")) == {"a.png", "b.png"}
    tab.get_by_label("Open files").set_input_files(files / "look.plan.json")
    toast(studio, "look.plan.json is applied to 2 photos.")
    assert plans(studio, "contrast") == {"a.png": {"amount": 0.3}, "b.png": {"amount": 0.3}}
    assert plans(studio, "lut3d") == {}


@pytest.mark.slow
def test_a_pair_is_dropped_on_the_edit_page_and_a_target_is_chosen_by_keys(studio, files):
    tab = studio.open("a.png")
    drop(studio, ".drop-zone[data-zone=refer]", files / "before.png", files / "after.png")
    toast(studio, "From before.png to after.png")
    tab.locator(".planning select.planner").select_option("stranger_pondering")
    tab.get_by_role("button", name="Retouch").click()
    studio.until(lambda: plans(studio), "no plan came")
    assert Pondering.references == (40, 50)
    tab.get_by_label("Choose a file: Looks like").set_input_files(files / "before.png")
    tab.locator(".reference select").nth(1).select_option("")
    chosen = "document.querySelector('.reference select').selectedOptions[0].textContent"
    studio.until(lambda: tab.evaluate(chosen) == "before.png", "no target is chosen")
    tab.locator(".planning select.planner").focus()
    tab.get_by_role("button", name="Retouch").press("Enter")
    studio.until(lambda: Pondering.references == (40,), "the target was not asked for")
    studio.settled()


@pytest.mark.slow
def test_a_photo_is_dropped_on_the_grid_for_the_selection_to_look_like(studio, files):
    tab = studio.tab
    tab.get_by_label("Select b.png").click()
    drop(studio, ".drop-zone[data-zone=refer]", files / "after.png")
    dialog = tab.get_by_role("dialog", name="Retouch 1 photo")
    toast(studio, "after.png is what it should look like.")
    dialog.get_by_label("Planner").select_option("stranger_other")
    dialog.get_by_role("button", name="Retouch").click()
    studio.until(lambda: plans(studio) == {"b.png": {"ev": -0.5}}, "the selection has no plan")
    assert Other.references == (50,)


@pytest.mark.slow
def test_photos_that_are_dropped_join_the_others(studio, files):
    tab = studio.tab
    before = tab.locator(".thumb").count()
    drop(studio, "studio-grid", files / "before.png", files / "after.png")
    studio.until(lambda: tab.locator(".thumb").count() == before + 2, "the photos are not on the grid")
    drop(studio, "studio-grid", files / "before.png")
    studio.until(lambda: tab.locator("studio-edit .stage").count(), "a single photo is not opened")
    studio.settled()  # though it is smaller than any side that can be asked for
    assert tab.evaluate("document.querySelector('studio-app').store.photo.width") == 40


def test_reasoning_is_shown_as_it_is_written_and_escape_stops_the_planner(studio):
    tab = studio.open("a.png")
    GATE.clear()
    before = Pondering.stopped
    tab.locator(".planning select.planner").select_option("stranger_pondering")
    tab.keyboard.press("/")
    tab.keyboard.type("brighter")
    tab.keyboard.press("Enter")
    thought = tab.locator(".thought .problem")
    thought.wait_for()
    assert thought.inner_text() == "It is too da"
    assert tab.locator(".reasoning").get_attribute("aria-busy") == "true"
    tab.keyboard.press("Escape")
    toast(studio, "The planner is stopped")
    studio.until(lambda: Pondering.stopped == before + 1, "the planner goes on")
    assert plans(studio) == {}
    tab.keyboard.press("Enter")
    thought.wait_for()
    GATE.set()
    studio.until(lambda: plans(studio) == {"a.png": {"ev": 0.5}}, "no plan came")
    studio.settled()
    assert thought.inner_text() == "It is too dark."


@pytest.mark.slow
def test_a_planner_is_stopped_when_another_photo_is_opened(studio):
    studio.open("a.png")
    GATE.clear()
    before = Pondering.stopped
    studio.tab.locator(".planning select.planner").select_option("stranger_pondering")
    studio.tab.get_by_role("button", name="Retouch").click()
    studio.tab.locator(".thought").wait_for()
    studio.open("b.png")
    studio.until(lambda: Pondering.stopped == before + 1, "the planner goes on")
    assert plans(studio) == {}


def test_two_planners_are_seen_side_by_side_and_one_is_kept(studio):
    tab = studio.open("a.png")
    tab.locator(".planning select.planner").select_option("stranger_pondering")
    tab.get_by_text("Compare two planners").click()
    tab.get_by_label("With").select_option("stranger_other")
    tab.get_by_role("button", name="Compare", exact=True).click()
    keep = tab.get_by_role("button", name="Keep left: Stranger other")
    keep.wait_for()
    studio.settled()
    shown = studio.shown().astype(int)
    height, width = shown.shape[:2]
    row = slice(height // 2 - 8, height // 2 + 8)
    left, right = (shown[row, at - 8 : at + 8].mean() for at in (width // 4, 3 * width // 4))
    assert right > left + 10
    assert plans(studio) == {}
    keep.click()
    studio.until(lambda: plans(studio) == {"a.png": {"ev": -0.5}}, "the plan was not kept")
    studio.settled()


@pytest.mark.slow
def test_an_edit_by_a_network_is_turned_into_sliders_in_one_click(studio):
    tab = studio.open("a.png")
    asset = {"bundle": "stranger", "revision": "1", "sha256": "a" * 64}
    edits = {"stranger_network": {"version": 1, "asset": asset, "params": {"latent": [0.4, 0, 0, 0]}}}
    plan = {"schema": "veraretouch.plan/1", "mode": "param", "edits": edits}
    tab.evaluate("plan => document.querySelector('studio-app').store.change(plan, 'Network')", plan)
    studio.settled()
    before = studio.picture().astype(int)
    tab.get_by_role("button", name="Turn into sliders").click()
    studio.until(lambda: studio.values("stranger_network") == {}, "it is no sliders yet")
    assert studio.plan()["edits"]
    assert np.abs(studio.picture() - before).mean() < 6
    assert not tab.get_by_role("button", name="Turn into sliders").count()


@pytest.mark.slow
def test_many_photos_in_the_strip_leave_the_picture_its_place(studio, tmp_path):
    for number in range(12):
        path = tmp_path / f"{number}.png"
        Image.new("RGB", (40, 30), (20 * number, 90, 60)).save(path)
        studio.client("POST", f"/api/photos?name={path.name}", path.read_bytes())
    studio.open("a.png")
    places = "['.work', '.panel'].map((each) => document.querySelector(each).getBoundingClientRect())"
    work, panel = studio.tab.evaluate(places)
    assert work["right"] <= panel["left"]
    assert panel["right"] <= 1100
