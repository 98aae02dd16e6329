"""Planners are heard while they write, and end when nobody listens any more."""

from __future__ import annotations

import socket
import threading
import time

import pytest
import torch

import veraretouch as vr
from veraretouch.core.errors import InvalidRequest

pytest.importorskip("veraretouch_studio", reason="pip install ./contrib/serve ./contrib/studio")

from veraretouch_studio.planning import Stopped, plan_photo, stoppable

ANSWER = (
    "<problem_light_start>Too da",
    "rk.<problem_light_end><plan_light_start>Brighten",
    " it.<plan_light_end><problem_globalco",
    "lor_start>Cold.<problem_globalcolor_end>",
)


class Writing:
    """A planner that writes its answer bit by bit, a word of torch in between; `slow` ones never end by themselves."""

    id = "stranger_writing"
    version = "1"
    modes = frozenset({"auto", "style"})
    pieces = ANSWER
    slow = False
    steps = 0

    def plan(self, photos, requests, *, on_text=None):
        for piece in self.pieces:
            on_text(0, piece)
        while self.slow:
            type(self).steps += 1
            torch.ones(1) + 1
            time.sleep(0.001)
        latents = vr.Latents(vr.Schema([]), {}, batch=1)
        thoughts = {"lighting": {"problem": "Too dark.", "plan": "Brighten it."}, "global_color": {"problem": "Cold."}}
        return vr.Proposal(latents, [thoughts])


class Silent(Writing):
    """One that works on without a word."""

    id = "stranger_silent"

    def plan(self, photos, requests):
        return super().plan(photos, requests, on_text=lambda place, text: None)


class Rambling(Writing):
    """One whose answers have no form that is known."""

    id = "stranger_rambling"
    pieces = ("I would ", "brighten it.")


class Crashing(Writing):
    """One that has a fault."""

    id = "stranger_crashing"

    def plan(self, photos, requests):
        raise KeyError("no such thing")


PLANNERS = (Writing, Silent, Rambling, Crashing)


@pytest.fixture(autouse=True, scope="module")
def planners():
    for planner in PLANNERS:
        vr.registry.planners.add(planner)
    yield
    for planner in PLANNERS:
        vr.registry.planners.remove(planner.id)


def said(photos, planner, **wish):
    told = []
    photo = vr.open_photo(photos[0]).resized(64)
    plan_photo(photo, {"mode": "auto", "planner": planner} | wish, (), lambda *event: told.append(event), bool)
    return told


def test_reasoning_is_told_as_it_is_written(photos):
    told = said(photos, "stranger_writing")
    assert told[:-1] == [
        ("reasoning", {"group": "lighting", "problem": "Too da"}),
        ("reasoning", {"group": "lighting", "problem": "Too dark.", "plan": "Brighten"}),
        ("reasoning", {"group": "lighting", "problem": "Too dark.", "plan": "Brighten it."}),
        ("reasoning", {"group": "global_color", "problem": "Cold."}),
    ]
    name, plan = told[-1]
    assert name == "plan"
    assert set(plan["reasoning"]) == {"lighting", "global_color"}


def test_an_answer_of_another_form_is_told_as_its_text_and_in_groups_at_the_end(photos):
    told = said(photos, "stranger_rambling")
    assert told[:2] == [("text", {"text": "I would "}), ("text", {"text": "I would brighten it."})]
    assert [name for name, _ in told[2:]] == ["reasoning", "reasoning", "plan"]


def test_a_planner_is_told_to_stop_at_its_next_step(photos):
    with pytest.raises(Stopped):
        plan_photo(
            vr.open_photo(photos[0]).resized(64),
            {"mode": "auto", "planner": "tiny"},
            (),
            lambda *event: None,
            lambda: True,
        )


def test_what_may_go_on_is_not_changed_by_being_asked():
    plain = torch.linspace(0, 1, 100).softmax(0)
    with stoppable(lambda: False):
        assert torch.equal(torch.linspace(0, 1, 100).softmax(0), plain)


@pytest.mark.parametrize("planner", ["stranger_writing", "stranger_silent"])
def test_a_planner_ends_when_the_page_leaves(client, monkeypatch, planner):
    monkeypatch.setattr(Writing, "slow", True)
    monkeypatch.setattr(vr.registry.planners.load(planner), "steps", 0)
    kind = vr.registry.planners.load(planner)
    body = f'{{"mode": "auto", "planner": "{planner}"}}'
    head = f"POST /api/photos/{client.first()}/plan HTTP/1.1\r\nHost: 127.0.0.1:{client.port}\r\n"
    head += f"Origin: http://127.0.0.1:{client.port}\r\nCookie: {client.cookie}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", client.port)) as connection:
        connection.sendall((head + body).encode())
        until(lambda: kind.steps > 3)
    held = -1

    def stands():
        nonlocal held
        before, held = held, kind.steps
        time.sleep(0.2)
        return before == held

    until(stands)
    # And there is room for another: two that went on would hold both places.
    monkeypatch.setattr(Writing, "slow", False)
    assert client("POST", f"/api/photos/{client.first()}/plan", {"mode": "auto", "planner": planner}).events()


def test_a_planner_with_a_fault_is_named_for_one_photo_and_for_several(client):
    ids = [photo["id"] for photo in client("GET", "/api/photos").json()["photos"]]
    wish = {"mode": "auto", "planner": "stranger_crashing"}
    ((name, said),) = client("POST", f"/api/photos/{ids[0]}/plan", wish).events()
    assert (name, said["kind"], "no such thing" in said["error"]) == ("error", "KeyError", True)
    job = client("POST", "/api/plans", wish | {"ids": ids}).json()["job"]
    told = client("GET", f"/api/jobs/{job}/events").events()[-1][1]
    assert told["state"] == "failed"
    assert [each["name"] for each in told["failed"]] == ["beach.jpg", "portrait.jpg"]


def test_pictures_are_rendered_while_planners_are_at_work(client, monkeypatch):
    monkeypatch.setattr(Writing, "slow", True)
    id = client.first()
    wish = {"mode": "auto", "planner": "stranger_silent"}
    asked = [threading.Thread(target=client, args=("POST", f"/api/photos/{id}/plan", wish)) for _ in range(3)]
    for thread in asked:
        thread.start()
    assert client("POST", f"/api/photos/{id}/render", {"plan": None, "space": "srgb", "side": 64}).status == 200
    monkeypatch.setattr(Writing, "slow", False)
    for thread in asked:
        thread.join()


def test_a_style_without_words_and_a_reference_without_photos_are_refused(photos):
    for wish in ({"mode": "style", "style": " "}, {"mode": "reference"}):
        with pytest.raises(InvalidRequest):
            said(photos, "rules", **wish)


def until(told):
    end = time.monotonic() + 20
    while not told():
        assert time.monotonic() < end
        time.sleep(0.01)
