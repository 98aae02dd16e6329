"""What the page shows: the engine's pixels, never an old plan's, and before beside after."""

from __future__ import annotations

import base64

import browsers
import numpy as np
import pytest
from studio_pictures import assert_same, engine, make_photos, set_plan

import veraretouch as vr

pytestmark = browsers.marks(__file__)
PLANS = {
    "light": {"exposure": {"ev": 0.8}, "contrast": {"amount": 0.5}, "tone_regions": {"shadows": 0.6, "whites": 0.3}},
    "colour": {
        "white_balance": {"temperature": 0.4, "tint": -0.2},
        "vibrance": {"amount": 0.7},
        "hsl": {"hue": [0.5, 0, -0.5, 0, 0.3, 0, 0, 0], "saturation": [0.4, 0.3, 0, -0.6, 0, 0.5, 0, 0]},
    },
    "look": {
        "tone_curve": {"luma": [(i / 16) ** 1.3 for i in range(17)]},
        "color_grading": {
            "shadow_hue": 210,
            "shadow_saturation": 0.4,
            "highlight_hue": 40,
            "highlight_saturation": 0.3,
        },
        "saturation": {"amount": -0.3},
    },
}


@pytest.fixture(scope="module")
def studio(browser, photos):
    with browsers.studio(browser, list(photos.values()), viewport={"width": 900, "height": 620}) as opened:
        yield opened


QUICK = (("night.png", "look"), ("deep.tif", "colour"))  # the others run in `make bench`


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return make_photos(tmp_path_factory.mktemp("photos"))


def document(name):
    edits = {op: {"version": vr.registry.ops.load(op).version, "params": params} for op, params in PLANS[name].items()}
    return {"schema": "veraretouch.plan/1", "mode": "param", "edits": edits}


@pytest.mark.parametrize(
    ("photo", "name"),
    [
        pytest.param(photo, name, marks=() if (photo, name) in QUICK else pytest.mark.slow)
        for photo in ("night.png", "deep.tif")
        for name in PLANS
    ],
)
def test_the_shader_shows_what_the_engine_makes(studio, photos, photo, name):
    studio.open(photo)
    set_plan(studio, document(name))
    assert_same(studio.picture(), engine(photos[photo], document(name)))


def test_tiles_show_the_full_size_at_one_to_one(studio, photos):
    studio.open("large.png")
    set_plan(studio, document("light"))
    studio.tab.keyboard.press("z")
    script = "[...document.querySelector('studio-stage').pixels.tiles.values()].filter(tile => tile.image).length"
    studio.until(lambda: studio.tab.evaluate(script) >= 2, "no tiles came")
    stage = studio.shown()
    seen = studio.tab.evaluate("document.querySelector('studio-stage').viewport.seen")
    expected = engine(photos["large.png"], document("light"))
    part = expected[seen["y"] : seen["y"] + seen["height"], seen["x"] : seen["x"] + seen["width"]]
    assert_same(stage[: part.shape[0], : part.shape[1]], part)
    studio.tab.keyboard.press("z")
    studio.settled()


def test_a_plan_that_looks_at_neighbours_is_shown_as_the_server_renders_it(studio, photos):
    plan = document("light")
    plan["edits"]["clarity"] = {"version": vr.registry.ops.load("clarity").version, "params": {"amount": 0.6}}
    studio.open("night.png")
    set_plan(studio, plan)
    done = vr.Renderer().render(vr.open_photo(photos["night.png"]), vr.Plan.load(plan))
    assert_same(studio.picture(), done.pixels.astype(np.int16))


@pytest.mark.slow
def test_a_plan_with_a_frame_is_shown_in_it_and_so_is_the_photo_that_was(studio, photos):
    studio.open("night.png")
    set_plan(studio, document("light"))
    whole = studio.picture()
    framed = document("light") | {
        "schema": "veraretouch.plan/2",
        "frame": {"crop": [0, 0, 0.5, 1], "flip": "horizontal"},
    }
    set_plan(studio, framed)
    studio.until(lambda: "256 × 384" in studio.tab.content(), "the size of what is seen is not told")
    assert_same(studio.picture(), engine(photos["night.png"], framed))
    studio.tab.keyboard.press("Control+z")
    studio.until(lambda: "512 × 384" in studio.tab.content(), "the whole photo does not come back")
    assert np.array_equal(studio.picture(), whole)


