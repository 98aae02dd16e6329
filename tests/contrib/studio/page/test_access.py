"""The page for everybody: by keyboard, with a screen reader, light and dark, and only from this machine."""

from __future__ import annotations

import shutil
from pathlib import Path

import browsers
import pytest
from browsers import assert_accessible

pytestmark = browsers.marks(__file__)
SAMPLES = Path(__file__).parents[4] / "docs" / "samples"


@pytest.fixture(scope="module")
def studio(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    photos = [Path(shutil.copy(SAMPLES / name, folder)) for name in ("barn.jpg", "beach.jpg", "portrait.jpg")]
    with browsers.studio(browser, photos, viewport={"width": 1000, "height": 640}) as opened:
        yield opened


def test_the_first_load_is_small_and_nothing_leaves_this_machine(browser, tmp_path):
    photo = Path(shutil.copy(SAMPLES / "barn.jpg", tmp_path))
    with browsers.studio(browser, [photo]) as studio:
        studio.settled()
        assert [url for url in studio.requests if not url.startswith(studio.origin)] == []
        asked = [url.removeprefix(studio.origin).partition("#")[0] for url in dict.fromkeys(studio.requests)]
        files = [path for path in asked if not path.startswith("/api/photos")]
        assert len(files) > 40
        sent = [studio.client("GET", path, Accept_Encoding="gzip") for path in files if path != "/api/session"]
        assert [answer.status for answer in sent] == [200] * len(sent)
        assert sum(len(answer.body) for answer in sent) < 150_000


def test_the_grid_is_accessible(studio):
    studio.tab.goto(f"{studio.origin}/#/")
    studio.tab.locator(".thumb img[src]").first.wait_for()
    studio.tab.get_by_label("Select barn.jpg").click()
    assert_accessible(studio.tab)
    studio.tab.get_by_label("Select barn.jpg").click()


def test_the_edit_page_is_accessible(studio):
    tab = studio.open("barn.jpg")
    tab.keyboard.press("a")
    studio.until(lambda: tab.locator(".thought").count(), "no reasoning came")
    studio.settled()
    studio.unfold("op.tone_curve", "op.color_matrix", "op.color_grading", "group.specific_color", "op.hsl", "op.lut3d")
    tab.keyboard.press("y")
    studio.settled()
    assert_accessible(tab)
    tab.keyboard.press("y")
    tab.keyboard.press("y")


@pytest.mark.slow
def test_areas_and_history_are_accessible(studio):
    tab = studio.open("beach.jpg")
    tab.get_by_role("tab", name="Areas").click()
    tab.get_by_label("Add an area").select_option("linear")
    studio.settled()
    assert_accessible(tab)
    tab.get_by_role("tab", name="History").click()
    tab.locator(".step").nth(1).wait_for()
    assert_accessible(tab)
    tab.get_by_role("tab", name="Edit", exact=True).click()


def test_every_dialog_is_accessible(studio):
    tab = studio.open("portrait.jpg")
    for key, name in (("e", "Export this photo"), ("?", "Keys and help")):
        tab.keyboard.press(key)
        tab.get_by_role("dialog", name=name).wait_for()
        assert_accessible(tab)
        tab.keyboard.press("Escape")
        assert tab.locator("dialog[open]").count() == 0
    tab.evaluate("""() => {
        const { store } = document.querySelector("studio-app");
        store.conflict = { revision: 0, plan: null };
        store.tell();
    }""")
    tab.get_by_role("dialog", name="Edited in another tab").wait_for()
    assert_accessible(tab)
    tab.get_by_role("button", name="Keep this one").click()


@pytest.mark.slow
def test_single_letters_can_be_switched_off(studio):
    tab = studio.open("portrait.jpg")
    tab.keyboard.press("?")
    tab.get_by_role("switch", name="Single letters are keys").click()
    tab.keyboard.press("Escape")
    tab.keyboard.press("e")
    assert tab.locator("dialog[open]").count() == 0
    tab.get_by_role("button", name="Keys and help").click()
    tab.get_by_role("switch", name="Single letters are keys").click()
    tab.keyboard.press("Escape")
    tab.keyboard.press("e")
    assert tab.locator("dialog[open]").count() == 1
    tab.keyboard.press("Escape")


def test_arrows_belong_to_a_slider_while_it_has_the_focus(studio):
    tab = studio.open("barn.jpg")
    tab.locator('[id="#exposure.ev"]').focus()
    tab.keyboard.press("ArrowRight")
    studio.settled()
    assert tab.locator(".title").inner_text() == "barn.jpg"
    tab.locator("#tab-edit").focus()
    tab.evaluate("document.activeElement.blur()")
    tab.keyboard.press("ArrowRight")
    studio.until(lambda: tab.locator(".title").inner_text() == "beach.jpg", "the next photo is not opened")


def test_a_photo_is_exported_and_its_edits_are_pasted_to_others(studio, tmp_path):
    tab = studio.open("barn.jpg")
    studio.drag('[id="#exposure.ev"]', 12)
    ev = studio.values("exposure")["ev"]
    tab.keyboard.press("g")
    tab.get_by_label("Select barn.jpg").click()
    tab.get_by_role("button", name="Copy edits").click()
    tab.get_by_label("Select portrait.jpg").click()
    tab.get_by_role("button", name="Paste edits").click()
    studio.until(lambda: tab.locator(".thumb .dot").count() >= 2, "nothing was pasted")
    tab.get_by_role("button", name="Export", exact=True).click()
    dialog = tab.get_by_role("dialog", name="Export 2 photos")
    dialog.get_by_role("button", name="Export").click()
    dialog.get_by_text("Done: 2 of 2 written").wait_for()
    for file in dialog.locator(".file").all_inner_texts():
        assert Path(file).stat().st_size > 10_000
    tab.keyboard.press("Escape")
    studio.open("portrait.jpg")
    assert studio.values("exposure") == {"ev": ev}


@pytest.mark.slow
def test_a_preset_that_is_chosen_goes_over_the_plan(studio, tmp_path):
    tab = studio.open("beach.jpg")
    preset = tmp_path / "look.cube"
    corners = [f"{r} {g} {b / 2}\n" for b in (0, 1) for g in (0, 1) for r in (0, 1)]
    preset.write_text("LUT_3D_SIZE 2\n" + "".join(corners))
    tab.get_by_label("Open files").set_input_files(preset)
    studio.until(lambda: studio.values("lut3d"), "the table is not in the plan")
    assert "look.cube is applied." in tab.locator(".toast").inner_text()
    studio.settled()


def dialogs(studio):
    """Open every dialog that the page has, one after the other, as a person comes to it."""
    studio.tab.goto(f"{studio.origin}/#/")
    studio.tab.get_by_label("Select beach.jpg").click()
    studio.tab.get_by_role("button", name="Retouch").click()
    studio.tab.get_by_role("dialog", name="Retouch 1 photos").wait_for()
    yield "Retouch 1 photos"
    studio.tab.keyboard.press("Escape")
    tab = studio.open("portrait.jpg")
    for key, name in (("e", "Export this photo"), ("?", "Keys and help"), ("p", "Values to 1 photos")):
        tab.keyboard.press(key)
        tab.get_by_role("dialog", name=name).wait_for()
        yield name
        tab.keyboard.press("Escape")
    other = studio.another()
    other.goto(tab.url)
    studio.settled(other)
    change = "plan => document.querySelector('studio-app').store.change(plan, 'Exposure')"
    revision = tab.evaluate("document.querySelector('studio-app').store.photo.revision")
    for ev, each in ((0.5, other), (1 + revision / 100, tab)):
        edits = {"exposure": {"version": 1, "params": {"ev": ev}}}
        each.evaluate(change, {"schema": "veraretouch.plan/1", "mode": "param", "edits": edits})
        if each is other:
            studio.settled(other)
    other.close()
    tab.get_by_role("dialog", name="Edited in another tab").wait_for()
    yield "Edited in another tab"
    tab.get_by_role("button", name="Keep this one").click()
    studio.settled()
    studio.wrong.clear()  # Chromium logs the 409
    tab.goto(f"{studio.origin}/#/")
    tab.get_by_label("Select beach.jpg").click()


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1400])
def test_both_pages_and_every_dialog_are_accessible(studio, width):
    tab = studio.tab
    tab.set_viewport_size({"width": width, "height": 844})
    try:
        tab.goto(f"{studio.origin}/#/")
        tab.locator(".thumb img[src]").first.wait_for()
        assert_accessible(tab)
        studio.open("barn.jpg")
        assert_accessible(tab)
        seen = []
        for name in dialogs(studio):
            seen.append(name)
            assert tab.locator("dialog[open]").count() == 1
            assert_accessible(tab)
        assert len(seen) == tab.locator("dialog").count()  # none was forgotten
    finally:
        tab.set_viewport_size({"width": 1000, "height": 640})


