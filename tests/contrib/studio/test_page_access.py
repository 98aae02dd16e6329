"""The page for everybody: by keyboard, with a screen reader, light and dark, and only from this machine."""

from __future__ import annotations

import shutil
from pathlib import Path

import browsers
import pytest

pytestmark = [
    pytest.mark.skipif(bool(browsers.missing()), reason=browsers.missing()),
    pytest.mark.xdist_group("browser"),
]
SAMPLES = Path(__file__).parents[3] / "docs" / "samples"


@pytest.fixture(scope="module")
def browser():
    with browsers.chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def studio(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    photos = [Path(shutil.copy(SAMPLES / name, folder)) for name in ("barn.jpg", "beach.jpg", "portrait.jpg")]
    with browsers.studio(browser, photos, viewport={"width": 1000, "height": 640}) as opened:
        yield opened


def violations(tab):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(tab).response["violations"]
    return [(each["id"], [node["html"][:160] for node in each["nodes"]]) for each in found]


def assert_accessible(tab):
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert violations(tab) == [], scheme


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


def test_a_preset_that_is_chosen_goes_over_the_plan(studio, tmp_path):
    tab = studio.open("beach.jpg")
    preset = tmp_path / "look.cube"
    corners = [f"{r} {g} {b / 2}\n" for b in (0, 1) for g in (0, 1) for r in (0, 1)]
    preset.write_text("LUT_3D_SIZE 2\n" + "".join(corners))
    tab.get_by_label("Open files").set_input_files(preset)
    studio.until(lambda: studio.values("lut3d"), "the table is not in the plan")
    assert "look.cube is applied." in tab.locator(".toast").inner_text()
    studio.settled()
