"""The brush, and masks from pictures: what is painted is in the plan, and changes the photo there alone."""

from __future__ import annotations

import base64
from pathlib import Path

import browsers
import numpy as np
import pytest
from browsers import assert_accessible
from PIL import Image

import veraretouch as vr

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
    with browsers.studio(browser, [photo], viewport={"width": 1000, "height": 640}) as opened:
        opened.settled()
        yield opened


def begin(studio, *, darker=True):
    """A brush area that darkens, with a brush of 5 % that is half hard."""
    tab = studio.tab
    tab.keyboard.press("b")
    tab.get_by_role("button", name="Paint", exact=True).wait_for()
    if darker:
        tab.locator("studio-areas [id$='exposure.ev']").focus()
        for _ in range(2):
            tab.keyboard.press("Shift+ArrowLeft")
    studio.settled()
    return tab


def on_screen(studio, x, y):
    """Where a place of the photo, in shares, lies on the screen."""
    left, top, scale = studio.tab.evaluate("""() => {
        const stage = document.querySelector("studio-stage");
        const box = stage.querySelector(".stage").getBoundingClientRect();
        const { origin, scale } = stage.viewport;
        return [box.left + origin.x, box.top + origin.y, scale];
    }""")
    return left + x * PHOTO[0] * scale, top + y * PHOTO[1] * scale


def stroke(studio, *places, key=None):
    mouse = studio.tab.mouse
    if key:
        studio.tab.keyboard.down(key)
    mouse.move(*on_screen(studio, *places[0]))
    mouse.down()
    for place in places[1:]:
        mouse.move(*on_screen(studio, *place), steps=4)
    mouse.up()
    if key:
        studio.tab.keyboard.up(key)
    studio.settled()


def steps(studio):
    id = studio.client.first()
    return [step["name"] for step in studio.client("GET", f"/api/photos/{id}/history").json()["steps"]]


def changed(after, before):
    """Where two pictures differ, at the photo's own size."""
    differs = (np.abs(after.astype(int) - before).max(axis=2) > 2).astype(np.uint8) * 255
    return np.asarray(Image.fromarray(differs).resize(PHOTO, Image.Resampling.BOX)) > 0


def within(points, radius):
    """The pixels that lie no farther from a line through points (shares) than a share of the long side."""
    y, x = np.mgrid[: PHOTO[1], : PHOTO[0]] + 0.5
    (x0, y0), (x1, y1) = [(a * PHOTO[0], b * PHOTO[1]) for a, b in points]
    along = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / ((x1 - x0) ** 2 + (y1 - y0) ** 2), 0, 1)
    return np.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0)) < radius * max(PHOTO)


def test_a_stroke_is_in_the_plan_changes_pixels_there_alone_and_is_undone_in_one_step(studio, photo):
    begin(studio)
    before = studio.picture()
    line = (0.3, 0.4), (0.7, 0.6)
    stroke(studio, *line)
    (part,) = studio.plan()["local"][0]["area"]
    rows = part["params"]["strokes"]
    assert part["id"] == "brush"
    assert rows[0][:2] == pytest.approx(line[0], abs=0.003)
    assert rows[-1][:2] == pytest.approx(line[1], abs=0.003)
    assert [row[5] for row in rows] == [0] + [1] * (len(rows) - 1)
    radius = rows[0][2]
    after = studio.picture()
    differs = changed(after, before)
    assert differs[within(line, 0.4 * radius)].mean() > 0.9  # what is dark already gets no darker
    assert not differs[~within(line, radius + 2 / max(PHOTO))].any()
    done = vr.Renderer().render(vr.open_photo(photo), vr.Plan.load(studio.plan()))
    shown = np.asarray(Image.fromarray(after).resize(PHOTO, Image.Resampling.BOX)).astype(int)
    assert np.abs(shown - done.pixels).mean() < 3
    stroke(studio, (0.2, 0.8), (0.4, 0.8))
    assert len(studio.plan()["local"][0]["area"]) == 1
    assert steps(studio)[-2:] == ["Painted on Brush"] * 2
    for left in (rows, None):
        studio.tab.keyboard.press("Control+z")
        studio.settled()
        assert studio.plan()["local"][0]["area"][0]["params"].get("strokes") == left
    assert np.array_equal(studio.picture(), before)