def test_an_answer_that_comes_late_is_never_shown(studio, photos):
    tab = studio.open("night.png")
    set_plan(studio, None)
    held = []
    tab.route("**/table", lambda route: held.append(route) if not held else route.continue_())
    box = tab.locator('[id="#exposure.ev"]').bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x + 30, y)
    studio.until(lambda: held, "the drag asked for no table")
    tab.mouse.move(x + 8, y)
    tab.mouse.up()
    final = studio.picture()
    held[0].continue_()
    tab.wait_for_timeout(300)
    assert np.array_equal(studio.picture(), final)
    assert_same(final, engine(photos["night.png"], studio.plan()))
    tab.unroute("**/table")


@pytest.mark.slow
def test_an_answer_for_a_photo_that_is_left_is_never_shown_on_the_next(studio, photos):
    tab = studio.open("night.png")
    set_plan(studio, None)
    held = []
    kinds = "**/api/photos/*/{table,preview*,render}"
    tab.route(kinds, lambda route: held.append(route) if len(held) < 2 else route.continue_())
    change = "plan => document.querySelector('studio-app').store.change(plan, 'A plan')"
    tab.evaluate(change, document("light"))
    studio.until(lambda: held, "no table was asked for")
    tab.set_viewport_size({"width": 500, "height": 620})  # another size of the photo's own pixels is asked for
    studio.until(lambda: len(held) == 2, "no pixels were asked for")
    tab.set_viewport_size({"width": 900, "height": 620})
    studio.open("deep.tif")
    set_plan(studio, document("colour"))
    final = studio.picture()
    for route in held:
        route.continue_()
    tab.wait_for_timeout(300)
    assert np.array_equal(studio.picture(), final)
    assert_same(final, engine(photos["deep.tif"], document("colour")))
    tab.unroute_all()


@pytest.mark.slow
def test_a_picture_of_the_server_that_comes_late_is_never_shown(studio, photos):
    tab = studio.open("night.png")
    set_plan(studio, None)
    spatial = document("light")
    spatial["edits"]["clarity"] = {"version": vr.registry.ops.load("clarity").version, "params": {"amount": 0.6}}
    held = []
    tab.route("**/render", lambda route: held.append(route) if not held else route.continue_())
    change = "([plan, how]) => document.querySelector('studio-app').store.change(plan, 'A plan', how)"
    tab.evaluate(change, [spatial, "drag"])
    studio.until(lambda: held, "no picture was asked for")
    tab.evaluate(change, [document("look"), "done"])
    final = studio.picture()
    held[0].continue_()
    tab.wait_for_timeout(300)
    assert np.array_equal(studio.picture(), final)
    assert_same(final, engine(photos["night.png"], document("look")))
    tab.unroute_all()


def test_one_table_is_under_way_and_those_between_are_never_asked_for(studio):
    tab = studio.open("night.png")
    set_plan(studio, None)
    asked, held = [], []

    def hold(route):
        asked.append(route.request.post_data_json["plan"]["edits"]["exposure"]["params"]["ev"])
        held.append(route)

    tab.route("**/table", hold)
    move = """ev => {
        const edits = { exposure: { version: 1, params: { ev } } };
        const plan = { schema: "veraretouch.plan/1", mode: "param", edits };
        document.querySelector("studio-app").store.change(plan, "Exposure", "drag");
    }"""
    for ev in (0.1, 0.2, 0.3, 0.4):
        tab.evaluate(move, ev)
    studio.until(lambda: asked, "no table was asked for")
    assert asked == [0.1]
    held.pop().continue_()
    studio.until(lambda: len(asked) == 2, "the newest was not asked for")
    assert asked == [0.1, 0.4]
    held.pop().continue_()
    tab.unroute("**/table")
    studio.settled()


