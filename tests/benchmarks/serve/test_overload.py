"""The resident process at twice what it can do, for two minutes, a worker killed in the midst of it; and how much a
command adds to the server's own time. The report of record is docs/benchmarks/serve.md.

Clients ask at an even pace, whether or not earlier ones were answered, each on a connection of its own.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scenes import mosaic
from serving import TOKEN, Serving, serving
from speed_report import Figures

pytest.importorskip("veraretouch_serve", reason="pip install ./contrib/serve")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
RECORDS = Path(__file__).parents[3] / "docs" / "benchmarks"
ABOUT = (
    "Seconds are of the clock, from a request to the last byte of its answer, over loopback; photos are retouched by"
    " `tiny`. Clients, server and workers share the machine's cores."
)
ALONE, FULL, TWICE = 60, 20.0, 120.0  # requests; seconds
HEADERS = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "multipart/form-data; boundary=x"}


@dataclass(frozen=True)
class Answer:
    """What came of a request; a status of 0 where the connection broke."""

    status: int
    seconds: float
    retry: str | None = None


@pytest.fixture(scope="module")
def figures() -> Iterator[Figures]:
    made = Figures("The resident process", "serve", ABOUT)
    made.recall(RECORDS / "serve.json")
    made.table("How busy the machine was", {"load when it began": os.getloadavg()[0]})
    yield made
    made.write(RECORDS / "serve.json", RECORDS / "serve.md")


def form(photo: Path) -> bytes:
    """A request that asks for nothing but the default."""
    head = f'--x\r\nContent-Disposition: form-data; name="photo"; filename="{photo.name}"\r\n\r\n'
    return head.encode() + photo.read_bytes() + b"\r\n--x--\r\n"


def ask(server: Serving, body: bytes) -> Answer:
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request("POST", "/api/retouch", body, HEADERS)
        answer = connection.getresponse()
        answer.read()
        return Answer(answer.status, time.perf_counter() - began, answer.headers["Retry-After"])
    except OSError:
        return Answer(0, time.perf_counter() - began)
    finally:
        connection.close()


def megabytes(server: Serving) -> tuple[float, float]:
    """What the server and its workers hold (proportional set size: what they share is divided among them)."""

    def held(pid: int) -> float:
        found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        assert found is not None
        return int(found[1]) / 1024

    return held(server.process.pid), sum(map(held, server.workers()))


def p95(answers: list[Answer]) -> float:
    return float(np.percentile([answer.seconds for answer in answers], 95))


def capacity(server: Serving, body: bytes, clients: int) -> float:
    """Photos a second by as many clients as there are workers, each asking again once it is answered."""
    until, done = time.monotonic() + FULL, Counter[int]()

    def client() -> None:
        while time.monotonic() < until:
            done[ask(server, body).status] += 1

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(done) == {200}
    return done[200] / FULL


def flood(server: Serving, body: bytes, rate: float, seconds: float, *, kill_after: float) -> list[Answer]:
    """So many requests a second; the worker with the lowest number is killed in between."""
    threading.Timer(kill_after, lambda: os.kill(min(server.workers()), signal.SIGKILL)).start()
    began, asked = time.monotonic(), []
    with ThreadPoolExecutor(64) as threads:
        for number in range(int(rate * seconds)):
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            asked.append(threads.submit(ask, server, body))
    return [each.result() for each in asked]


def test_at_twice_its_capacity_it_serves_whom_it_accepts_as_soon_as_ever(figures, tmp_path):
    picture = tmp_path / "photo.jpg"
    Image.fromarray(mosaic(1200, 1700)).save(picture, quality=92)
    body = form(picture)
    with serving(tmp_path / "server", "--planner", "tiny") as server:
        workers = server.client.get("/api/info").json()["workers"]
        server.wait_for("veraretouch_workers", workers)
        for _ in range(10):
            ask(server, body)
        alone = [ask(server, body) for _ in range(ALONE)]
        rate = capacity(server, body, workers)
        before, died = megabytes(server), server.metrics()["veraretouch_workers_ended_total died"]
        answers = flood(server, body, 2 * rate, TWICE, kill_after=TWICE / 2)
        server.wait_for("veraretouch_workers", workers)
        server.wait_for("veraretouch_queue_length", 0)
        time.sleep(2)
        after, died = megabytes(server), server.metrics()["veraretouch_workers_ended_total died"] - died
        ended = server.end()
    by_status = Counter(answer.status for answer in answers)
    accepted = [answer for answer in answers if answer.status == 200]
    refused = [answer for answer in answers if answer.status == 503]
    figures.bar(
        "twice: p95 of accepted, as a multiple of that of one client alone", p95(accepted) / p95(alone), at_most=2
    )
    figures.bar(
        "twice: requests neither done nor refused with 503", len(answers) - by_status[200] - by_status[503], at_most=0
    )
    figures.bar("twice: 503 without Retry-After", sum(not answer.retry for answer in refused), at_most=0)
    figures.bar("twice: MB that server and workers grew by", sum(after) - sum(before), at_most=30)
    figures.bar("twice: workers killed and replaced", died, at_least=1)
    figures.table(
        "Two minutes at twice the capacity, photos of 2 megapixels",
        {
            "workers": workers,
            "photos a second, as many clients as workers": rate,
            "ms of one client alone, p50": 1000 * float(np.median([answer.seconds for answer in alone])),
            "ms of one client alone, p95": 1000 * p95(alone),
            "asked": len(answers),
            "done": by_status[200],
            "refused with 503": by_status[503],
            "ms of those done, p50": 1000 * float(np.median([answer.seconds for answer in accepted])),
            "ms of those done, p95": 1000 * p95(accepted),
            "ms of those refused, p95": 1000 * p95(refused),
            "MB of the server before": before[0],
            "MB of the server after": after[0],
            "MB of the workers before": before[1],
            "MB of the workers after": after[1],
        },
    )
    assert ended == 0
    figures.judge("twice")


def test_a_command_adds_little_to_the_servers_own_time(figures, tmp_path):
    picture = tmp_path / "photo.jpg"
    Image.fromarray(mosaic()).save(picture, quality=92)
    with serving(tmp_path / "server", "--planner", "tiny") as server:
        environment = os.environ | {"VERARETOUCH_TOKEN": TOKEN, "PYTHONPATH": str(server.site)}
        veraretouch = str(Path(sys.executable).with_name("veraretouch"))
        command = [veraretouch, "--via", server.url, "auto", str(picture), "--overwrite", "--json"]
        added, own = [], []
        for number in range(8):
            before = server.metrics()
            began = time.perf_counter()
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            took, after = time.perf_counter() - began, server.metrics()
            assert json.loads(done.stdout)["status"] == "written"
            if number:
                stages = [f"veraretouch_stage_seconds_sum {stage}" for stage in ("queue", "work")]
                own.append(sum(after[stage] - before[stage] for stage in stages))
                added.append(took - own[-1])
    figures.bar("via: s that the command takes beyond the server's own, 12 MP, median", np.median(added), at_most=0.25)
    figures.table("A command by --via, 12 megapixels", {"s of the server's own, median": float(np.median(own))})
    figures.judge("via")
