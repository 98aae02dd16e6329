"""Controls made from the schema: each moves its slot, takes it back, and is found again after a reload."""

from __future__ import annotations

import browsers
import numpy as np
import pytest

import veraretouch as vr
from veraretouch.core.plan.edit import write_value

pytestmark = browsers.marks(__file__)


class Halo(vr.Op):
    """Ring the lights, as no built-in op does."""

    id = "stranger_halo"
    version = 1
    stage = vr.Stage.EFFECTS
    pointwise = True
    shape = vr.Choice(["round", "square"], group="halo", doc="The shape of the rings.")
    rings = vr.Whole(2, low=1, high=8, group="halo", doc="How many rings.")
    inner = vr.Switch(group="halo", doc="Whether the middle is kept.")
    strokes = vr.Strokes(1, group="halo", doc="Where the rings lie.")

    def apply(self, rgb, p):
        return rgb


@pytest.fixture(scope="module")
def studio(browser, tmp_path_factory):
    from PIL import Image

    folder = tmp_path_factory.mktemp("photos")
    for name, colour in (("one.png", (90, 120, 60)), ("two.png", (200, 60, 40)), ("three.png", (20, 40, 90))):
        Image.new("RGB", (96, 64), colour).save(folder / name)
    vr.registry.ops.add(Halo)
    try:
        with browsers.studio(browser, sorted(folder.iterdir()), viewport={"width": 1000, "height": 640}) as opened:
            yield opened
    finally:
        vr.registry.ops.remove("stranger_halo")


# One op of each kind of slot, and a stranger's; `make bench` moves the slots of all.
SOME = ["cdl", "color_grading", "color_matrix", "exposure", "hsl", "stranger_halo", "tone_curve"]


def slots(ops=None, *, apart=("embedding", "lattice", "strokes")):
    """Op, name and slot of all that a hand can move."""
    for id in ops or vr.registry.ops.ids():
        op = vr.registry.ops.load(id)
        for name, slot in op.slots.items():
            if slot.kind not in apart:
                yield op, name, slot


def control(op, name, slot):
    """The selector of a slot's control, and the keys that move it."""
    if name.endswith("_hue") and f"{name[:-4]}_saturation" in op.slots and slot.period:
        return f'[data-op={op.id}] .wheel-disc[aria-label="{WHEELS[name[:-4]]}"]', ["ArrowUp", "ArrowRight"]
    place = {"bands": ".0", "matrix": ".0.0"}.get(slot.kind, "")
    upward = slot.kind in ("curve", "matrix")
    largest = np.ravel(slot.identity)[0] >= np.ravel(slot.high)[0]
    keys = {True: ["ArrowDown"], False: ["ArrowUp"]} if upward else {True: ["ArrowLeft"], False: ["ArrowRight"]}
    return f'[id="#{op.id}.{name}{place}"]', keys[largest]


WHEELS = {"shadow": "Shadows", "midtone": "Midtones", "highlight": "Highlights", "global": "All tones"}


def unfold(studio, ops=None):
    groups = {slot.group for _, _, slot in slots(apart=())}
    studio.unfold(*(f"group.{group}" for group in groups), *(f"op.{id}" for id in ops or vr.registry.ops.ids()))


def steps(studio):
    id = studio.tab.evaluate("document.querySelector('studio-app').store.photo.id")
    return [step["name"] for step in studio.client("GET", f"/api/photos/{id}/history").json()["steps"]]