@pytest.mark.slow
def test_the_film_follows_the_pointer_and_goes_once_the_stroke_is_rendered(studio):
    tab = begin(studio)
    alpha = """([x, y]) => new Promise((done) => requestAnimationFrame(() => {
        const film = document.querySelector(".film");
        const box = film.getBoundingClientRect();
        done(film.getContext("2d").getImageData(x - box.left, y - box.top, 1, 1).data[3]);
    }))"""
    tab.mouse.move(*on_screen(studio, 0.3, 0.3))
    tab.mouse.down()
    held = []
    tab.route("**/render", lambda route: held.append(route))
    for x in (0.4, 0.5, 0.6):
        tab.mouse.move(*on_screen(studio, x, 0.3))
        assert tab.evaluate(alpha, list(on_screen(studio, x, 0.3))) > 100
        assert tab.evaluate(alpha, list(on_screen(studio, x, 0.45))) == 0
    tab.mouse.up()
    studio.until(lambda: held, "the stroke is not rendered")
    assert tab.evaluate(alpha, list(on_screen(studio, 0.5, 0.3))) > 100
    held[0].continue_()
    tab.unroute("**/render")
    studio.settled()
    assert tab.evaluate(alpha, list(on_screen(studio, 0.5, 0.3))) == 0


@pytest.mark.slow
def test_alt_and_the_eraser_take_away_and_painting_again_brings_back(studio):
    tab = begin(studio)
    before = studio.picture()
    stroke(studio, (0.2, 0.5), (0.8, 0.5))
    stroke(studio, (0.4, 0.5), (0.6, 0.5), key="Alt")
    assert [part.get("combine", "add") for part in studio.plan()["local"][0]["area"]] == ["add", "subtract"]
    differs = changed(studio.picture(), before)
    assert not differs[within(((0.45, 0.5), (0.55, 0.5)), 0.008)].any()
    assert differs[within(((0.22, 0.5), (0.3, 0.5)), 0.01)].mean() > 0.8
    tab.keyboard.press("x")
    assert tab.get_by_role("button", name="Erase", exact=True).get_attribute("aria-pressed") == "true"
    stroke(studio, (0.25, 0.5), (0.25, 0.52))
    assert len(studio.plan()["local"][0]["area"]) == 2
    tab.keyboard.press("x")
    stroke(studio, (0.5, 0.5), (0.5, 0.52))
    assert [part.get("combine", "add") for part in studio.plan()["local"][0]["area"]] == ["add", "subtract", "add"]
    assert changed(studio.picture(), before)[within(((0.49, 0.5), (0.51, 0.5)), 0.008)].mean() > 0.8
    assert steps(studio)[-4:] == ["Painted on Brush", "Erased on Brush", "Erased on Brush", "Painted on Brush"]


