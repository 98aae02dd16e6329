"""Each kind of slot of a stranger's op, one of them its own, and each slot of each area: shown, moved, found again in
the plan's JSON and on the page, and reset.
"""

from __future__ import annotations

import browsers
import numpy as np
import pytest

import veraretouch as vr
from veraretouch.core.plan.edit import write_value

pytestmark = [*browsers.marks(__file__), pytest.mark.slow]


class Dial(vr.Slot):
    """A number of a kind that nobody knows."""

    kind = "dial"


class Kinds(vr.Op):
    """Leave the picture as it is, and have a slot of every kind."""

    id = "stranger_kinds"
    version = 1
    stage = vr.Stage.EFFECTS
    pointwise = True
    warmth = vr.Slot(0.0, unit="150 mired", group="kinds", doc="One number.")
    parts = vr.Bands(4, group="kinds", doc="Four numbers.")
    line = vr.Curve(5, group="kinds", doc="A curve.")
    mix = vr.Matrix(2, 3, group="kinds", doc="A matrix.")
    rings = vr.Whole(2, low=1, high=8, group="kinds", doc="A whole number.")
    shape = vr.Choice(["round", "square"], group="kinds", doc="One of several words.")
    inner = vr.Switch(group="kinds", doc="On or off.")
    dial = Dial(0.0, group="kinds", doc="A number of another kind.")
    strokes = vr.Strokes(1, group="kinds", doc="Strokes of a brush.")
    picture = vr.GreyPicture(1, 1, group="kinds", doc="A grey picture.")
    table = vr.Lattice(2, group="kinds", doc="A table of colours.")

    def apply(self, rgb, p):
        return rgb


class Learned(vr.Op):
    """Leave the picture as it is, and have numbers that a network gives."""

    id = "stranger_learned"
    version = 1
    stage = vr.Stage.EFFECTS
    pointwise = True
    code = vr.Embedding(6, group="kinds", doc="Learned numbers.")

    def apply(self, rgb, p):
        return rgb


# What no hand moves comes from planners, presets and the picture itself.
GIVEN = {
    "stranger_kinds.strokes": [[0.5, 0.5, 0.125, 1, 1, 0]],
    "stranger_kinds.picture": write_value(np.full((2, 3), 0.5, np.float32), vr.GreyPicture(2, 3, group="a", doc="A.")),
    "stranger_kinds.table": write_value(Kinds.slots["table"].identity * np.float32(0.5), Kinds.slots["table"]),
    "stranger_learned.code": write_value(np.linspace(0, 1, 6, dtype=np.float32), Learned.slots["code"]),
    **{
        f"neural.{name}": write_value(np.full(slot.size, 0.25, np.float32))
        for name, slot in vr.registry.ops.load("neural").slots.items()
    },
}


@pytest.fixture(scope="module")
def studio(browser, tmp_path_factory):
    from PIL import Image

    photo = tmp_path_factory.mktemp("photos") / "one.png"
    Image.new("RGB", (96, 64), (90, 120, 60)).save(photo)
    for op in (Kinds, Learned):
        vr.registry.ops.add(op)
    try:
        with browsers.studio(browser, [photo], viewport={"width": 1000, "height": 640}) as opened:
            tab = opened.open("one.png")
            # Tables and pictures are not looked at here.
            tab.route("**/table", lambda route: route.fulfill(status=204))
            grey = {"X-Width": "96", "X-Height": "64", "X-Format": "rgb8"}
            tab.route("**/render", lambda route: route.fulfill(headers=grey, body=bytes(96 * 64 * 3)))
            yield opened
    finally:
        for op in (Kinds, Learned):
            vr.registry.ops.remove(op.id)


def change(studio, plan):
    studio.tab.evaluate("plan => document.querySelector('studio-app').store.change(plan, 'A plan')", plan)
    studio.settled()


def again(studio):
    """Load the page once more."""
    studio.tab.reload()
    studio.tab.wait_for_selector("studio-stage")
    studio.settled()


def move(tab, slot, id):
    place = {"bands": ".0", "matrix": ".0.0"}.get(slot.kind, "")
    control = tab.locator(f'[id="{id}{place}"]')
    if slot.kind == "choice":
        control.select_option("square")
    elif slot.kind == "switch":
        control.click()
    elif slot.kind == "dial":
        control.fill("0.25")
        control.blur()
    else:
        control.focus()
        full = np.ravel(slot.identity)[0] >= np.ravel(slot.high)[0] and slot.kind != "curve"
        tab.keyboard.press("ArrowDown" if full else "ArrowUp")


def assert_round_trip(plan):
    """The plan's JSON, read by the core and written again, is the same."""
    read = vr.Plan.load(plan)
    assert vr.Plan.load(read.json()).document() == read.document()
    for op, edit in plan["edits"].items():
        assert read.document()["edits"][op]["params"] == edit["params"], op


