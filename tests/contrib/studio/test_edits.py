"""Edits are written down before they are answered: nothing is lost, and two tabs do not overwrite each other."""

from __future__ import annotations

import base64
import json
import multiprocessing
import os
import signal
import stat

import pytest

from veraretouch.core.errors import InvalidPlan, InvalidRequest, UnwritablePhoto

studio = pytest.importorskip("veraretouch_studio", reason="pip install ./contrib/serve ./contrib/studio")

from studios import PLAN, serve  # noqa: E402
from veraretouch_studio.edits import NAME, Edits  # noqa: E402
from veraretouch_studio.steps import STEPS  # noqa: E402


def plan(ev: float) -> dict:
    return PLAN | {"edits": {"exposure": {"version": 1, "params": {"ev": ev}}}}


def test_steps_are_undone_and_done_again_and_a_new_one_ends_what_was_undone(photos):
    edits, photo = Edits(), photos[0]
    for revision, ev in enumerate((0.1, 0.2, 0.3)):
        edits.put(photo, revision, plan(ev), f"Exposure {ev}")
    assert edits.undo(photo, 3).plan == plan(0.2)
    assert edits.undo(photo, 4).plan == plan(0.1)
    assert edits.undo(photo, 5, -1).plan == plan(0.2)
    history = edits.put(photo, 6, plan(0.9), "Another")
    assert [step.name for step in history.steps] == ["Exposure 0.1", "Exposure 0.2", "Another"]
    assert edits.undo(photo, 7, 5).plan is None
    assert not edits.of(photo).edited
    assert edits.of(photos[1]).revision == 0


def test_a_second_tab_is_told_how_the_photo_stands(client):
    id = client.first()
    assert client("PUT", f"/api/photos/{id}/edits", {"plan": plan(0.1)}, If_Match='"0"').status == 200
    refused = client("PUT", f"/api/photos/{id}/edits", {"plan": plan(0.2)}, If_Match="0")
    assert refused.status == 409
    assert refused.json()["revision"] == 1
    assert refused.json()["plan"] == plan(0.1)
    assert client("PUT", f"/api/photos/{id}/edits", {"plan": plan(0.2)}).status == 428
    assert client("POST", f"/api/photos/{id}/undo", None, If_Match="x").status == 400


def test_what_is_no_plan_is_not_written_down(photos):
    edits = Edits()
    with pytest.raises(InvalidPlan, match="ev"):
        edits.put(photos[0], 0, plan(99.0), "Too much")
    assert edits.of(photos[0]).revision == 0
    assert not (photos[0].parent / NAME).exists()


def test_an_edit_with_large_masks_is_found_again_and_one_too_large_is_refused(photos, monkeypatch):
    greys = {"dtype": "uint8", "shape": [1024, 1024], "base64": base64.b64encode(bytes(2**20)).decode()}
    area = [{"id": "bitmap", "version": 1, "params": {"picture": greys}}] * 4
    masked = plan(0.1) | {"schema": "veraretouch.plan/2", "local": [{"name": "There", "area": area, "edits": {}}]}
    Edits().put(photos[0], 0, masked, "Masks")
    assert Edits().of(photos[0]).plan == masked
    monkeypatch.setattr("veraretouch_studio.edits._LONGEST_LINE", 2**20)
    with pytest.raises(InvalidRequest, match=r"takes 5,5\d\d,\d{3} bytes .* smaller pictures"):
        Edits().put(photos[1], 0, masked, "Masks")


def _edit_for_ever(photo, pipe) -> None:
    edits, revision = Edits(), 0
    while True:
        edits.put(photo, revision, plan(0.001 * (revision % 1000)), "Exposure")
        revision += 1
        pipe.send(revision)


def test_a_process_that_is_killed_loses_nothing_that_was_answered(photos):
    context = multiprocessing.get_context("spawn")
    mine, its = context.Pipe(duplex=False)
    process = context.Process(target=_edit_for_ever, args=(photos[0], its))
    process.start()
    answered = 0
    while answered < 50:
        answered = mine.recv()
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    while mine.poll():
        answered = mine.recv()
    history = Edits().of(photos[0])
    assert history.revision >= answered
    assert history.plan == plan(0.001 * ((history.revision - 1) % 1000))