@pytest.mark.parametrize("ops", [pytest.param(SOME, id="some"), pytest.param(None, id="all", marks=pytest.mark.slow)])
def test_every_slot_moves_is_found_again_and_is_reset(studio, ops):
    tab = studio.open("one.png")
    # Tables and pictures are not looked at here.
    tab.route("**/table", lambda route: route.fulfill(status=204))
    grey = {"X-Width": "96", "X-Height": "64", "X-Format": "rgb8"}
    tab.route("**/render", lambda route: route.fulfill(headers=grey, body=bytes(96 * 64 * 3)))
    unfold(studio, ops)
    moved = []
    for op, name, slot in slots(ops):
        selector, keys = control(op, name, slot)
        if name.endswith("_saturation") and f"{name[:-11]}_hue" in op.slots and op.id == "color_grading":
            continue  # the wheel's second number
        if slot.kind == "choice":
            tab.locator(selector).select_option("square")
        elif slot.kind == "switch":
            tab.locator(selector).click()
        else:
            tab.locator(selector).focus()
            for key in keys:
                tab.keyboard.press(key)
        moved.append((op, name, slot, selector))
    studio.settled()
    saved = studio.plan()
    for op, name, slot, _ in moved:
        value = saved["edits"][op.id]["params"][name]
        slot.check(value, path=f"{op.id}.{name}")
        assert value != write_value(slot.identity, slot), f"{op.id}.{name} did not move"
    vr.Plan.load(saved)
    tab.reload()
    tab.wait_for_selector("studio-stage")
    studio.settled()
    assert tab.evaluate("document.querySelector('studio-app').store.plan") == saved
    unfold(studio, ops)
    assert tab.locator('[id="#exposure.ev"]').input_value() == str(saved["edits"]["exposure"]["params"]["ev"])
    assert tab.locator('[id="#stranger_halo.shape"]').input_value() == "square"
    assert tab.locator('[id="#stranger_halo.inner"]').is_checked()
    tab.evaluate("""() => {
        const own = document.querySelectorAll("studio-sliders .op .reset:enabled");
        for (const button of own) if (!button.closest(".op-head")) button.click();
    }""")
    studio.settled()
    assert studio.plan()["edits"] == {}
    tab.unroute_all()


def test_a_table_and_a_value_without_a_control_of_its_own_are_shown_and_reset(studio):
    tab = studio.open("two.png")
    lattice = write_value(vr.registry.ops.load("lut3d").slots["lattice"].identity * 0.9)
    edits = {"lut3d": {"version": vr.registry.ops.load("lut3d").version, "params": {"lattice": lattice}}}
    plan = {"schema": "veraretouch.plan/1", "mode": "param", "edits": edits}
    tab.evaluate("plan => document.querySelector('studio-app').store.change(plan, 'Table')", plan)
    unfold(studio, ["lut3d", "stranger_halo"])
    table = tab.locator("[data-op=lut3d] studio-summary")
    assert table.locator(".value").inner_text() == "33 × 33 × 33 × 3 numbers"
    table.get_by_role("button").click()
    field = tab.locator('[id="#stranger_halo.strokes"]')
    field.fill("not JSON")
    field.blur()
    assert tab.locator("studio-json .wrong").inner_text() == "This is no JSON."
    assert field.input_value() == "not JSON"
    field.fill("[[0.5, 0.5, 0.1, 1, 1, 0]]")
    field.blur()
    studio.settled()
    assert studio.values("lut3d") == {}
    assert studio.values("stranger_halo") == {"strokes": [[0.5, 0.5, 0.1, 1, 1, 0]]}


def test_what_is_being_typed_stays_while_the_page_is_drawn_anew(studio):
    tab = studio.open("two.png")
    unfold(studio, ["stranger_halo"])
    number = tab.locator("[data-op=contrast] input[type=text]")
    strokes = tab.locator('[id="#stranger_halo.strokes"]')
    for field in (number, strokes):
        field.press("Control+a")
        field.press("7")
        tab.evaluate("() => document.querySelector('studio-app').store.tell()")  # as when a step has been saved
        tab.evaluate("() => new Promise(requestAnimationFrame)")
        assert field.input_value() == "7"
    number.press("Control+a")
    number.press("0")
    number.press("Escape")
    studio.settled()
    assert (studio.values("contrast"), number.input_value()) == ({"amount": 1}, "+1.00")


def test_what_the_server_refuses_is_said_and_taken_back(studio):
    tab = studio.open("two.png")
    unfold(studio, ["stranger_halo"])
    before = studio.plan()
    field = tab.locator('[id="#stranger_halo.strokes"]')
    field.fill('"no strokes"')
    field.blur()
    studio.until(lambda: "stranger_halo" in tab.locator(".toast").inner_text(), "nothing was said")
    studio.settled()
    assert studio.plan() == before
    studio.wrong.clear()  # Chromium logs the refusal


