"""The resident process, as clients have it: what it does, and what it refuses."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("veraretouch_serve", reason="pip install ./contrib/serve")

from serving import OBEDIENT, TOKEN

from veraretouch.core.cli.batch.journal import versions
from veraretouch.core.cli.batch.remote.wire import task_of
from veraretouch.core.cli.batch.work import retouch

pytestmark = pytest.mark.xdist_group("serve")
EXPOSURE = {
    "schema": "veraretouch.plan/1",
    "mode": "param",
    "edits": {"exposure": {"version": 1, "params": {"ev": 0.5}}},
}


def test_the_picture_is_the_command_lines_own_byte_for_byte(server, photo, tmp_path):
    order = {"style": "warm", "picture": {"max_size": 300}}
    answer = server.post("retouch", photo, order)
    here = retouch(task_of(order, photo, tmp_path / "here"))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.content == here.products.picture.read_bytes()
    queue, work = (float(part.partition("dur=")[2]) for part in answer.headers["server-timing"].split(","))
    assert 0 <= queue < 60_000
    assert 1 < work < 60_000


def test_who_accepts_an_archive_gets_the_outcome_and_every_file(server, photo):
    order = {"plan": EXPOSURE, "picture": {"suffix": ".png", "compare": True, "save_plan": True}}
    answer = server.post("render", photo, order, Accept="application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert set(archive.namelist()) == {"outcome.json", "picture", "compare", "plan"}
        outcome = json.loads(archive.read("outcome.json"))
        assert outcome["status"] == "written"
        assert json.loads(archive.read("plan"))["edits"]["exposure"]["params"] == {"ev": 0.5}
        assert Image.open(io.BytesIO(archive.read("picture"))).format == "PNG"


def test_a_request_that_says_nothing_is_the_default_planners(server, photo):
    plan = server.post("plan", photo).json()
    assert plan["mode"] == "auto"
    assert plan["planner"]["id"] == "tiny"
    assert plan["edits"]


def test_an_edit_is_recovered_from_two_photos_and_explained(server, tmp_path):
    colours = np.random.default_rng(0).integers(40, 200, (12, 16, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    before = tmp_path / "before.png"
    Image.fromarray(colours).save(before)
    after = server.post("render", before, {"plan": EXPOSURE}).content
    files = {"before": ("a.png", before.read_bytes()), "after": ("b.png", after)}
    found = server.client.post("/api/fit", files=files, data={"request": '{"ops": ["exposure"]}'})
    assert found.json()["plan"]["edits"]["exposure"]["params"]["ev"] == pytest.approx(0.5, abs=0.02)
    assert found.json()["report"]["error_after"] < 0.5
    explained = server.post("explain", before, {"plan": EXPOSURE, "ops": ["exposure"]}).json()
    assert explained["plan"]["edits"]["exposure"]["params"]["ev"] == pytest.approx(0.5, abs=0.02)
    assert explained["holds"]


def test_health_is_for_everybody_and_everything_else_for_who_bears_the_token(server):
    for path, status in {"/metrics": 200, "/api/openapi.json": 200, "/nothing": 404}.items():
        assert server.client.get(path).status_code == status
        assert server.client.get(path, headers={"Authorization": ""}).status_code == 401
    for path in ("/health", "/api/info"):
        for headers, wanted in (
            ({}, 200),
            ({"Host": f"localhost:{server.port}"}, 200),
            ({"Origin": server.url}, 200),
            ({"Authorization": ""}, 200 if path == "/health" else 401),
            ({"Authorization": f"Bearer {TOKEN}x"}, 200 if path == "/health" else 401),
            ({"Host": "127.0.0.1:1"}, 403),
            ({"Host": f"127.0.0.1.evil.example:{server.port}"}, 403),
            ({"Origin": "http://evil.example"}, 403),
            ({"Origin": "null"}, 403),
        ):
            answer = server.client.get(path, headers=headers)
            assert answer.status_code == wanted, (path, headers)
            assert answer.headers["x-content-type-options"] == "nosniff"
    assert server.client.get("/health", headers={"Authorization": ""}).json() == {"status": "ok"}


def test_what_it_is_and_takes_is_told(server):
    told = server.client.get("/api/info").json()
    assert (told["workers"], told["queue"]["length"], told["planners"]) == (2, 2, ["tiny", OBEDIENT])
    assert told["limits"] == {
        "body_bytes": 2_000_000,
        "pixels": 1_000_000,
        "work_seconds": 3.0,
        "transfer_seconds": 2.0,
    }
    assert told["versions"] != versions()  # it has a plug-in that is not here


def test_the_state_file_is_its_users_alone_and_says_where_it_is(server):
    assert stat.S_IMODE(server.state.stat().st_mode) == 0o600
    facts = {"url": server.url, "token": TOKEN, "pid": server.process.pid}
    assert json.loads(server.state.read_text()) == facts


@pytest.mark.parametrize(
    ("operation", "request_", "status", "said"),
    [
        ("retouch", [], 400, "request"),
        ("retouch", b"{torn", 400, "not JSON"),
        ("retouch", {"styl": "warm"}, 400, "styl"),
        ("retouch", {"style": "warm", "plan": EXPOSURE}, 400, "request"),
        ("retouch", {"planner": "rules"}, 400, "no planner 'rules'; it has tiny"),
        ("retouch", {"planner": "/etc"}, 400, "no planner '/etc'"),
        ("retouch", {"planner": "https://evil.example/x"}, 400, "no planner"),
        ("retouch", {"params": "/etc/passwd"}, 400, "params"),
        ("retouch", {"params": {"exposure.ev": 99}}, 422, "exposure.ev"),
        ("retouch", {"picture": {"suffix": ".exe"}}, 422, "exe"),
        ("retouch", {"picture": {"suffix": "./../x"}}, 400, "suffix"),
        ("retouch", {"picture": {"out": "/tmp/x"}}, 400, "out"),
        ("render", {}, 400, "no plan to render by"),
        ("render", {"plan": {}}, 400, "plan"),
        ("explain", {}, 400, "'plan' is a required property"),
        ("explain", {"plan": EXPOSURE, "ops": ["nope"]}, 400, "nope"),
        ("plan", {"planner": OBEDIENT, "style": "fail"}, 500, "acme-obedient 1 failed: ZeroDivisionError: told so"),
        ("plan", {"planner": OBEDIENT, "style": "leave"}, 500, "sys.exit(3)"),
    ],
)
def test_a_request_that_cannot_be_done_is_refused_with_the_reason(server, small, operation, request_, status, said):
    answer = server.post(operation, small, request_)
    assert answer.status_code == status, answer.text
    assert said in answer.json()["error"]


@pytest.mark.parametrize("bundle", ["/etc", "../..", "somebody/model", "https://evil.example/x"])
def test_weights_that_a_plan_names_are_those_that_the_server_was_started_with(server, small, bundle):
    asset = {"bundle": bundle, "revision": "", "sha256": "0" * 64}
    plan = EXPOSURE | {"edits": {"neural": {"version": 1, "params": {}, "asset": asset}}}
    for operation, request in (("render", {"plan": plan}), ("explain", {"plan": plan}), ("plan", {"params": plan})):
        answer = server.post(operation, small, request)
        assert answer.status_code == 400
        assert f"the weights {bundle!r}, which this server does not open" in answer.json()["error"]


@pytest.mark.parametrize(
    ("files", "data", "said"),
    [
        ({}, {"request": "{}"}, "form"),
        ({"photo": ("a.jpg", b"x"), "other": ("b.jpg", b"x")}, {}, "photo, other was sent"),
        ([("photo", ("a.jpg", b"x")), ("photo", ("b.jpg", b"x"))], {}, "each once"),
        ({"photo": ("../../etc/passwd.jpg", b"x")}, {}, "'passwd.jpg' is"),
        ({"photo": ("C:\\x\\\x1b[31m.jpg", b"")}, {}, "'[31m.jpg' is"),
        ({"photo": (None, b"x")}, {}, "has to be sent as a file"),
    ],
    ids=["no photo", "another part", "twice", "a path", "escapes", "no file"],
)
def test_forms_that_are_not_what_is_asked_for_are_refused(server, files, data, said):
    answer = server.client.post("/api/retouch", files=files, data=data)
    assert answer.status_code in (400, 415, 422)
    assert said in answer.json()["error"], answer.text


def test_a_body_that_is_no_form_is_refused(server):
    answer = server.client.post("/api/retouch", content=b"\xff\xd8\xff", headers={"Content-Type": "image/jpeg"})
    assert answer.status_code == 415
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    for body in (b"", b"--x", b"--x\r\n\r\n", b"--y\r\nContent-Disposition: form-data\r\n\r\n--y--\r\n"):
        assert server.client.post("/api/retouch", content=body, headers=broken).status_code == 400


def test_photos_and_bodies_beyond_the_limits_are_refused(server, tmp_path):
    large = tmp_path / "large.png"
    Image.new("RGB", (1001, 1000)).save(large)
    answer = server.post("retouch", large, {"max_pixels": 10**9})
    assert answer.status_code == 413
    assert "'large.png' announces 1001x1000 pixels" in answer.json()["error"]
    heavy = tmp_path / "heavy.jpg"
    heavy.write_bytes(bytes(2_000_000))
    assert server.post("retouch", heavy).status_code == 413
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    pieces = [b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n', *[bytes(500_000)] * 4]
    assert server.client.post("/api/retouch", content=iter(pieces), headers=headers).status_code == 413


def test_workers_fetch_nothing_and_do_not_know_the_token(server, small):
    for name, value in (("HF_HUB_OFFLINE", "1"), ("VERARETOUCH_TOKEN", "None")):
        assert server.told(small, f"tell {name}").json()["error"].endswith(f": {value}")


def test_nothing_is_left_of_what_was_sent(server, small):
    server.post("retouch", small)
    (folder,) = Path(server.log.parent).glob("veraretouch-serve-*")
    assert list(folder.iterdir()) == []


def test_what_was_done_is_counted(server, small):
    before = server.metrics()
    assert server.post("retouch", small).status_code == 200
    assert server.post("retouch", small, {"planner": "nope"}).status_code == 400
    after = server.metrics()
    for name in ("veraretouch_requests_total retouch 200", "veraretouch_requests_total retouch 400"):
        assert after[name] == before.get(name, 0) + 1
    assert after["veraretouch_photo_pixels_sum"] == before["veraretouch_photo_pixels_sum"] + 48 * 32
    assert after["veraretouch_workers"] == 2
    assert after["veraretouch_queue_length"] == after["veraretouch_workers_busy"] == 0
    assert after["veraretouch_request_seconds_count retouch"] == before["veraretouch_request_seconds_count retouch"] + 2
