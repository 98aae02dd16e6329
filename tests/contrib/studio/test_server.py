"""The interface, as a client without a browser has it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import veraretouch as vr
from veraretouch.core.lut import Cube

pytest.importorskip("veraretouch_studio", reason="pip install ./contrib/serve ./contrib/studio")

from studios import PLAN

CURVED = PLAN | {
    "edits": PLAN["edits"]
    | {
        "saturation": {"version": vr.registry.ops.load("saturation").version, "params": {"amount": 0.4}},
        "contrast": {"version": vr.registry.ops.load("contrast").version, "params": {"amount": 0.3}},
    }
}
SPATIAL = PLAN | {"edits": {"clarity": {"version": vr.registry.ops.load("clarity").version, "params": {"amount": 0.5}}}}


def test_every_slot_of_every_installed_op_and_area_is_told(client):
    told = client("GET", "/api/schema").json()
    assert {op["id"] for op in told["ops"]} == set(vr.registry.ops.ids())
    assert {area["id"] for area in told["areas"]} == set(vr.registry.areas.ids())
    for op in told["ops"]:
        assert set(op["slots"]) == set(vr.registry.ops.load(op["id"]).slots)
    stages = [op["stage"] for op in told["ops"]]
    assert stages == sorted(stages)


def test_photos_are_known_by_ids_and_never_by_paths(client, photos):
    body = client("GET", "/api/photos").body
    told = json.loads(body)["photos"]
    assert [photo["name"] for photo in told] == [path.name for path in photos]
    assert str(photos[0].parent).encode() not in body
    for wrong in ("0" * 24, "..%2f..%2fetc%2fpasswd", str(photos[0]).replace("/", "%2f")):
        assert client("GET", f"/api/photos/{wrong}").status == 404


@pytest.mark.parametrize("plan", [None, PLAN, CURVED], ids=["as it is", "brighter", "curved"])
@pytest.mark.parametrize("space", ["srgb", "p3"])
def test_the_pixels_and_the_table_together_are_the_engines_picture(client, photos, plan, space):
    id = client.first()
    preview = client("GET", f"/api/photos/{id}/preview?side=512")
    width, height = (int(preview.headers[name]) for name in ("x-width", "x-height"))
    pixels = np.frombuffer(preview.body, np.uint8).reshape(height, width, 3)
    answer = client("POST", f"/api/photos/{id}/table", {"plan": plan, "space": space})
    points = int(answer.headers["x-points"])
    cube = Cube(np.frombuffer(answer.body, "<f4").reshape(points, points, points, 3))
    photo = vr.open_photo(photos[0])
    edit = vr.Plan.load(plan) if plan else vr.Plan()
    wanted = vr.Renderer().render(photo.resized(512), edit, engine="exact", color_space=space).pixels
    away = np.abs(cube.apply(pixels).astype(int) - wanted)
    assert np.percentile(away, 99) <= 2
    assert away.max() <= 12


def test_photos_of_16_bit_are_sent_in_halves(tmp_path, client):
    values = np.linspace(0, 65535, 64 * 64 * 3, dtype=np.uint16).reshape(64, 64, 3)
    held = vr.open_photo(tmp_path / "photos" / "beach.jpg")
    deep = tmp_path / "deep.png"
    vr.Photo(values, profile=held.profile).save(deep)
    id = client("POST", "/api/photos?name=deep.png", deep.read_bytes()).json()["id"]
    answer = client("GET", f"/api/photos/{id}/preview?side=64")
    assert answer.headers["x-format"] == "rgb16f"
    sent = np.frombuffer(answer.body, "<f2").reshape(64, 64, 3)
    assert np.abs(sent - values / 65535).max() < 3e-4


def test_tiles_together_are_the_photo(client, photos):
    id, photo = client.first(), vr.open_photo(photos[0])
    tile = client("GET", f"/api/photos/{id}/tile/0/0")
    size = int(tile.headers["x-height"]), int(tile.headers["x-width"])
    assert np.array_equal(np.frombuffer(tile.body, np.uint8).reshape(*size, 3), photo.pixels[:1024, :1024])
    assert client("GET", f"/api/photos/{id}/tile/9/0").status == 400


def test_what_no_table_shows_is_rendered_here_as_the_engine_does_it(client, photos):
    id = client.first()
    refused = client("POST", f"/api/photos/{id}/table", {"plan": SPATIAL, "space": "srgb"})
    assert refused.status == 204
    assert "clarity" in refused.headers["x-reason"]
    photo = vr.open_photo(photos[0])
    whole = vr.Renderer().render(photo, vr.Plan.load(SPATIAL), color_space="srgb").pixels
    part = client(
        "POST",
        f"/api/photos/{id}/render",
        {"plan": SPATIAL, "space": "srgb", "left": 40, "top": 30, "width": 100, "height": 50},
    )
    assert np.array_equal(np.frombuffer(part.body, np.uint8).reshape(50, 100, 3), whole[30:80, 40:140])


def test_a_photo_is_shown_in_the_frame_of_its_plan(client, photos):
    id, photo = client.first(), vr.open_photo(photos[0])
    framed = PLAN | {"schema": "veraretouch.plan/2", "frame": {"crop": [0.25, 0, 0.75, 1], "flip": "horizontal"}}
    client("PUT", f"/api/photos/{id}/edits", {"plan": framed, "name": "Crop"}, If_Match="0")
    told = client("GET", f"/api/photos/{id}").json()
    assert (told["width"], told["height"]) == (photo.width // 2, photo.height)
    tile = client("GET", f"/api/photos/{id}/tile/0/0?frame=crop:+0.25+0+0.75+1%3B+flip:+horizontal")
    left, right = photo.width // 4, photo.width // 4 + photo.width // 2
    wanted = photo.pixels[:1024, left:right][:, ::-1]
    assert np.array_equal(np.frombuffer(tile.body, np.uint8).reshape(wanted.shape), wanted)
    made = client("POST", f"/api/photos/{id}/render", {"plan": framed, "space": "srgb", "side": 8192})
    whole = vr.Renderer().render(photo, vr.Plan.load(framed), color_space="srgb").pixels
    assert np.array_equal(np.frombuffer(made.body, np.uint8).reshape(whole.shape), whole)
    assert client("POST", f"/api/photos/{id}/table", {"plan": framed, "space": "srgb"}).status == 200
    assert client("GET", f"/api/photos/{id}/preview?side=100&frame=crop").status == 400


def test_the_angle_that_makes_a_horizon_level_is_told_with_what_was_seen(client, sea):
    id = client("POST", "/api/photos?name=sea.png", sea(-3.0).read_bytes()).json()["id"]
    found = client("POST", f"/api/photos/{id}/level", {}).json()
    assert found["angle"] == pytest.approx(3, abs=0.1)
    assert "falls to the left" in found["problem"]
    without = client("POST", f"/api/photos/{client.first()}/level", {}).json()
    assert (without["angle"], without["problem"]) == (0, "No clear horizon was seen.")
    asked = client("POST", f"/api/photos/{id}/level", {"frame": "angle: 3"})
    assert asked.status == 400
    assert "Ask for one" in asked.json()["error"]


def test_the_size_without_a_frame_is_told_and_the_ranges_of_one(client):
    id = client.first()
    whole = client("GET", f"/api/photos/{id}").json()
    framed = PLAN | {"schema": "veraretouch.plan/2", "frame": {"crop": [0, 0, 0.5, 1]}}
    client("PUT", f"/api/photos/{id}/edits", {"plan": framed}, If_Match="0")
    told = client("GET", f"/api/photos/{id}").json()
    assert told["whole"] == whole["whole"] == {"width": whole["width"], "height": whole["height"]}
    assert told["width"] == whole["width"] // 2
    ranges = client("GET", "/api/schema").json()["frame"]
    assert ranges["angle"] == [-45, 45]
    for name, (low, high) in ranges["perspective"].items():
        assert vr.Perspective(**{name: low}) != vr.Perspective(**{name: high})


def test_a_draft_is_small_and_made_at_once(client):
    answer = client("POST", f"/api/photos/{client.first()}/table", {"plan": CURVED, "space": "srgb", "draft": True})
    assert answer.headers["x-points"] == "33"
    assert len(answer.body) == 33**3 * 3 * 2


def test_thumbnails_show_the_photo_and_its_edit(client):
    id = client.first()
    plain = np.asarray(Image.open(io.BytesIO(client("GET", f"/api/photos/{id}/thumbnail").body)), float)
    assert max(plain.shape) == 256
    client("PUT", f"/api/photos/{id}/edits", {"plan": PLAN, "name": "Exposure"}, If_Match="0")
    edited = np.asarray(Image.open(io.BytesIO(client("GET", f"/api/photos/{id}/thumbnail?edited=1").body)), float)
    assert edited.mean() > plain.mean() + 10


def test_a_planner_tells_its_reasons_and_then_its_plan(client):
    told = client("POST", f"/api/photos/{client.first()}/plan", {"mode": "auto", "planner": "rules"}).events()
    assert [name for name, _ in told][-1] == "plan"
    vr.Plan.load(told[-1][1])
    assert {"group", "problem"} <= set(told[0][1])


def test_words_that_were_not_understood_are_told(client):
    wish = {"mode": "style", "planner": "rules", "style": "warmer and flurbish"}
    told = client("POST", f"/api/photos/{client.first()}/plan", wish).events()
    assert told[0] == ("words", {"unknown": ["flurbish"]})


def test_what_a_planner_refuses_is_the_last_event(client):
    wish = {"mode": "style", "planner": "ruels", "style": "warmer"}
    (told,) = client("POST", f"/api/photos/{client.first()}/plan", wish).events()
    assert told[0] == "error"
    assert "rules" in told[1]["error"]


def test_a_photo_is_brought_to_a_target(client):
    first, second = (photo["id"] for photo in client("GET", "/api/photos").json()["photos"])
    told = client("POST", f"/api/photos/{first}/plan", {"mode": "reference", "planner": "fit", "target": second})
    assert told.events()[-1][0] == "plan"


def test_a_preset_a_table_and_a_plan_can_be_dropped_and_taken_back(client):
    id = client.first()
    for kind in ("plan", "xmp", "cube"):
        written = client("POST", f"/api/photos/{id}/document", {"plan": CURVED, "kind": kind})
        name = "x.plan.json" if kind == "plan" else f"x.{kind}"
        read = client("POST", f"/api/values?name={name}", written.body)
        assert read.status == 200, read.body
        assert vr.Plan.load(read.json()["plan"]).edits
    refused = client("POST", "/api/values?name=x.xmp", b"<nonsense")
    assert refused.status == 400
    assert "x.xmp" in refused.json()["error"]
    assert "/tmp" not in refused.json()["error"]


def test_no_svg_and_nothing_but_a_photo_is_taken_in(client):
    for name, data in (("x.svg", b"<svg/>"), ("x.jpg", b"<svg onload=alert(1)>"), ("../x", b""), ("x.png", b"")):
        assert client("POST", f"/api/photos?name={name}", data).status in (400, 422), name


def test_an_export_is_the_file_that_the_copied_command_writes(client, environment):
    id = client.first()
    client("PUT", f"/api/photos/{id}/edits", {"plan": CURVED}, If_Match="0")
    job = client("POST", "/api/export", {"ids": [id], "format": "jpg", "quality": 90, "max_size": 300}).json()
    told = client("GET", f"/api/jobs/{job['job']}/events").events()[-1][1]
    assert (told["state"], told["done"], told["failed"]) == ("done", 1, [])
    (written,) = map(Path, told["files"])
    first = written.read_bytes()
    with Image.open(written) as picture:
        assert max(picture.size) == 300
    written.unlink()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(["sh", "-ec", job["command"]], env=environment | {"PATH": path}, check=True, capture_output=True)
    assert written.read_bytes() == first


def test_an_export_replaces_nothing_unless_that_is_asked_for(client, photos):
    id = client.first()
    target = photos[0].parent / "retouched" / "beach.jpg"
    target.parent.mkdir()
    target.write_bytes(b"mine")
    job = client("POST", "/api/export", {"ids": [id], "format": "jpg"}).json()["job"]
    told = client("GET", f"/api/jobs/{job}/events").events()[-1][1]
    assert told["state"] == "failed"
    assert "exists" in told["failed"][0]["problem"]
    assert "Replace files that are there" in told["failed"][0]["problem"]  # the dialog's words,
    assert "--" not in told["failed"][0]["problem"]  # and not the command line's
    assert target.read_bytes() == b"mine"


@pytest.mark.parametrize("folder", ["..", "a/b", "/tmp", "a\\b", "x\0y"])
def test_an_export_goes_beside_the_photos_alone(client, folder):
    answer = client("POST", "/api/export", {"ids": [client.first()], "format": "jpg", "folder": folder})
    assert answer.status == 400


def test_an_export_that_is_cancelled_ends(client):
    ids = [photo["id"] for photo in client("GET", "/api/photos").json()["photos"]]
    job = client("POST", "/api/export", {"ids": ids, "format": "png"}).json()["job"]
    client("DELETE", f"/api/jobs/{job}")
    deadline = time.monotonic() + 20
    while client("GET", f"/api/jobs/{job}").json()["state"] == "running":
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("table", {"plan": None}, "'space' is a required property"),
        ("table", {"plan": 5, "space": "srgb"}, ".plan: 5 is not of type"),
        ("table", {"plan": None, "space": "cmyk"}, ".space: 'cmyk' is not one of"),
        ("table", {"plan": {"edits": 1}, "space": "srgb"}, "plan"),
        ("render", {"plan": None, "space": "srgb", "side": 5}, "request"),
        ("plan", {"mode": "param"}, ".mode"),
    ],
)
def test_a_body_that_is_not_what_is_asked_for_is_refused_with_its_place(client, path, body, said):
    answer = client("POST", f"/api/photos/{client.first()}/{path}", body)
    assert answer.status == 400
    assert said in answer.json()["error"]
    assert answer.headers["content-type"] == "application/json"


def test_a_body_of_another_media_type_is_refused(client):
    answer = client("POST", "/api/paste", b"{}", Content_Type="text/plain")
    assert answer.status == 415


def test_the_interface_is_an_openapi_document_of_what_is_served(client):
    document = client("GET", "/api/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for path, methods in document["paths"].items():
        for described in methods.values():
            assert described["summary"].endswith("."), path
            assert "200" in described["responses"]