@pytest.mark.slow
def test_strokes_share_parts_only_where_none_lies_over_another_that_came_later(studio, photo):
    random = np.random.default_rng(5)
    strokes = []
    for _ in range(24):
        x, y, dx, dy = random.uniform((0, 0, -0.2, -0.2), (1, 1, 0.2, 0.2)).round(3).tolist()
        rows = [[x, y, 0.03, 0.4, 1, 0], [round(x + dx, 3), round(y + dy, 3), 0.03, 0.4, 1, 1]]
        strokes.append({"rows": rows, "erases": bool(random.random() < 0.4)})
    strokes[0]["erases"] = False
    area = studio.tab.evaluate(
        """async ({ strokes, width, height }) => {
            const { withStroke } = await import("/page/tools/strokes.js");
            const { schema } = document.querySelector("studio-app").store;
            const first = { id: "brush", version: 1, params: { strokes: strokes[0].rows } };
            let plan = { edits: {}, local: [{ name: "There", area: [first], edits: {} }] };
            for (const { rows, erases } of strokes.slice(1)) {
                plan = withStroke(plan, "There", rows, erases, { width, height }, schema);
            }
            return plan.local[0].area;
        }""",
        {"strokes": strokes, "width": PHOTO[0], "height": PHOTO[1]},
    )
    assert 3 < len(area) < 16
    apart = [
        {"id": "brush", "version": 1, "params": {"strokes": each["rows"]}}
        | ({"combine": "subtract"} if each["erases"] else {})
        for each in strokes
    ]

    def rendered(parts):
        local = [{"name": "There", "area": parts, "edits": {"exposure": {"version": 1, "params": {"ev": -2.0}}}}]
        plan = {"schema": "veraretouch.plan/2", "mode": "param", "edits": {}, "local": local}
        return vr.Renderer().render(vr.open_photo(photo), vr.Plan.load(plan)).pixels.astype(int)

    assert np.abs(rendered(area) - rendered(apart)).max() <= 1


@pytest.mark.slow
def test_the_brush_is_sized_and_moved_by_keys_and_its_ring_shows_it(studio):
    tab = begin(studio, darker=False)
    ring = tab.get_by_role("slider", name="Paint")
    said = ring.get_attribute("aria-valuetext")
    assert said == "50 % from the left, 50 % from the top; size 8.0 %, hardness 50 %"
    radius = float(tab.locator(".ring-outer").get_attribute("r"))
    tab.evaluate("document.activeElement.blur()")
    tab.keyboard.press("]")
    tab.keyboard.press("}")
    assert float(tab.locator(".ring-outer").get_attribute("r")) == pytest.approx(1.2 * radius)
    assert float(tab.locator(".ring-inner").get_attribute("r")) == pytest.approx(0.6 * 1.2 * radius)
    tab.keyboard.press("[")
    tab.keyboard.press("{")
    ring.focus()
    tab.keyboard.press("Shift+ArrowRight")
    tab.keyboard.press("ArrowUp")
    tab.keyboard.press(" ")
    studio.settled()
    (row,) = studio.plan()["local"][0]["area"][0]["params"]["strokes"]
    assert row == [0.6, 0.49, 0.04, 0.5, 1, 0]
    tab.keyboard.press("Escape")
    assert tab.locator(".ring").count() == 0
    tab.evaluate("document.querySelector('studio-app').store.change(null, 'Reset everything')")
    tab.keyboard.press("b")
    assert tab.locator(".ring").count() == 1  # of a new area, as the one that was open is gone


@pytest.mark.slow
def test_the_mask_is_shown_until_the_area_does_something(studio):
    tab = begin(studio, darker=False)
    before = studio.picture().astype(int)
    assert tab.get_by_role("switch", name="Show mask").is_checked()
    stroke(studio, (0.3, 0.5), (0.7, 0.5))
    film = studio.picture() - before
    assert (film[:, :, 0] > 60).sum() > 1000
    tab.locator("studio-areas [id$='exposure.ev']").focus()
    tab.keyboard.press("Shift+ArrowRight")
    studio.settled()
    assert not tab.get_by_role("switch", name="Show mask").is_checked()
    assert (studio.picture() - before)[:, :, 2].min() >= -1


