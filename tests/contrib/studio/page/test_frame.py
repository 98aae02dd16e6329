"""Crop, angle, flips and perspective on the picture: what is dragged is the plan's frame, and what is exported."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import browsers
import numpy as np
import pytest
from browsers import assert_accessible
from PIL import Image

import veraretouch as vr
from veraretouch.core.errors import InvalidRequest
from veraretouch.core.plan.frame import write_frame

pytestmark = browsers.marks(__file__)
SAMPLES = Path(__file__).parents[4] / "docs" / "samples"
PHOTO = (480, 320)


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photos") / "barn.png"
    Image.open(SAMPLES / "barn.jpg").resize(PHOTO).save(path)
    return path


@pytest.fixture
def studio(browser, photo):
    """A page on a photo that nothing was done to."""
    photo.with_name(".veraretouch-studio.jsonl").unlink(missing_ok=True)
    with browsers.studio(browser, [photo], viewport={"width": 1000, "height": 700}) as opened:
        opened.settled()
        yield opened


@pytest.fixture
def tool(studio):
    """The same with the tool open, by its key."""
    studio.tab.keyboard.press("c")
    studio.tab.locator(".crop").wait_for()
    studio.settled()
    return studio


def frame(studio):
    plan = studio.plan()
    return vr.Plan.load(plan).frame if plan else None


def size(studio):
    """The size that the panel tells."""
    return tuple(int(part) for part in studio.tab.locator("studio-framing [role=status]").inner_text().split()[:3:2])


def drag(studio, name, dx, dy):
    """Drag a handle by shares of the photo."""
    across, down = studio.tab.evaluate("""() => {
        const [[scale]] = document.querySelector("studio-crop").view;
        const { width, height } = document.querySelector("studio-stage").viewport.photo;
        return [scale * width, scale * height];
    }""")
    # The inside is grabbed where no handle lies on top of it.
    place = ".crop-inside .crop-reach" if name == "inside" else f".crop-{name} .handle-reach"
    box = studio.tab.locator(place).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse = studio.tab.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + dx * across / 2, y + dy * down / 2)
    mouse.move(x + dx * across, y + dy * down)
    mouse.up()
    studio.settled()


def steps(studio):
    id = studio.client.first()
    return [step["name"] for step in studio.client("GET", f"/api/photos/{id}/history").json()["steps"]]


def test_a_frame_on_the_page_is_the_one_that_the_engine_makes(studio):
    random.seed(7)
    frames, expected = [], []
    while len(frames) < 60:
        turned = random.random() < 0.6
        tilts = random.uniform(-50, 50), random.uniform(-50, 50), random.uniform(-5, 5)
        perspective = vr.Perspective(*tilts, 110, 20)
        edges = [random.uniform(0, 0.4), random.uniform(0, 0.4), random.uniform(0.6, 1), random.uniform(0.6, 1)]
        flip = random.choice(["none", "horizontal", "vertical", "both"])
        angle = random.uniform(-40, 40) if turned else 0.0
        perspective = perspective if random.random() < 0.5 else vr.Perspective()
        made = vr.Framing(tuple(edges), angle, flip, perspective, quarter_turns=random.randrange(4))
        try:
            placed = made.placed(600, 900)
        except InvalidRequest:
            continue
        frames.append(write_frame(made))
        expected.append((placed.size, placed.matrix))
    found = studio.tab.evaluate(
        """async (frames) => {
            const { placed } = await import("/page/tools/framing.js");
            return frames.map((frame) => placed(frame, { width: 600, height: 900 }));
        }""",
        frames,
    )
    for place, (seen, matrix) in zip(found, expected, strict=True):
        assert (place["size"]["width"], place["size"]["height"]) == seen
        assert np.array(place["matrix"]) / place["matrix"][2][2] == pytest.approx(matrix, abs=1e-6)


def test_a_drag_is_a_frame_in_the_plan_one_step_and_the_size_of_the_export(tool):
    tab = tool.tab
    drag(tool, "topLeft", 0.25, 0.1)
    drag(tool, "right", -0.25, 0)
    assert frame(tool).crop == pytest.approx((0.25, 0.1, 0.75, 1), abs=0.004)
    assert steps(tool) == ["Crop", "Crop"]
    drag(tool, "inside", 0.1, -0.05)
    assert frame(tool).crop == pytest.approx((0.35, 0.05, 0.85, 0.95), abs=0.006)
    tab.keyboard.press("Control+z")
    tool.until(lambda: frame(tool).crop[0] < 0.3, "the drag is not undone")
    expected = frame(tool).placed(*PHOTO).size
    assert size(tool) == expected
    tab.keyboard.press("Enter")
    tool.until(lambda: f"{expected[0]} × {expected[1]}" in tab.content(), "the crop is not shown")
    tool.settled()
    assert tab.locator(".crop").count() == 0
    tab.keyboard.press("e")
    dialog = tab.get_by_role("dialog", name="Export this photo")
    dialog.get_by_role("button", name="Export").click()
    dialog.get_by_text("Done: 1 of 1 written").wait_for()
    (file,) = dialog.locator(".file").all_inner_texts()
    with Image.open(file) as written:
        assert written.size == expected
    shutil.rmtree(Path(file).parent)


@pytest.mark.slow
def test_all_of_the_photo_is_shown_dimmed_outside_of_the_crop(tool):
    drag(tool, "left", 0.5, 0)
    stage = tool.shown().astype(float)
    box = tool.tab.locator(".crop-box").bounding_box()
    outer = tool.tab.locator(".stage").bounding_box()
    x, y = int(box["x"] - outer["x"]), int(box["y"] - outer["y"])
    width, height = int(box["width"]), int(box["height"])
    dimmed = stage[y + 20 : y + height - 20, x - width + 20 : x - 20]
    photo = np.asarray(Image.open(SAMPLES / "barn.jpg").resize((2 * width, height))).astype(float)
    lit = stage[y + 20 : y + height - 20, x + 20 : x + width - 20]
    assert np.median(np.abs(lit - photo[20:-20, width + 20 : -20])) < 8
    assert np.median(np.abs(dimmed - 0.4 * photo[20:-20, 20 : width - 20])) < 8


@pytest.mark.slow
def test_proportions_hold_while_a_corner_is_dragged(tool):
    tab = tool.tab
    tab.get_by_label("Proportions").select_option("1:1")
    tool.settled()
    assert size(tool) == (320, 320)
    drag(tool, "bottomRight", -0.2, 0)
    width, height = size(tool)
    assert width < 300
    assert abs(width - height) <= 1
    tab.get_by_label("Proportions").select_option("9:16")
    tool.settled()
    width, height = size(tool)
    assert width / height == pytest.approx(9 / 16, abs=0.01)
    tab.get_by_label("Proportions").select_option("4:5")
    tool.settled()
    width, height = size(tool)
    assert width / height == pytest.approx(4 / 5, abs=0.01)


@pytest.mark.slow
def test_an_angle_leaves_no_border_and_the_crop_grows_again_without_it(tool):
    tab = tool.tab
    angle = tab.get_by_label("Angle °")
    angle.fill("12")
    angle.press("Enter")
    tool.settled()
    assert frame(tool) == vr.Framing(angle=12)
    assert size(tool) == vr.Framing(angle=12).placed(*PHOTO).size
    drag(tool, "topLeft", -0.3, -0.3)
    assert frame(tool).fitted(*PHOTO) == frame(tool)
    tab.keyboard.press("Control+z")
    tool.until(lambda: frame(tool) == vr.Framing(angle=12), "the drag is not undone")
    angle.fill("0")
    angle.press("Enter")
    tool.settled()
    assert size(tool) == PHOTO


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.slow
def test_a_line_that_is_drawn_becomes_level(tool, flip):
    tab = tool.tab
    if flip:
        tab.get_by_role("button", name="Mirror left and right").click()
    tab.get_by_role("button", name="Draw a line").click()
    box = tab.locator(".stage").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.mouse.move(x - 100, y - 10)
    tab.mouse.down()
    tab.mouse.move(x + 100, y + 10)
    tab.mouse.up()
    tool.settled()
    assert frame(tool).angle == pytest.approx(5.71 if flip else -5.71, abs=0.02)
    assert frame(tool).flip == ("horizontal" if flip else "none")


@pytest.mark.slow
def test_a_quarter_turn_turns_what_is_seen(tool, photo):
    tab = tool.tab
    tab.get_by_label("Proportions").select_option("4:3")
    drag(tool, "bottomRight", -0.3, -0.3)
    angle = tab.get_by_label("Angle °")
    angle.fill("5")
    angle.press("Enter")
    tab.get_by_role("button", name="Mirror left and right").click()
    tool.settled()
    before, shown = frame(tool), size(tool)
    tab.get_by_role("button", name="Turn right by 90°").click()
    tool.settled()
    assert size(tool) == shown[::-1]
    assert tab.get_by_label("Proportions").input_value() == "3:4"
    opened = vr.open_photo(photo)
    turned = np.rot90(opened.framed(before).pixels, -1).astype(int)
    after = opened.framed(frame(tool)).pixels
    assert after.shape == turned.shape
    assert np.abs(after - turned).mean() < 1
    tab.keyboard.press("Enter")
    tool.until(lambda: f"{shown[1]} × {shown[0]}" in tab.content(), "the turned photo is not shown")
    picture = Image.fromarray(tool.picture()).resize(after.shape[1::-1], Image.Resampling.BOX)
    assert np.abs(np.asarray(picture).astype(int) - after).mean() < 4


@pytest.mark.slow
def test_the_horizon_is_made_level(browser, sea):
    with browsers.studio(browser, [sea(2.0)], viewport={"width": 1000, "height": 700}) as studio:
        studio.settled()
        studio.tab.get_by_role("button", name="Crop and angle (C)").click()
        studio.settled()
        studio.tab.get_by_role("button", name="Level", exact=True).click()
        studio.until(lambda: "falls to the right" in studio.tab.locator(".toast").inner_text(), "nothing is said")
        studio.settled()
        assert frame(studio).angle == pytest.approx(-2, abs=0.1)


@pytest.mark.slow
def test_handles_are_moved_by_keys_and_esc_takes_the_frame_back(tool):
    tab = tool.tab
    corner = tab.get_by_role("slider", name="Top left corner")
    corner.focus()
    tab.keyboard.press("Shift+ArrowRight")
    tab.keyboard.press("ArrowDown")
    assert corner.get_attribute("aria-valuetext") == "5 % from the left, 0.5 % from the top"
    edge = tab.get_by_role("slider", name="Right edge")
    edge.focus()
    tab.keyboard.press("Shift+ArrowLeft")
    tool.settled()
    assert edge.get_attribute("aria-valuetext") == "95 % from the left"
    assert frame(tool).crop == pytest.approx((0.05, 0.005, 0.95, 1))
    tab.keyboard.press("Escape")
    tool.until(lambda: frame(tool) is None, "the frame is not taken back")
    assert tab.get_by_role("tab", name="Edit", exact=True).get_attribute("aria-selected") == "true"
    tool.settled()
    tab.keyboard.press("Control+z")
    tool.until(lambda: frame(tool) is not None, "the new frame is lost")
    tool.settled()


@pytest.mark.slow
def test_a_planner_that_is_asked_while_the_tool_is_open_keeps_the_new_frame(tool):
    drag(tool, "left", 0.4, 0)
    made = frame(tool)
    tool.tab.evaluate("document.activeElement.blur()")
    tool.tab.keyboard.press("a")
    tool.until(lambda: tool.plan()["edits"], "nothing is planned")
    tool.settled()
    assert frame(tool) == made
    assert tool.tab.locator(".crop").count() == 1


@pytest.mark.slow
def test_an_area_stays_on_what_it_lies_on(studio, photo):
    version = vr.registry.areas.load("ellipse").version
    ellipse = {"x": 0.6, "y": 0.5, "radius_x": 0.15, "radius_y": 0.2, "angle": 20.0, "feather": 0.5}
    strokes = [[0.3, 0.3, 0.04, 0.5, 1, 0], [0.4, 0.6, 0.04, 0.5, 1, 1]]
    mask = (np.mgrid[:32, :48][1] > 30).astype(float)
    area = [
        {"id": "ellipse", "version": version, "params": ellipse},
        {"id": "brush", "version": 1, "params": {"strokes": strokes}},
        {"id": "linear", "version": 1, "params": {"full_x": 0, "full_y": 1, "zero_x": 0.2, "zero_y": 0.8}},
        {"id": "bitmap", "version": 1, "params": {"picture": mask.tolist()}},
    ]
    local = [{"name": "There", "area": area, "edits": {"exposure": {"version": 1, "params": {"ev": -2.0}}}}]
    plan = {"schema": "veraretouch.plan/2", "mode": "param", "edits": {}, "local": local}
    studio.tab.evaluate("plan => document.querySelector('studio-app').store.change(plan, 'A plan')", plan)
    studio.settled()
    studio.tab.keyboard.press("c")
    studio.settled()
    angle = studio.tab.get_by_label("Angle °")
    angle.fill("8")
    angle.press("Enter")
    drag(studio, "left", 0.2, 0)
    studio.tab.get_by_role("button", name="Mirror left and right").click()
    studio.settled()
    made = vr.Plan.load(studio.plan())
    opened, renderer = vr.open_photo(photo), vr.Renderer()
    there = renderer.render(opened, vr.Plan.load(plan)).framed(made.frame)
    here = renderer.render(opened, made)
    assert there.pixels.shape == here.pixels.shape
    apart = np.abs(there.pixels.astype(int) - here.pixels).max(axis=2)
    assert np.mean(apart > 12) < 0.02
    assert np.mean(np.abs(opened.framed(made.frame).pixels.astype(int) - here.pixels).max(axis=2) > 12) > 0.3


@pytest.mark.slow
def test_handles_are_large_enough_for_fingers(browser, photo):
    photo.with_name(".veraretouch-studio.jsonl").unlink(missing_ok=True)
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with browsers.studio(browser, [photo], **phone) as studio:
        studio.settled()
        tab = studio.tab
        tab.get_by_role("button", name="Crop and angle (C)").tap()
        studio.settled()
        for box in [each.bounding_box() for each in tab.locator(".crop .handle-reach").all()]:
            assert min(box["width"], box["height"]) >= 44
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 390
        corner = tab.locator(".crop-topLeft .handle-reach").bounding_box()
        x, y = corner["x"] + 22, corner["y"] + 22
        touch = studio.context.new_cdp_session(tab)
        for kind, dx in (("touchStart", 0), ("touchMove", 40), ("touchMove", 80), ("touchEnd", None)):
            points = [] if dx is None else [{"x": x + dx, "y": y + dx / 2}]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        studio.settled()
        assert frame(studio).crop[0] > 0.15
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.slow
def test_the_frame_tool_is_accessible(tool):
    tool.tab.locator("studio-framing summary").click()
    drag(tool, "topLeft", 0.1, 0.1)
    assert_accessible(tool.tab)