def test_an_export_waits_until_what_was_redone_is_there(studio):
    tab = studio.open("three.png")
    studio.drag('[id="#contrast.amount"]', 30)
    steps(studio)
    tab.keyboard.press("Control+z")
    studio.until(lambda: studio.values("contrast") == {}, "the drag was not undone")
    late = []
    tab.route("**/redo", lambda route: late.append(route))
    script = """async () => {
        const { store } = document.querySelector("studio-app");
        void store.step("redo");
        await store.settled(); // as an export does
        return store.plan?.edits.contrast;
    }"""
    tab.evaluate(f"() => {{ window.waited = ({script})(); }}")
    studio.until(lambda: late, "nothing was redone")
    late[0].continue_()
    assert tab.evaluate("() => window.waited")["params"]["amount"] > 0.2
    tab.unroute("**/redo")


def test_a_drag_is_one_step_and_one_undo(studio):
    tab = studio.open("three.png")
    studio.drag('[id="#contrast.amount"]', 30)
    moved = studio.values("contrast")["amount"]
    assert moved > 0.2
    assert steps(studio) == ["Contrast"]
    studio.drag('[id="#exposure.ev"]', -20)
    assert steps(studio) == ["Contrast", "Exposure"]
    tab.keyboard.press("Control+z")
    studio.until(lambda: studio.values("exposure") == {}, "the drag was not undone")
    assert studio.values("contrast") == {"amount": moved}
    tab.keyboard.press("Control+Shift+z")
    studio.until(lambda: studio.values("exposure") != {}, "the drag was not redone")
    tab.keyboard.press("Control+z")
    studio.until(lambda: studio.values("exposure") == {}, "the drag was not undone")


def test_a_number_is_typed_in_the_slots_unit_and_a_double_click_resets(studio):
    tab = studio.open("three.png")
    number = tab.get_by_role("textbox", name="Temperature mired")
    number.fill("30")
    number.press("Enter")
    studio.until(lambda: studio.values("white_balance") == {"temperature": 0.2}, "30 mired are not 0.2")
    slider = tab.locator('[id="#white_balance.temperature"]')
    assert slider.get_attribute("aria-valuetext") == "+30 mired"
    slider.dblclick()
    studio.until(lambda: studio.values("white_balance") == {}, "it is not reset")


def test_a_group_is_switched_off_and_moving_a_slider_switches_it_on(studio):
    tab = studio.open("three.png")
    light = tab.get_by_role("switch", name="Light on or off")
    light.click()
    studio.settled()
    assert "lighting" not in studio.plan()["groups"]
    tab.locator('[id="#contrast.amount"]').focus()
    tab.keyboard.press("ArrowRight")
    studio.until(lambda: "lighting" in studio.plan()["groups"], "the group stays off")
    assert light.is_checked()


def test_another_tab_that_was_quicker_is_told_and_nothing_is_lost(studio):
    tab = studio.open("one.png")
    other = studio.another()
    other.goto(tab.url)
    studio.settled(other)
    change = "plan => document.querySelector('studio-app').store.change(plan, 'Exposure')"

    def plan(ev):
        edits = {"exposure": {"version": 1, "params": {"ev": ev}}}
        return {"schema": "veraretouch.plan/1", "mode": "param", "edits": edits}

    other.evaluate(change, plan(1.0))
    studio.settled(other)
    tab.evaluate(change, plan(2.0))
    dialog = tab.get_by_role("dialog", name="Edited in another tab")
    dialog.wait_for()
    dialog.get_by_role("button", name="Show the other edit").click()
    studio.until(lambda: studio.values("exposure") == {"ev": 1.0}, "the other edit is not shown")
    assert steps(studio)[-2:] == ["Exposure", "Exposure"]
    studio.settled()
    tab.keyboard.press("Control+Shift+z")
    studio.until(lambda: studio.values("exposure") == {"ev": 2.0}, "the own edit is lost")
    other.close()
    studio.wrong.clear()  # Chromium logs the 409


def test_an_edit_whose_answer_is_lost_is_no_conflict(studio):
    """It was written down, and asked for again: the page sees its own edit at the server and goes on."""
    tab, lost = studio.open("two.png"), []
    before = len(steps(studio))

    def lose(route):
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().status)
            route.abort()

    tab.route("**/edits", lose)
    studio.drag('[id="#exposure.ev"]', 20)
    assert lost == [200]
    assert tab.locator("dialog[open]").count() == 0
    studio.drag('[id="#contrast.amount"]', 20)
    assert steps(studio)[before:] == ["Exposure", "Contrast"]
    tab.unroute_all()
    studio.wrong.clear()  # Chromium logs the lost answer