def halves(stage):
    """Mean luma of the photo's left and right half, without the divider's surroundings."""
    width = stage.shape[1]
    return stage[:, : width // 2 - 40].mean(), stage[:, width // 2 + 40 :].mean()


def test_the_divider_is_moved_by_mouse_and_by_keys(studio, photos):
    tab = studio.open("night.png")
    set_plan(studio, document("light"))
    tab.keyboard.press("y")
    studio.settled()
    divider = tab.get_by_role("slider", name="Before and after")
    assert divider.get_attribute("aria-valuetext") == "50 % before, 50 % after"
    before = vr.open_photo(photos["night.png"]).pixels
    after = engine(photos["night.png"], document("light"))
    left, right = halves(studio.picture())
    assert left == pytest.approx(halves(before)[0], abs=0.5)
    assert right == pytest.approx(halves(after)[1], abs=0.5)
    box = divider.bounding_box()
    tab.mouse.move(box["x"] + 22, box["y"] + 200)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 22 + 128, box["y"] + 200)
    tab.mouse.up()
    assert divider.get_attribute("aria-valuetext") == "75 % before, 25 % after"
    tab.keyboard.press("ArrowLeft")
    assert divider.get_attribute("aria-valuetext") == "74 % before, 26 % after"
    tab.keyboard.press("Shift+ArrowLeft")
    assert divider.get_attribute("aria-valuetext") == "64 % before, 36 % after"
    tab.keyboard.press("Home")
    assert divider.get_attribute("aria-valuetext") == "0 % before, 100 % after"
    tab.keyboard.press("y")
    tab.keyboard.press("y")


@pytest.mark.slow
def test_side_by_side_shows_both_and_holding_the_original(studio, photos):
    tab = studio.open("night.png")
    set_plan(studio, document("light"))
    tab.get_by_role("button", name="Side by side").click()
    stage = studio.shown()
    half = stage.shape[1] // 2
    assert stage[:, half:].mean() - stage[:, :half].mean() > 5
    tab.get_by_role("button", name="Side by side").click()
    tab.keyboard.down("\\")
    before = studio.picture()
    tab.keyboard.up("\\")
    assert_same(before, vr.open_photo(photos["night.png"]).pixels.astype(np.int16))


@pytest.mark.slow
def test_clipping_is_a_layer_of_its_own(studio):
    tab = studio.open("night.png")
    plan = document("light")
    plan["edits"]["exposure"]["params"]["ev"] = 4.0
    set_plan(studio, plan)
    plain = studio.picture()
    count = "document.querySelector('studio-stage').shown(256).pixels.reduce((sum, code) => sum + code, 0)"
    counted = tab.evaluate(count)
    tab.keyboard.press("j")
    overlaid = studio.picture()
    white = (plain == 255).any(axis=2)
    assert white.mean() > 0.01
    assert (overlaid[white] == [237, 51, 51]).mean() > 0.99
    assert tab.evaluate(count) == counted
    tab.keyboard.press("j")


@pytest.mark.slow
def test_the_space_that_the_photo_is_shown_in_is_named(studio):
    tab = studio.open("night.png")
    assert "sRGB" in tab.locator(".readout").inner_text()


def test_touch_moves_the_divider(browser, photos):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with browsers.studio(browser, [photos["night.png"]], **phone) as studio:
        studio.settled()
        tab = studio.tab
        tab.locator(".tools button").first.tap()
        studio.settled()
        divider = tab.get_by_role("slider", name="Before and after")
        box = divider.bounding_box()
        assert box["width"] >= 44
        touch = studio.context.new_cdp_session(tab)
        for kind, x in (("touchStart", 195), ("touchMove", 150), ("touchMove", 97.5), ("touchEnd", None)):
            points = [] if x is None else [{"x": x, "y": box["y"] + 150}]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        assert divider.get_attribute("aria-valuetext") == "25 % before, 75 % after"
        wide = """() => [...document.querySelectorAll("*")]
            .filter(each => each.getBoundingClientRect().right > 390.5).map(each => each.outerHTML.slice(0, 200))"""
        assert tab.evaluate(wide) == []
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.slow
def test_a_display_of_p3_is_shown_p3(browser, photos):
    read = """() => {
        const { pixels, width } = document.querySelector("studio-stage").shown(512);
        return [width, btoa(String.fromCharCode(...pixels.slice(0, 512 * 40 * 4)))];
    }"""
    with (
        browsers.with_more(browser, "--force-color-profile=display-p3-d65") as wide,
        browsers.studio(wide, [photos["night.png"]], viewport={"width": 900, "height": 620}) as studio,
    ):
        studio.settled()
        assert "Display P3" in studio.tab.locator(".readout").inner_text()
        set_plan(studio, document("light"))
        width, text = studio.tab.evaluate(read)
    shown = np.frombuffer(base64.b64decode(text), np.uint8).reshape(-1, width, 4)[:, :, :3]
    expected = engine(photos["night.png"], document("light"), color_space="p3")
    assert_same(shown, expected[: len(shown)])
