"""What is done to several photos: plans, values of another, contact sheets."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import veraretouch as vr
from veraretouch.core.cli.batch.matching import VALUES, matched, tones_of
from veraretouch.core.cli.batch.planning import make_plan
from veraretouch.core.cli.batch.series import lightness

pytest.importorskip("veraretouch_studio", reason="pip install ./contrib/serve ./contrib/studio")

from studios import PLAN, serve
from veraretouch_studio.jobs.sheet import CELL, COLUMNS, arranged

SAMPLES = Path(__file__).parents[3] / "docs" / "samples"
CROPPED = PLAN | {"schema": "veraretouch.plan/2", "frame": {"crop": [0.25, 0, 0.75, 1]}}


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    """A photo as it is, darker and brighter: a series of one thing."""
    folder = tmp_path_factory.mktemp("series")
    photo = vr.open_photo(SAMPLES / "beach.jpg").resized(320)
    for name, ev in (("dark", -1.0), ("plain", 0.0), ("light", 0.6)):
        plan = vr.Plan.load(PLAN | {"edits": {"exposure": {"version": 1, "params": {"ev": ev}}}})
        vr.Renderer().render(photo, plan).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def client(series, tmp_path):
    """A client of a studio that shows the series, copied, in the order dark, light, plain."""
    photos = [Path(shutil.copy(path, tmp_path)) for path in sorted(series.iterdir())]
    client, end = serve(photos)
    yield client.sign_in()
    end()


def ids(client):
    return [photo["id"] for photo in client("GET", "/api/photos").json()["photos"]]


def plan_of(client, id):
    return client("GET", f"/api/photos/{id}").json()["plan"]


def done(client, job):
    return client("GET", f"/api/jobs/{job['job']}/events").events()[-1][1]


def planned(client, **wish):
    wish = {"mode": "auto", "planner": "rules", "ids": ids(client), "name": "Series"} | wish
    return done(client, client("POST", "/api/plans", wish).json())


def test_each_photo_gets_a_plan_of_its_own_in_its_own_frame(client, tmp_path):
    first, *_ = ids(client)
    client("PUT", f"/api/photos/{first}/edits", {"plan": CROPPED}, If_Match="0")
    told = planned(client)
    assert (told["kind"], told["state"], told["done"], told["total"]) == ("plan", "done", 3, 3)
    assert sorted(told["photos"]) == sorted(ids(client))
    made = [plan_of(client, id) for id in ids(client)]
    assert made[0]["frame"] == CROPPED["frame"]
    alone = vr.load("rules").plan(vr.open_photo(tmp_path / "light.png"))
    assert made[1]["edits"] == alone.document()["edits"]
    assert made[0]["edits"] != made[1]["edits"]
    assert client("GET", f"/api/photos/{first}/history").json()["steps"][-1]["name"] == "Series"


def test_one_plan_is_that_of_the_photo_of_median_lightness(client, tmp_path):
    told = planned(client, way="one")
    assert told["state"] == "done"
    lights = {name: lightness(vr.open_photo(tmp_path / f"{name}.png")) for name in ("dark", "light", "plain")}
    assert lights["dark"] < lights["plain"] < lights["light"]
    wanted = vr.load("rules").plan(vr.open_photo(tmp_path / "plain.png")).document()["edits"]
    assert [plan_of(client, id)["edits"] for id in ids(client)] == [wanted] * 3


def test_matching_brings_the_light_of_all_to_one_as_the_command_line_does(client, tmp_path):
    assert planned(client, way="match")["state"] == "done"
    plans = [vr.Plan.load(plan_of(client, id)) for id in ids(client)]
    photos = [vr.open_photo(tmp_path / f"{name}.png") for name in ("dark", "light", "plain")]
    plain = vr.load("rules").plan(photos[2])
    wanted = matched(plain, photos[0], tones_of(photos[2]))
    for op, slot in VALUES:
        made, expected = (float(each.edits[op].params[slot]) for each in (plans[0], wanted))
        assert made == pytest.approx(expected, abs=1e-6), (op, slot)
    shown = [lightness(vr.Renderer().render(photo, plan)) for photo, plan in zip(photos, plans, strict=True)]
    before = [lightness(photo) for photo in photos]
    assert np.ptp(shown) < 0.3 * np.ptp(before)


def test_others_are_matched_to_a_photo_that_is_named_by_its_own_edit(client):
    dark, light, plain = ids(client)
    client("PUT", f"/api/photos/{dark}/edits", {"plan": PLAN}, If_Match="0")
    told = planned(client, way="match", reference=dark)
    assert (told["state"], sorted(told["photos"])) == ("done", sorted([light, plain]))
    assert plan_of(client, dark) == PLAN
    bright = plan_of(client, light)["edits"]["exposure"]["params"]["ev"]
    assert bright < plan_of(client, plain)["edits"]["exposure"]["params"]["ev"] < 0.5


def test_photos_with_a_target_have_a_plan_each(client):
    dark, _, plain = ids(client)
    refused = {"mode": "reference", "planner": "fit", "target": plain, "ids": [dark], "way": "one"}
    assert client("POST", "/api/plans", refused).status == 400


@pytest.mark.slow
def test_a_selection_is_brought_to_a_target(client):
    dark, light, plain = ids(client)
    told = planned(client, mode="reference", planner="fit", target=plain, ids=[dark, light])
    assert told["state"] == "done"
    assert plan_of(client, dark)["edits"] != plan_of(client, light)["edits"]
    assert plan_of(client, plain) is None


def test_words_that_no_planner_knows_are_told_with_the_job(client):
    told = planned(client, mode="style", style="warmer and flurbish")
    assert told["unknown"] == ["flurbish"]


@pytest.mark.parametrize(
    "wish",
    [
        {"planner": "ruels"},
        {"mode": "style", "style": ""},
        {"ids": ["0" * 24]},
        {"reference": "0" * 24, "way": "match"},
        {"mode": "reference", "planner": "fit"},
    ],
    ids=["planner", "words", "photo", "reference", "target"],
)
def test_a_wish_that_cannot_be_met_is_refused_before_anything_begins(client, wish):
    wish = {"mode": "auto", "planner": "rules", "ids": ids(client)} | wish
    assert client("POST", "/api/plans", wish).status in (400, 404, 422)
    assert [plan_of(client, id) for id in ids(client)] == [None] * 3


def test_a_photo_that_cannot_be_read_is_named_and_the_others_are_planned(client, tmp_path):
    (tmp_path / "light.png").write_bytes(b"nothing")
    for way in ("each", "one"):
        told = planned(client, way=way)
        assert (told["state"], [each["name"] for each in told["failed"]]) == ("done", ["light.png"])


def test_an_edit_that_is_made_meanwhile_stays_and_that_is_said(client, monkeypatch):
    dark, light, plain = ids(client)

    def edits_and_plans(request, photo):
        if not plan_of(client, dark):
            client("PUT", f"/api/photos/{dark}/edits", {"plan": PLAN}, If_Match="0")
        return make_plan(request, photo)

    monkeypatch.setattr("veraretouch_studio.jobs.series.make_plan", edits_and_plans)
    told = planned(client)
    assert [each["name"] for each in told["failed"]] == ["dark.png"]
    assert "edited elsewhere" in told["failed"][0]["problem"]
    assert (plan_of(client, dark), told["photos"]) == (PLAN, [light, plain])


def test_only_the_groups_that_are_asked_for_are_planned(client):
    told = planned(client, groups=["lighting"])
    assert told["state"] == "done"
    assert {tuple(plan_of(client, id)["groups"]) for id in ids(client)} == {("lighting",)}


def test_planning_that_is_cancelled_leaves_the_rest_as_it_was(client):
    job = client("POST", "/api/plans", {"mode": "auto", "planner": "tiny", "ids": ids(client)}).json()
    client("DELETE", f"/api/jobs/{job['job']}")
    told = done(client, job)
    assert told["state"] == "cancelled"
    assert [id for id in ids(client) if plan_of(client, id)] == told["photos"]


def test_a_plan_is_put_over_the_edits_of_others_or_in_their_place(client):
    dark, light, plain = ids(client)
    own = PLAN | {"edits": {"contrast": {"version": 1, "params": {"amount": 0.2}}}}
    client("PUT", f"/api/photos/{light}/edits", {"plan": own}, If_Match="0")
    client("PUT", f"/api/photos/{plain}/edits", {"plan": CROPPED}, If_Match="0")
    client("POST", "/api/paste", {"plan": PLAN, "to": [dark, light]})
    assert set(plan_of(client, light)["edits"]) == {"contrast", "exposure"}
    assert set(plan_of(client, dark)["edits"]) == {"exposure"}
    client("POST", "/api/paste", {"plan": own, "to": [dark, plain], "whole": True})
    assert set(plan_of(client, dark)["edits"]) == {"contrast"}
    assert plan_of(client, plain)["frame"] == CROPPED["frame"]


def test_local_adjustments_are_pasted_with_all_that_was_changed_and_not_with_one_value(client):
    dark, light, _ = ids(client)
    area = [{"id": "linear", "version": 1, "params": {}}]
    entry = {"name": "Sky", "area": area, "edits": PLAN["edits"]}
    given = PLAN | {"schema": "veraretouch.plan/2", "local": [entry]}
    client("POST", "/api/paste", {"plan": given, "to": [dark]})
    client("POST", "/api/paste", {"plan": given, "to": [dark]})
    assert [each["name"] for each in plan_of(client, dark)["local"]] == ["Sky"]
    client("POST", "/api/paste", {"plan": given, "to": [light], "slots": ["exposure.ev"]})
    assert "local" not in plan_of(client, light)


def test_what_is_pasted_has_to_be_one_thing(client):
    dark, light, _ = ids(client)
    for wish in ({}, {"plan": PLAN, "from": light}):
        answer = client("POST", "/api/paste", {"to": [dark]} | wish)
        assert (answer.status, "either" in answer.json()["error"]) == (400, True)


def test_a_contact_sheet_shows_the_edited_photos_with_their_names(client, tmp_path):
    dark, *_ = ids(client)
    plan = PLAN | {"edits": {"exposure": {"version": 1, "params": {"ev": 2.0}}}}
    client("PUT", f"/api/photos/{dark}/edits", {"plan": plan}, If_Match="0")
    wish = {"ids": ids(client), "format": "sheet"}
    told = done(client, client("POST", "/api/export", wish).json())
    assert (told["state"], told["files"]) == ("done", [str(tmp_path / "retouched" / "contact-sheet.jpg")])
    with Image.open(told["files"][0]) as sheet:
        pixels = np.asarray(sheet.convert("L"), float)
    middles = [24 + CELL // 2 + place * (CELL + 24) for place in range(3)]
    cells = [pixels[middles[0] - 50 : middles[0] + 50, middle - 100 : middle + 100].mean() for middle in middles]
    assert cells[0] > cells[2] + 10  # two stops over one stop below
    names = pixels[CELL + 24 :][:40]
    assert (names < 128).sum() > 100
    again = done(client, client("POST", "/api/export", wish).json())
    assert again["state"] == "failed"
    assert "exists" in again["failed"][0]["problem"]
    assert done(client, client("POST", "/api/export", wish | {"overwrite": True, "max_size": 300}).json())["files"]
    with Image.open(told["files"][0]) as sheet:
        assert max(sheet.size) == 300


def test_a_contact_sheet_is_as_wide_as_its_photos_and_cuts_long_names():
    picture = Image.new("RGB", (CELL, CELL // 2), (200, 30, 30))
    one = arranged([("a" * 300, picture)])
    assert one.width == CELL + 48
    many = arranged([("a", picture)] * (COLUMNS + 1))
    assert many.width == 24 + COLUMNS * (CELL + 24)
    margin = np.asarray(one)[CELL + 24 :, :20]
    assert (margin == 255).all()
