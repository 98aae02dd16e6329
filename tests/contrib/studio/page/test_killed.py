"""The server is killed while photos are edited in the browser: what was said to be saved is there afterwards."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import browsers
import pytest
from studios import Server

pytestmark = [*browsers.marks(__file__), pytest.mark.slow]
SAMPLES = Path(__file__).parents[4] / "docs" / "samples"
SAVED = """() => {
    const { store } = document.querySelector("studio-app");
    return !store.saving && !store.pending && store.unsaved.length === 0 && store.photo.revision;
}"""


@pytest.fixture
def folder(tmp_path):
    for name in ("beach.jpg", "barn.jpg"):
        shutil.copy(SAMPLES / name, tmp_path)
    return tmp_path


def lines(folder):
    """The edits in the journal, as (name, values)."""
    read = map(json.loads, (folder / ".veraretouch-studio.jsonl").read_text().splitlines()[1:])
    return [(line["name"], {op: edit["params"] for op, edit in line["plan"]["edits"].items()}) for line in read]


def shown(tab):
    """The values of the plan that the page shows."""
    plan = tab.evaluate("document.querySelector('studio-app').store.plan")
    return {op: edit["params"] for op, edit in plan["edits"].items()}


def middle(tab, id):
    slider = tab.locator(f'[id="{id}"]')
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(tab, id, by):
    x, y = middle(tab, id)
    tab.mouse.move(x, y)
    tab.mouse.down()
    for step in (1, 2, 3):
        tab.mouse.move(x + by * step / 3, y)
    tab.mouse.up()


def again(server, folder):
    """The same studio started anew, on the same port."""
    return Server(folder, port=server.client.port)


def test_edits_that_were_saved_are_there_with_their_history_after_kill_9(browser, folder):
    """Killed at once after the page has said so, in the middle of a drag, and while an edit is on its way."""
    server = Server(folder)
    with browsers.page_of(browser, server.client) as studio:
        tab = studio.open("beach.jpg")
        for count, (id, by) in enumerate((("#exposure.ev", 20), ("#contrast.amount", -15), ("#saturation.amount", 25))):
            drag(tab, id, by)
            studio.until(lambda count=count: tab.evaluate(SAVED) == count + 1, "it is not saved")
        server.kill()
        saved = shown(tab)
        assert [name for name, _ in lines(folder)] == ["Exposure", "Contrast", "Saturation"]
        assert lines(folder)[-1][1] == saved

        server = again(server, folder)
        own, studio.tab = tab, studio.another()
        studio.enter(server.client)
        other = studio.open("beach.jpg")
        assert shown(other) == saved
        other.get_by_role("tab", name="History").click()
        steps = other.locator(".step")
        studio.until(lambda: steps.count() == 4, "the history is not there")
        names = [text.split("\n")[0] for text in steps.all_inner_texts()]
        assert names == ["Saturation", "Contrast", "Exposure", "The photo as it is"]

        # In the middle of a drag nothing of it is in the journal. Let go, the page says so and keeps trying.
        x, y = middle(own, "#vibrance.amount")
        own.bring_to_front()
        own.mouse.move(x, y)
        own.mouse.down()
        own.mouse.move(x + 20, y)
        studio.until(lambda: "vibrance" in shown(own), "the slider does not move")
        server.kill()
        assert lines(folder)[-1][1] == saved
        own.mouse.move(x + 30, y)
        own.mouse.up()
        studio.until(lambda: "Not saved yet" in own.locator(".problem-line").inner_text(), "it is not said")
        assert lines(folder)[-1][1] == saved

        # Started again and let in by its link in that very tab, the page saves what it still has: the drag as a whole.
        server, studio.tab = again(server, folder), own
        studio.enter(server.client)
        studio.until(lambda: own.evaluate(SAVED) == 4, "what was left is not saved")
        assert lines(folder)[-1] == ("Vibrance", shown(own))
        assert own.locator(".problem-line").inner_text() == ""

        # Killed while an edit is on its way: it is there as a whole, or not at all.
        studio.open("beach.jpg")
        before = shown(own)
        own.route("**/edits", lambda route: (route.continue_(), server.process.kill()))
        drag(own, "#exposure.ev", -30)
        studio.until(lambda: server.process.poll() is not None, "the edit was not sent")
        server.kill()
        after = shown(own)
        assert after != before
        assert lines(folder)[-1][1] in (before, after)
        own.unroute_all()
        server = again(server, folder)
        studio.enter(server.client)
        studio.until(lambda: own.evaluate(SAVED) == 5, "the edit on its way is lost")
        assert lines(folder)[-1] == ("Exposure", after)
        studio.wrong.clear()  # Chromium logs each request that found no server
    server.end()