def test_each_slot_that_a_hand_moves_is_found_again_and_reset(studio):
    op = "stranger_kinds"
    moved = {name: slot for name, slot in Kinds.slots.items() if f"{op}.{name}" not in GIVEN}
    assert len({slot.kind for slot in moved.values()}) == 8
    studio.unfold("group.kinds", f"op.{op}")
    for name, slot in moved.items():
        move(studio.tab, slot, f"#{op}.{name}")
    studio.settled()
    saved = studio.plan()
    params = saved["edits"][op]["params"]
    assert {name for name, slot in moved.items() if params[name] != write_value(slot.identity, slot)} == set(params)
    assert set(params) == set(moved)
    assert_round_trip(saved)
    again(studio)
    assert studio.tab.evaluate("document.querySelector('studio-app').store.plan") == saved
    studio.unfold("group.kinds", f"op.{op}")
    for name, slot in moved.items():
        assert_shown(studio.tab, slot, f"#{op}.{name}", params[name])
    reset_each(studio, op, len(moved))


def assert_shown(tab, slot, id, value):
    """The control stands where the plan says."""
    if slot.kind == "curve":
        spoken = tab.locator(f'[id="{id}"]').get_attribute("aria-valuetext")
        assert spoken == f"Point 3 of 5: 50 % becomes {round(100 * value[2])} %"
    elif slot.kind == "switch":
        assert tab.locator(f'[id="{id}"]').is_checked() is bool(value)
    else:
        first = np.ravel(np.asarray(value, object))[0]
        place = {"bands": ".0", "matrix": ".0.0"}.get(slot.kind, "")
        shown = tab.locator(f'[id="{id}{place}"]').input_value()
        assert shown == first if slot.kind == "choice" else float(shown.replace("−", "-")) == first


def reset_each(studio, op, count):
    """Press the button of each slot that is not at rest, until none is left."""
    buttons = studio.tab.locator(f"[data-op={op}] .op-body .reset:enabled")
    for left in range(count, 0, -1):
        assert len(studio.plan()["edits"][op]["params"]) == left
        buttons.first.click()
        studio.settled()
    assert buttons.count() == 0
    assert op not in studio.plan()["edits"]


def test_values_that_no_hand_moves_are_shown_found_again_and_reset(studio):
    edits = {}
    for address, value in GIVEN.items():
        op, _, name = address.partition(".")
        edits.setdefault(op, {"version": vr.registry.ops.load(op).version, "params": {}})["params"][name] = value
    change(studio, {"schema": "veraretouch.plan/1", "mode": "param", "edits": edits})
    saved = studio.plan()
    assert saved["edits"] == edits
    assert_round_trip(saved)
    again(studio)
    groups = {f"group.{slot.group}" for op in edits for slot in vr.registry.ops.load(op).slots.values()}
    studio.unfold(*groups, *(f"op.{op}" for op in edits))
    assert studio.tab.locator("[data-op] .op-body .reset:enabled").count() == len(GIVEN)
    reset_each(studio, "stranger_kinds", 3)
    for op in ("stranger_learned", "neural"):  # of learned numbers, some alone say nothing: all go at once
        studio.tab.locator(f"[data-op={op}] .op-body .reset:enabled").first.click()
        studio.settled()
    assert studio.plan()["edits"] == {}


def test_every_slot_of_every_area_moves_is_found_again_and_is_reset(studio):
    tab = studio.tab
    change(studio, None)
    for id in vr.registry.areas.ids():
        area = vr.registry.areas.load(id)
        plan = {
            "schema": "veraretouch.plan/2",
            "mode": "param",
            "edits": {},
            "local": [{"name": "Here", "area": [{"id": id, "version": area.version, "params": {}}], "edits": {}}],
        }
        change(studio, plan)
        tab.get_by_role("tab", name="Areas").click()
        if tab.get_by_role("button", name="Here", exact=True).get_attribute("aria-expanded") == "false":
            tab.get_by_role("button", name="Here", exact=True).click()
        moved = {name: slot for name, slot in area.slots.items() if slot.kind not in ("strokes", "grey_picture")}
        for name, slot in moved.items():
            move(tab, slot, f"Here.0#{id}.{name}")
            tab.wait_for_timeout(20)
        studio.settled()
        saved = studio.plan()
        params = saved["local"][0]["area"][0]["params"]
        for name, slot in moved.items():
            assert params[name] != write_value(slot.identity, slot), f"{id}.{name} did not move"
        assert_round_trip(saved)
        assert vr.Plan.load(saved).document()["local"][0]["area"][0]["params"] == params
        again(studio)
        tab.get_by_role("tab", name="Areas").click()
        tab.get_by_role("button", name="Here", exact=True).click()
        for name in moved:
            slider = tab.locator(f'[id="Here.0#{id}.{name}"]')
            assert float(slider.input_value()) == pytest.approx(params[name], abs=1e-6)
            slider.focus()
            tab.keyboard.press("Delete")
        studio.settled()
        held = studio.plan()["local"][0]["area"][0]["params"]
        assert {name: held.get(name, area.slots[name].identity) for name in moved} == pytest.approx(
            {name: float(slot.identity) for name, slot in moved.items()}
        )
    tab.get_by_role("tab", name="Edit", exact=True).click()
    change(studio, None)