@pytest.mark.slow
def test_fingers_paint_and_two_of_them_zoom(browser, photo):
    photo.with_name(".veraretouch-studio.jsonl").unlink(missing_ok=True)
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with browsers.studio(browser, [photo], **phone) as studio:
        studio.settled()
        tab = begin(studio, darker=False)
        touch = studio.context.new_cdp_session(tab)

        def fingers(kind, *places):
            points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        places = [on_screen(studio, x, 0.5) for x in (0.3, 0.45, 0.6)]
        fingers("touchStart", places[0])
        fingers("touchMove", places[1])
        fingers("touchMove", places[2])
        fingers("touchEnd")
        studio.settled()
        rows = studio.plan()["local"][0]["area"][0]["params"]["strokes"]
        assert (rows[0][0], rows[-1][0]) == pytest.approx((0.3, 0.6), abs=0.01)
        fingers("touchStart", places[0])
        fingers("touchStart", places[0], places[2])
        fingers("touchMove", (places[0][0] - 30, places[0][1]), (places[2][0] + 30, places[2][1]))
        fingers("touchEnd")
        studio.settled()
        assert studio.plan()["local"][0]["area"][0]["params"]["strokes"] == rows
        assert not tab.evaluate("document.querySelector('studio-stage').viewport.fitted")
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390


DROPPED = """(text) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], "mask.png", { type: "image/png" }));
    const field = document.querySelector("studio-grey .grey");
    for (const kind of ["dragover", "drop"]) {
        field.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
    }
}"""


@pytest.mark.slow
def test_a_picture_is_loaded_as_a_mask_and_what_is_none_is_refused(studio, tmp_path):
    tab = studio.tab
    before = studio.picture()
    tab.get_by_role("tab", name="Areas").click()
    tab.get_by_label("Add an area").select_option("bitmap")
    tab.locator("studio-areas [id$='exposure.ev']").focus()
    for _ in range(2):
        tab.keyboard.press("Shift+ArrowLeft")
    mask = np.zeros((60, 90), np.uint8)
    mask[:, :45] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    (tmp_path / "mask.txt").write_text("no picture")
    chooser = tab.get_by_label("Choose a PNG")
    chooser.set_input_files(tmp_path / "mask.txt")
    refused = tab.locator("studio-grey [role=alert]")
    refused.wait_for()
    assert "“mask.txt” is no PNG picture of at most 32 MB" in refused.inner_text()
    tab.evaluate(DROPPED, base64.b64encode((tmp_path / "mask.png").read_bytes()).decode())
    studio.until(lambda: "90 × 60" in tab.locator("studio-grey").inner_text(), "the mask is not shown")
    studio.settled()
    (part,) = studio.plan()["local"][0]["area"]
    assert np.array_equal(vr.Plan.load(studio.plan()).local[0].area[0].params["picture"], mask / 255)
    assert part["params"]["picture"]["dtype"] == "uint8"
    assert len(studio.client("GET", "/api/photos").json()["photos"]) == 1  # what is dropped there is no photo
    differs = changed(studio.picture(), before)
    assert differs[:, : PHOTO[0] // 2 - 8].mean() > 0.8
    assert not differs[:, PHOTO[0] // 2 + 8 :].any()
    tab.locator("studio-areas .part").get_by_role("switch", name="Invert").click()
    studio.settled()
    differs = changed(studio.picture(), before)
    assert not differs[:, : PHOTO[0] // 2 - 8].any()
    assert_accessible(tab)


@pytest.mark.slow
def test_parts_of_an_area_are_joined_in_the_panel(studio):
    tab = studio.tab
    tab.get_by_role("tab", name="Areas").click()
    tab.get_by_label("Add an area").select_option("ellipse")
    tab.get_by_label("Join another area").select_option("linear")
    tab.get_by_label("How it joins those before").select_option("intersect")
    studio.settled()
    assert [part.get("combine", "add") for part in studio.plan()["local"][0]["area"]] == ["add", "intersect"]


@pytest.mark.slow
def test_the_brush_is_accessible(studio):
    tab = begin(studio)
    stroke(studio, (0.3, 0.5), (0.5, 0.5))
    tab.mouse.move(*on_screen(studio, 0.5, 0.4))
    assert_accessible(tab)
