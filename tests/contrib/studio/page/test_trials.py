"""From the grid to an exported photo: by keyboard alone, by touch alone on a phone, and by somebody in haste."""

from __future__ import annotations

import shutil
from pathlib import Path

import browsers
import numpy as np
import pytest

import veraretouch as vr

pytestmark = browsers.marks(__file__)
SAMPLES = Path(__file__).parents[4] / "docs" / "samples"


@pytest.fixture
def photos(tmp_path):
    return [Path(shutil.copy(SAMPLES / name, tmp_path)) for name in ("barn.jpg", "beach.jpg", "portrait.jpg")]


def assert_exported(photos, studio):
    """The file is there, and what the saved plan makes of the photo."""
    (written,) = (photos[0].parent / "retouched").glob("*.jpg")
    assert written.name == "beach.jpg"
    done = vr.Renderer().render(vr.open_photo(photos[1]), vr.Plan.load(studio.plan()))
    away = np.abs(vr.open_photo(written).pixels.astype(int) - done.pixels)
    assert away.mean() < 3  # what JPEG loses
    assert np.abs(done.pixels.astype(int) - vr.open_photo(photos[1]).pixels).mean() > 3


def go_to(tab, wanted, key="Tab", *, most=150):
    """Press a key until what it brings the focus to is what is wanted."""
    for _ in range(most):
        tab.keyboard.press(key)
        if tab.evaluate("wanted => document.activeElement?.matches(wanted)", wanted):
            return
    raise AssertionError(f"{key} never comes to {wanted}")


def test_a_photo_is_edited_and_exported_by_keyboard_alone(browser, photos):
    with browsers.studio(browser, photos, viewport={"width": 1000, "height": 640}) as studio:
        tab = studio.tab
        go_to(tab, ".thumb a")
        tab.keyboard.press("ArrowRight")
        tab.keyboard.press("Enter")
        studio.until(lambda: tab.locator(".title").inner_text() == "beach.jpg", "the photo is not opened")
        studio.settled()
        tab.keyboard.press("/")
        tab.keyboard.type("warmer")
        tab.keyboard.press("Enter")
        studio.until(lambda: studio.values("white_balance"), "the words did nothing")
        studio.settled()
        go_to(tab, '[id="#exposure.ev"]')
        tab.keyboard.press("Shift+ArrowRight")
        studio.settled()
        ev = studio.values("exposure")["ev"]
        assert ev > 0
        tab.keyboard.press("Control+z")
        studio.until(lambda: studio.values("exposure").get("ev", 0) < ev, "it is not undone")
        tab.keyboard.press("Control+Shift+z")
        studio.until(lambda: studio.values("exposure").get("ev") == ev, "it is not redone")
        tab.keyboard.press("e")
        dialog = tab.get_by_role("dialog", name="Export this photo")
        dialog.wait_for()
        go_to(tab, "dialog .primary", most=20)
        tab.keyboard.press("Enter")
        dialog.get_by_text("Done: 1 of 1 written").wait_for()
        tab.keyboard.press("Escape")
        studio.until(lambda: tab.locator("dialog[open]").count() == 0, "the dialog stays")
        assert_exported(photos, studio)


@pytest.mark.slow
def test_a_photo_is_edited_and_exported_by_touch_alone(browser, photos):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
    with browsers.studio(browser, photos, **phone) as studio:
        tab = studio.tab
        touch = studio.context.new_cdp_session(tab)

        def swipe(x, y, dx, dy=0.0):
            for kind, share in (("touchStart", 0), ("touchMove", 0.5), ("touchMove", 1), ("touchEnd", None)):
                points = [] if share is None else [{"x": x + dx * share, "y": y + dy * share}]
                touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        tab.get_by_role("link", name="Edit beach.jpg").tap()
        studio.until(lambda: tab.locator(".title").inner_text() == "beach.jpg", "the photo is not opened")
        studio.settled()
        slider = tab.locator('[id="#exposure.ev"]')
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        swipe(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, 30)
        studio.settled()
        assert studio.values("exposure")["ev"] > 0
        tab.get_by_role("button", name="Undo Exposure").tap()
        studio.until(lambda: studio.values("exposure") == {}, "it is not undone")
        tab.get_by_role("button", name="Redo Exposure").tap()
        studio.until(lambda: studio.values("exposure") != {}, "it is not redone")
        fitted = tab.evaluate("document.querySelector('studio-stage').viewport.scale")
        tab.locator(".stage").scroll_into_view_if_needed()
        box = tab.locator(".stage").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        for kind, away in (("touchStart", 20), ("touchMove", 40), ("touchMove", 80), ("touchEnd", None)):
            points = [] if away is None else [{"x": x - away, "y": y, "id": 0}, {"x": x + away, "y": y, "id": 1}]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        assert tab.evaluate("document.querySelector('studio-stage').viewport.scale") > 2 * fitted
        tab.get_by_role("button", name="Export", exact=True).first.tap()
        dialog = tab.get_by_role("dialog", name="Export this photo")
        dialog.wait_for()
        dialog.get_by_role("button", name="Export", exact=True).tap()
        dialog.get_by_text("Done: 1 of 1 written").wait_for()
        dialog.get_by_role("button", name="Close").tap()
        studio.until(lambda: tab.locator("dialog[open]").count() == 0, "the dialog stays")
        assert_exported(photos, studio)
        too_small = tab.evaluate("""() => {
            const more = (each) => (each.matches(".switch") ? 28 : 0); // its ::before takes touches, too
            const high = (each) => each.getBoundingClientRect().height + more(each);
            return [...document.querySelectorAll("button, input, select, summary, [role=slider], a")]
                .filter((each) => each.checkVisibility() && !each.closest(".hidden"))
                .filter((each) => Math.max(...[each, ...(each.labels ?? [])].map(high)) < 44)
                .map((each) => each.outerHTML.slice(0, 160));
        }""")
        assert too_small == []


@pytest.mark.slow
def test_an_export_counts_what_is_written_and_says_how_to_replace_what_is_there(browser, photos):
    folder = photos[0].parent / "retouched"
    folder.mkdir()
    (folder / "beach.jpg").write_bytes(b"mine")
    with browsers.studio(browser, photos) as studio:
        tab = studio.tab
        tab.get_by_role("button", name="Select all").click()
        tab.get_by_role("button", name="Export", exact=True).first.click()
        dialog = tab.get_by_role("dialog", name="Export 3 photos")
        dialog.get_by_role("button", name="Export", exact=True).click()
        dialog.get_by_text("Done: 2 of 3 written").wait_for()
        assert "Tick \u201cReplace files that are there\u201d" in dialog.locator(".wrong").inner_text()
        dialog.get_by_label("Replace files that are there").check()
        dialog.get_by_role("button", name="Export", exact=True).click()
        dialog.get_by_text("Done: 3 of 3 written").wait_for()
        assert (folder / "beach.jpg").stat().st_size > 1000