def test_a_torn_last_line_is_passed_over_and_the_next_edit_begins_a_line(photos):
    edits = Edits()
    edits.put(photos[0], 0, plan(0.1), "One")
    edits.put(photos[0], 1, plan(0.2), "Two")
    journal = photos[0].parent / NAME
    journal.write_bytes(journal.read_bytes()[:-20])
    edits = Edits()
    assert edits.of(photos[0]).plan == plan(0.1)
    edits.put(photos[0], 1, plan(0.3), "Three")
    assert Edits().of(photos[0]).plan == plan(0.3)


def test_only_so_many_steps_are_kept_in_memory_and_a_long_journal_is_shortened(photos, monkeypatch):
    edits = Edits()
    for revision in range(STEPS + 30):
        edits.put(photos[0], revision, plan(0.001 * revision), f"Step {revision}")
    edits.undo(photos[0], STEPS + 30, 3)
    before = edits.of(photos[0])
    assert len(before.steps) == STEPS
    journal = photos[0].parent / NAME
    long = journal.stat().st_size
    monkeypatch.setattr("veraretouch_studio.edits._COMPACT", 1000)
    after = Edits().of(photos[0])
    assert journal.stat().st_size < long
    assert (after.steps, after.at, after.revision) == (before.steps, before.at, before.revision)
    monkeypatch.undo()
    again = Edits().of(photos[0])
    assert (again.steps, again.at, again.revision) == (before.steps, before.at, before.revision)


def test_a_folder_that_cannot_be_written_to_has_its_journal_elsewhere(photos, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    Edits().put(photos[0], 0, plan(0.1), "One")
    assert Edits().of(photos[0]).plan == plan(0.1)
    assert not (photos[0].parent / NAME).exists()
    assert list((tmp_path / "state").rglob("*.jsonl"))


def test_a_linked_journal_is_not_written_through(photos, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine\n")
    (photos[0].parent / NAME).symlink_to(victim)
    with pytest.raises(UnwritablePhoto, match="link"):
        Edits().put(photos[0], 0, plan(0.1), "One")
    assert victim.read_text() == "mine\n"


def test_a_journal_is_a_plain_file_that_others_may_read_as_they_may_the_folder(photos):
    Edits().put(photos[0], 0, plan(0.1), "One")
    journal = photos[0].parent / NAME
    assert stat.S_ISREG(journal.stat().st_mode)
    first, second = journal.read_text().splitlines()
    assert json.loads(first) == {"format": "veraretouch.studio/1"}
    assert json.loads(second)["photo"] == photos[0].name


def test_edits_come_back_when_the_studio_is_started_again(photos):
    client, end = serve(photos)
    id = client.sign_in().first()
    client("PUT", f"/api/photos/{id}/edits", {"plan": plan(0.4), "name": "Exposure"}, If_Match="0")
    end()
    client, end = serve(photos)
    told = client.sign_in()("GET", f"/api/photos/{id}").json()
    end()
    assert (told["plan"], told["undo_name"]) == (plan(0.4), "Exposure")


def test_values_that_were_changed_are_pasted_and_no_others(client):
    first, second = (photo["id"] for photo in client("GET", "/api/photos").json()["photos"])
    two = plan(0.1) | {"edits": plan(0.1)["edits"] | {"saturation": {"version": 1, "params": {"amount": 0.3}}}}
    own = PLAN | {"edits": {"contrast": {"version": 1, "params": {"amount": -0.2}}}}
    client("PUT", f"/api/photos/{first}/edits", {"plan": two}, If_Match="0")
    client("PUT", f"/api/photos/{second}/edits", {"plan": own}, If_Match="0")
    told = client("POST", "/api/paste", {"from": first, "to": [second], "slots": ["exposure.ev"]})
    assert told.json() == {"revisions": {second: 2}}
    edits = client("GET", f"/api/photos/{second}").json()["plan"]["edits"]
    assert {op: edit["params"] for op, edit in edits.items()} == {
        "contrast": {"amount": -0.2},
        "exposure": {"ev": 0.1},
    }


def test_edits_that_come_too_fast_are_refused_and_those_that_were_taken_are_kept(client, photos):
    id, revision, refused = client.first(), 0, 0
    for _ in range(400):
        answer = client("PUT", f"/api/photos/{id}/edits", {"plan": plan(0.001 * revision)}, If_Match=str(revision))
        if answer.status == 429:
            refused += 1
            assert answer.headers["retry-after"]
            continue
        assert answer.status == 200
        revision = answer.json()["revision"]
    assert Edits().of(photos[0]).revision == revision
    assert revision + refused == 400
