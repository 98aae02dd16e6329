"""The resident process when there is too much to do, when work hangs, when workers die, and when it is stopped."""

from __future__ import annotations

import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("veraretouch_serve", reason="pip install ./contrib/serve")

from serving import OBEDIENT, PLANNERS, TOKEN, serving

pytestmark = pytest.mark.xdist_group("serve")
DIED = "veraretouch_workers_ended_total died"
GONE = "veraretouch_workers_ended_total gone"
WAITING = "veraretouch_queue_length"
BUSY = "veraretouch_workers_busy"


@pytest.fixture
def threads():
    with ThreadPoolExecutor(8) as made:
        yield made


def head(server, length: int) -> bytes:
    """The beginning of a request, before its body."""
    lines = [f"POST /api/retouch HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {TOKEN}\r\n"]
    lines += [f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {length}\r\n\r\n"]
    return "".join(lines).encode()


def form(photo, words: str) -> bytes:
    """A form for the obedient planner."""
    asked = f'{{"planner": "{OBEDIENT}", "style": "{words}"}}'
    part = 'Content-Disposition: form-data; name="{}"{}\r\n\r\n'
    return (
        b"--x\r\n"
        + part.format("request", "").encode()
        + asked.encode()
        + b"\r\n--x\r\n"
        + part.format("photo", '; filename="a.png"').encode()
        + photo.read_bytes()
        + b"\r\n--x--\r\n"
    )


def test_whoever_finds_no_place_is_told_at_once_when_to_come_again_and_the_others_are_served(server, small, threads):
    server.wait_for("veraretouch_workers", 2)
    accepted = [threads.submit(server.told, small, "sleep 0.7") for _ in range(4)]
    server.wait_for(WAITING, 2)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as unread:
        unread.sendall(head(server, 1_000_000))  # its body is not even sent
        begun = time.monotonic()
        answer = unread.recv(4096).decode()
        assert time.monotonic() - begun < 0.5
    assert answer.startswith("HTTP/1.1 503 ")
    refused = server.told(small, "x")
    assert refused.status_code == 503
    assert 1 <= int(refused.headers["retry-after"]) <= 600
    assert "try again in" in refused.json()["error"]
    assert [each.result().status_code for each in accepted] == [200] * 4
    assert server.told(small, "x").status_code == 200


def test_work_that_takes_too_long_is_ended_and_a_form_that_does_not_arrive_gives_up_its_place(server, small):
    server.wait_for("veraretouch_workers", 2)
    before = set(server.workers())
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as slow:
        slow.sendall(head(server, 1000) + b"--x\r\n")
        answer = server.told(small, "sleep 60")
        assert slow.recv(4096).startswith(b"HTTP/1.1 408 ")
    assert answer.status_code == 504
    assert "more than 3 seconds" in answer.json()["error"]
    server.wait_for("veraretouch_workers", 2)
    assert len(set(server.workers()) & before) == 1
    assert server.told(small, "x").status_code == 200


def test_a_worker_that_is_killed_loses_nothing_that_was_accepted(server, small, threads):
    server.wait_for("veraretouch_workers", 2)
    died = server.metrics()[DIED]
    accepted = [threads.submit(server.told, small, "sleep 0.8") for _ in range(4)]
    server.wait_for(BUSY, 2)
    for worker in server.workers():
        os.kill(worker, signal.SIGKILL)
    assert [each.result().status_code for each in accepted] == [200] * 4
    assert server.metrics()[DIED] == died + 2


def test_work_over_which_two_workers_die_is_refused_and_a_worker_killed_at_rest_is_replaced(server, small):
    answer = server.told(small, "die")
    assert answer.status_code == 500
    assert "died, and so did a second one" in answer.json()["error"]
    server.wait_for("veraretouch_workers", 2)
    for worker in server.workers():
        os.kill(worker, signal.SIGKILL)
    assert server.told(small, "x").status_code == 200
    server.wait_for("veraretouch_workers", 2)


def test_a_client_that_goes_away_frees_its_place_and_leaves_nothing_behind(server, small):
    server.wait_for("veraretouch_workers", 2)
    gone = server.metrics()[GONE]
    # One ends soon enough by itself, the next is ended; two wait.
    bodies = [form(small, f"sleep {seconds}") for seconds in (1.5, 2.9, 2.9, 2.9)]
    sockets = [socket.create_connection(("127.0.0.1", server.port)) for _ in bodies]
    for place, (each, body) in enumerate(zip(sockets, bodies, strict=True)):
        if place == 2:
            server.wait_for(BUSY, 2)
        each.sendall(head(server, len(body)) + body)
    server.wait_for(WAITING, 2)
    assert server.told(small, "x").status_code == 503
    for each in sockets:
        each.close()
    server.wait_for(WAITING, 0, seconds=1)  # who waited has left the line; what is worked on is ended a little later
    assert server.told(small, "x").status_code == 200
    server.wait_for(GONE, gone + 1)
    server.wait_for("veraretouch_workers", 2)
    assert server.metrics()["veraretouch_requests_total retouch 499"] == 4
    (folder,) = server.log.parent.glob("veraretouch-serve-*")
    assert list(folder.iterdir()) == []


def test_a_server_that_is_stopped_ends_what_it_accepted_and_takes_no_more(tmp_path, small, threads):
    options = ("--workers", "1", "--queue", "1", "--patience", "20", *PLANNERS)
    with serving(tmp_path, *options) as server:
        server.wait_for("veraretouch_workers", 1)
        accepted = [threads.submit(server.told, small, "sleep 0.8") for _ in range(2)]
        server.wait_for(WAITING, 1)
        server.wait_for(BUSY, 1)
        workers = server.workers()
        for process in (*workers, server.process.pid):  # as a service manager does that ends a group
            os.kill(process, signal.SIGTERM)
        deadline = time.monotonic() + 5
        while server.client.get("/health").json() != {"status": "stopping"}:
            assert time.monotonic() < deadline
        refused = server.told(small, "x")
        assert refused.status_code == 503
        assert "retry-after" in refused.headers
        assert [each.result().status_code for each in accepted] == [200] * 2
        assert server.process.wait(timeout=10) == 0
        assert not server.state.exists()
        assert list(tmp_path.glob("veraretouch-serve-*")) == []
        assert not [pid for pid in workers if os.path.exists(f"/proc/{pid}")]
        assert server.log.read_text() == ""