@pytest.mark.slow
def test_a_line_of_reasoning_lights_up_the_slots_that_it_moved(studio):
    tab = studio.open("two.png")
    tab.locator(".planning select").first.select_option("rules")
    tab.keyboard.press("/")
    tab.keyboard.type("brighter, warmer, floofy")
    tab.keyboard.press("Enter")
    studio.until(lambda: tab.locator(".thought").count() > 1, "no reasoning came")
    studio.settled()
    assert tab.locator("q").all_inner_texts() == ["floofy"]
    tab.get_by_role("button", name="Colour", exact=False).locator("strong").first.click()
    lit = tab.locator(".row.lit label").all_inner_texts()
    assert "Temperature" in lit
    assert "Exposure" not in lit


def test_an_area_is_added_and_dragged_on_the_picture(studio):
    tab = studio.open("three.png")
    tab.get_by_role("tab", name="Areas").click()
    tab.get_by_label("Add an area").select_option("ellipse")
    tab.locator("studio-areas [id$='exposure.ev']").focus()
    tab.keyboard.press("Shift+ArrowLeft")
    studio.settled()
    studio.drag(".handle[aria-label=Centre]", 12, 6)
    (entry,) = studio.plan()["local"]
    assert entry["name"] == "Ellipse"
    assert entry["edits"]["exposure"]["params"] == {"ev": -0.1}
    where = entry["area"][0]["params"]
    scale = tab.evaluate("document.querySelector('studio-stage').viewport.scale")
    assert where == pytest.approx({"x": 0.5 + 12 / 96 / scale, "y": 0.5 + 6 / 64 / scale}, abs=0.01)
    plain = studio.picture().astype(int)
    tab.keyboard.press("m")
    film = studio.picture() - plain
    assert (film[:, :, 0] > 60).sum() > 300  # red where the ellipse lies
    assert (film == 0).all(axis=2).sum() > 300  # and the photo elsewhere
    tab.keyboard.press("m")
    tab.get_by_role("button", name="Remove Ellipse").click()
    studio.settled()
    assert "local" not in studio.plan()


def names(studio):
    """Of the local adjustments that are saved."""
    return [entry["name"] for entry in (studio.plan() or {}).get("local", [])]


@pytest.mark.slow
def test_an_area_is_chosen_by_keys_once_they_have_come_to_it(studio):
    tab = studio.open("one.png")
    tab.get_by_role("tab", name="Areas").click()
    tab.get_by_label("Add an area").focus()
    tab.keyboard.type("sky")
    studio.settled()
    assert names(studio) == []
    tab.keyboard.press("Enter")
    studio.settled()
    assert names(studio) == ["Sky"]
    tab.get_by_label("Join another area").focus()
    tab.keyboard.type("wa")
    tab.keyboard.press("Tab")
    studio.settled()
    assert [part["id"] for part in studio.plan()["local"][0]["area"]] == ["sky", "water"]
    offered = tab.get_by_label("Add an area").locator("option").all_inner_texts()[1:]
    assert offered == sorted(offered)
    assert len(offered) > 10


@pytest.mark.slow
def test_an_area_that_is_made_while_a_planner_works_is_kept(studio):
    tab = studio.open("two.png")
    held = []
    tab.route("**/plan", lambda route: held.append(route))
    tab.get_by_role("tab", name="Edit", exact=True).click()
    tab.keyboard.press("a")
    studio.until(lambda: held, "no planner is asked")
    tab.get_by_role("tab", name="Areas").click()
    tab.get_by_label("Add an area").select_option("ellipse")
    studio.settled()
    assert names(studio) == ["Ellipse"]
    held[0].continue_()
    tab.unroute_all()
    studio.until(lambda: studio.values("exposure"), "the planner did nothing")
    studio.settled()
    assert names(studio)[0] == "Ellipse"
    assert len({*names(studio)}) == len(names(studio))
    assert tab.locator(".area.open").get_attribute("data-area") == "Ellipse"