CONTROLS = (
    *("button", "checkbox", "combobox", "dialog", "image", "link", "listbox", "menuitem", "progressbar", "radio"),
    *("radiogroup", "searchbox", "slider", "spinbutton", "switch", "tab", "tabpanel", "textbox", "toolbar", "tree"),
)


def unnamed(tab):
    """Controls, landmarks and pictures without a name in the tree that screen readers read; and how many have one."""
    nodes = tab.context.new_cdp_session(tab).send("Accessibility.getFullAXTree")["nodes"]
    told = [node for node in nodes if not node["ignored"] and node["role"]["value"] in CONTROLS]
    nameless = [node for node in told if not node.get("name", {}).get("value", "").strip()]
    return [(node["role"]["value"], node.get("description", {}).get("value")) for node in nameless], len(told)


def test_whoever_listens_is_told_the_name_of_every_control(studio):
    tab = studio.tab
    tab.goto(f"{studio.origin}/#/")
    tab.locator(".thumb img[src]").first.wait_for()
    nameless, count = unnamed(tab)
    assert nameless == []
    assert count > 15
    studio.open("barn.jpg")
    ops = [f"op.{op['id']}" for op in studio.client("GET", "/api/schema").json()["ops"]]
    groups = studio.client("GET", "/api/schema").json()["groups"]
    studio.unfold(*ops, *(f"group.{group}" for group in groups))
    tab.keyboard.press("y")
    studio.settled()
    nameless, count = unnamed(tab)
    assert nameless == []
    assert count > 200
    slider = "[role=slider], input[type=range]"
    texts = tab.locator(slider).evaluate_all("found => found.map(each => each.getAttribute('aria-valuetext'))")
    assert texts
    assert all(texts)
    tab.keyboard.press("y")
    tab.keyboard.press("y")


@pytest.mark.slow
def test_nothing_moves_for_whoever_asked_for_less_motion(studio):
    tab = studio.open("barn.jpg")
    moving = """() => {
        const seconds = (text) => Math.max(...text.split(",").map((each) => parseFloat(each)));
        return [...document.querySelectorAll("*")].filter((each) => {
            const style = getComputedStyle(each);
            const turns = style.animationName !== "none" && seconds(style.animationDuration) > 0.01;
            return turns || seconds(style.transitionDuration) > 0.01 || style.scrollBehavior === "smooth";
        }).length;
    }"""
    tab.emulate_media(reduced_motion="no-preference")
    assert tab.evaluate(moving) > 0  # there is something to leave out
    tab.emulate_media(reduced_motion="reduce")
    assert tab.evaluate(moving) == 0
    tab.keyboard.press("e")
    assert tab.evaluate(moving) == 0
    tab.keyboard.press("Escape")
