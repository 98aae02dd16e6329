"""The studio's server as a client without a browser finds it: the report of record is docs/benchmarks/studio.md.

The server runs in a process of its own; seconds are of the clock, over loopback.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scenes import mosaic, ten_ops
from studios import PLAN, Server

import veraretouch as vr

pytest.importorskip("veraretouch_studio", reason="pip install ./contrib/serve ./contrib/studio")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def studio() -> Iterator[Callable[[Path], Server]]:
    started: list[Server] = []

    def start(folder: Path) -> Server:
        started.append(Server(folder))
        started[-1].client.sign_in()
        return started[-1]

    yield start
    for server in started:
        server.end()


def timed(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began


def p95(seconds: list[float]) -> float:
    return float(np.percentile(seconds, 95))


def test_a_table_comes_while_a_slider_is_dragged(studio, figures, tmp_path):
    """Ten ops, 33 points, as fast as one client asks, for ten seconds; then the table at rest."""
    Image.fromarray(mosaic()).save(tmp_path / "photo.jpg", quality=92)
    client = studio(tmp_path).client
    id, plan = client.first(), vr.Plan.of(ten_ops(), mode="param").document()
    path, wish = f"/api/photos/{id}/table", {"plan": plan, "space": "srgb", "draft": True}
    client("POST", path, wish)
    seconds, until = [], time.monotonic() + 10
    while time.monotonic() < until:
        plan["edits"]["exposure"]["params"]["ev"] = float(np.sin(len(seconds) / 10))
        seconds.append(timed(lambda: client("POST", path, wish)))
    figures.bar("dragging: ms to a table of 33 points by ten ops, p95", 1000 * p95(seconds), at_most=50)
    rest = [timed(lambda: client("POST", path, wish | {"draft": False})) for _ in range(7)]
    figures.table("At rest", {"table of 12 MP by ten ops, median ms": 1000 * float(np.median(rest))})
    figures.judge("dragging")


def test_a_folder_of_2000_photos_opens(studio, figures, tmp_path):
    """Photos of 12 MP: a few files, linked under many names, since what is read once is read by its own name."""
    picture = mosaic()
    for number in range(8):
        Image.fromarray(np.roll(picture, 200 * number, axis=1)).save(tmp_path / f"{number:04}.jpg", quality=90)
    for number in range(8, 2000):
        os.link(tmp_path / f"{number % 8:04}.jpg", tmp_path / f"{number:04}.jpg")
    began = time.perf_counter()
    server = studio(tmp_path)
    opened = time.perf_counter() - began
    client = server.client
    listing = timed(lambda: client("GET", "/api/photos"))
    photos = client("GET", "/api/photos").json()["photos"]
    assert len(photos) == 2000
    first = listing + timed(lambda: [client("GET", f"/api/photos/{photo['id']}/thumbnail") for photo in photos[:6]])
    each = [timed(lambda id=photo["id"]: client("GET", f"/api/photos/{id}/thumbnail")) for photo in photos[6:206]]
    figures.bar("folder: s from the page's first question to six thumbnails of 12 MP", first, at_most=1)
    figures.bar("folder: ms to a thumbnail, p95", 1000 * p95(each), at_most=100)
    figures.bar("folder: MB that the server held at most", server.memory("VmHWM"), at_most=1024)
    figures.table("A folder of 2,000", {"seconds from the command to its first answer": opened})
    figures.judge("folder")


def test_a_photo_of_100_megapixels_opens(studio, figures, tmp_path):
    picture = np.tile(mosaic(), (3, 3, 1))[:8192, :12288]
    Image.fromarray(np.ascontiguousarray(picture)).save(tmp_path / "large.jpg", quality=90)
    server = studio(tmp_path)
    id = server.client.first()
    seconds = timed(lambda: server.client("GET", f"/api/photos/{id}/preview?side=2048"))
    tile = timed(lambda: server.client("GET", f"/api/photos/{id}/tile/5/4"))
    table = timed(lambda: server.client("POST", f"/api/photos/{id}/table", {"plan": PLAN, "space": "srgb"}))
    figures.bar("100 MP: s to its preview", seconds, at_most=5)
    figures.bar("100 MP: MB that the server held at most", server.memory("VmHWM"), at_most=2048)
    figures.table("100 megapixels", {"ms to a tile": 1000 * tile, "ms to a table": 1000 * table})
    figures.judge("100 MP")


def test_ten_thousand_edits_leave_the_server_as_it_was(studio, figures, tmp_path):
    Image.fromarray(mosaic()[:1000, :1500].copy()).save(tmp_path / "photo.jpg")
    server = studio(tmp_path)
    client, revision, refused = server.client, 0, 0
    id, others, early = client.first(), [], 0.0
    for number in range(10_000):
        wish = PLAN | {"edits": {"exposure": {"version": 1, "params": {"ev": (number % 500) / 500}}}}
        answer = client("PUT", f"/api/photos/{id}/edits", {"plan": wish}, If_Match=str(revision))
        assert answer.status in (200, 429)
        refused += answer.status == 429
        revision = revision + 1 if answer.status == 200 else revision
        if number % 50 == 0:
            others.append(timed(lambda: client("GET", f"/api/photos/{id}/history")))
        if number == 1000:
            early = server.memory()
    lines = (tmp_path / ".veraretouch-studio.jsonl").read_text().splitlines()[1:]
    assert [json.loads(line)["revision"] for line in lines] == list(range(1, revision + 1))
    figures.bar("flood: s of other requests, p95", p95(others), at_most=1)
    figures.bar("flood: MB that the server grew by after the first thousand", server.memory() - early, at_most=20)
    figures.table("10,000 edits at once", {"taken, all in the journal": revision, "refused with 429": refused})
    figures.judge("flood")
