"""Many photos: selected by mouse and keyboard, planned, given the values of another, exported."""

from __future__ import annotations

from pathlib import Path

import browsers
import pytest
from browsers import assert_accessible
from grids import GATE, Pondering, begin_afresh, four_photos, listed, plans, select, selected, toast
from PIL import Image

pytestmark = browsers.marks(__file__)


@pytest.fixture(scope="module")
def studio(browser, tmp_path_factory):
    with four_photos(browser, tmp_path_factory.mktemp("photos")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def afresh(studio):
    begin_afresh(studio)


def test_photos_are_selected_by_keys_alone(studio):
    tab = studio.tab
    tab.locator(".thumb a").first.focus()
    tab.keyboard.press("Space")
    assert selected(studio) == ["a.png"]
    tab.keyboard.press("Shift+ArrowRight")
    tab.keyboard.press("Shift+ArrowRight")
    assert selected(studio) == ["a.png", "b.png", "c.png"]
    tab.keyboard.press("Shift+ArrowLeft")
    assert selected(studio) == ["a.png", "b.png"]
    assert tab.evaluate("document.activeElement.getAttribute('aria-label')") == "Edit b.png, selected"
    tab.keyboard.press("Control+a")
    count = len(listed(studio))
    assert len(selected(studio)) == count
    assert tab.locator(".grid-bar [role=status]").inner_text() == f"{count} of {count} selected"
    tab.keyboard.press("Escape")
    assert selected(studio) == []
    tab.keyboard.press("Home")
    tab.keyboard.press("Space")
    assert selected(studio) == ["a.png"]


def test_a_selection_is_planned_from_a_dialog_and_shown_by_filter(studio):
    tab = studio.tab
    tab.get_by_label("Select a.png").click()
    tab.get_by_label("Select c.png").click()
    tab.keyboard.press("a")
    dialog = tab.get_by_role("dialog", name="Retouch 2 photos")
    dialog.get_by_label("Planner").select_option("stranger_pondering")
    dialog.get_by_role("radio", name="One plan for all").check()
    dialog.get_by_role("button", name="Retouch").click()
    tab.get_by_text("Done: 2 of 2 planned").wait_for()
    assert plans(studio) == {"a.png": {"ev": 0.5}, "c.png": {"ev": 0.5}}
    studio.until(lambda: tab.locator(".thumb .dot").count() == 2, "the grid does not show what is edited")
    shown = tab.locator(".thumb-name")
    tab.get_by_role("radio", name="Edited", exact=True).check(force=True)
    assert shown.all_text_contents() == ["a.png", "c.png"]
    tab.get_by_role("radio", name="Unedited").check(force=True)
    assert shown.all_text_contents()[:2] == ["b.png", "d.png"]
    tab.get_by_role("radio", name="All", exact=True).check(force=True)


@pytest.mark.slow
def test_planning_of_a_selection_is_cancelled_by_escape(studio):
    tab = studio.tab
    GATE.clear()
    before = Pondering.stopped
    select(studio, "abcd")
    tab.get_by_role("button", name="Retouch").click()
    dialog = tab.get_by_role("dialog", name="Retouch 4 photos")
    dialog.get_by_label("Planner").select_option("stranger_pondering")
    dialog.get_by_role("button", name="Retouch").click()
    tab.get_by_text("0 of 4 planned").wait_for()
    tab.keyboard.press("Escape")
    tab.get_by_text("Cancelled after 0 of 4").wait_for()
    assert Pondering.stopped == before + 1
    assert plans(studio) == {}


@pytest.mark.slow
def test_words_that_are_not_understood_are_shown_for_a_selection(studio):
    tab = studio.tab
    tab.get_by_label("Select a.png").click()
    tab.keyboard.press("a")
    dialog = tab.get_by_role("dialog", name="Retouch 1 photo")
    dialog.get_by_label("Planner").select_option("rules")
    dialog.get_by_role("radio", name="Style").check(force=True)
    dialog.get_by_label("Style in words").fill("brighter and flurbish")
    tab.keyboard.press("Enter")
    tab.get_by_text("Done: 1 of 1 planned").wait_for()
    assert tab.locator("studio-job q").all_inner_texts() == ["flurbish"]


@pytest.mark.slow
def test_one_value_goes_to_the_selection_and_others_stay(studio):
    tab = studio.tab
    tab.get_by_label("Select b.png").click()
    tab.get_by_label("Select c.png").click()
    studio.open("a.png")
    for slot in ("exposure.ev", "contrast.amount"):
        studio.drag(f'[id="#{slot}"]', 20)
    tab.locator('[id="#contrast.amount"]').focus()
    tab.keyboard.press("p")
    dialog = tab.get_by_role("dialog", name="Values to 2 photos")
    assert not dialog.get_by_label("Exposure").is_checked()
    assert dialog.get_by_label("Contrast").is_checked()
    tab.keyboard.press("Enter")
    toast(studio, "Pasted to 2 photos")
    amount = plans(studio, "contrast")
    assert set(amount) == {"a.png", "b.png", "c.png"}
    assert len({each["amount"] for each in amount.values()}) == 1
    assert set(plans(studio)) == {"a.png"}
    tab.get_by_role("button", name="Values to 2 selected photos").click()
    assert dialog.get_by_label("Exposure").is_checked()


def test_some_of_what_was_copied_is_pasted_on_the_grid(studio):
    tab = studio.open("a.png")
    for slot in ("exposure.ev", "contrast.amount"):
        studio.drag(f'[id="#{slot}"]', 20)
    tab.keyboard.press("g")
    tab.get_by_label("Select a.png").click()
    tab.keyboard.press("Control+c")
    toast(studio, "The edits of a.png are copied")
    tab.get_by_label("Select d.png").click()
    tab.get_by_role("button", name="Paste some").click()
    dialog = tab.get_by_role("dialog", name="Values to 1 photo")
    dialog.get_by_label("Exposure").uncheck()
    dialog.get_by_role("button", name="Paste", exact=True).click()
    toast(studio, "Pasted to 1 photo")
    assert set(plans(studio, "contrast")) == {"a.png", "d.png"}
    assert set(plans(studio)) == {"a.png"}


@pytest.mark.slow
def test_a_contact_sheet_is_written_of_the_selection(studio):
    tab = studio.tab
    select(studio, "abcd")
    tab.keyboard.press("e")
    dialog = tab.get_by_role("dialog", name="Export 4 photos")
    dialog.get_by_label("Format").select_option("sheet")
    assert not dialog.get_by_label("Also the plan").count()
    dialog.get_by_role("button", name="Export").click()
    dialog.get_by_text("Done: 4 of 4 written").wait_for()
    (path,) = dialog.locator(".file").all_inner_texts()
    with Image.open(Path(path)) as sheet:
        assert sheet.width > 4 * 400


@pytest.mark.parametrize("width", [1100, 390])
@pytest.mark.slow
def test_the_dialogs_of_a_selection_are_accessible(studio, width):
    def check(what):
        assert_accessible(tab)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, what

    tab = studio.tab
    tab.set_viewport_size({"width": width, "height": 700})
    try:
        select(studio, "abcd")
        check("selected")
        tab.keyboard.press("a")
        dialog = tab.get_by_role("dialog", name="Retouch 4 photos")
        for mode in ("Auto", "Style", "Reference"):
            dialog.get_by_role("radio", name=mode).check(force=True)
            check(mode)
        dialog.get_by_role("radio", name="Auto").check(force=True)
        dialog.get_by_label("Planner").select_option("stranger_other")
        dialog.get_by_role("button", name="Retouch").click()
        tab.get_by_text("Done: 4 of 4 planned").wait_for()
        check("a job")
        studio.open("a.png")
        tab.keyboard.press("p")
        tab.get_by_role("dialog", name="Values to 3 photos").wait_for()
        check("values")
        tab.keyboard.press("Escape")
    finally:
        tab.set_viewport_size({"width": 1100, "height": 700})


@pytest.mark.slow
def test_what_sidecars_cannot_say_is_told_once(browser, tmp_path):
    path = tmp_path / "a.png"
    Image.new("RGB", (96, 64), (90, 120, 60)).save(path)
    with browsers.studio(browser, [path], sidecars=["xmp"], viewport={"width": 1100, "height": 700}) as studio:
        studio.open("a.png")
        studio.drag('[id="#exposure.ev"]', 20)
        studio.drag("#strength", -20)
        toast(studio, "a.png.xmp cannot say: strength")
        assert (tmp_path / "a.png.xmp").exists()
