"""Runs over Ray Data: the plain commands' bytes, one row a photo whatever happens, resumed, from and to a store."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from faulty_store import BUCKET, Fault
from PIL import Image

pytest.importorskip("veraretouch_ray", reason="pip install ./contrib/ray")

from veraretouch_ray.index import Index
from veraretouch_ray.options import RunOptions
from veraretouch_ray.pipeline import retouch_places
from veraretouch_ray.places import Place
from veraretouch_ray.session import ClusterOptions

from veraretouch.core.cli.batch.request import BatchRequest
from veraretouch.core.cli.batch.session import retouch_all
from veraretouch.core.cli.options import WriteOptions
from veraretouch.core.errors import InvalidRequest, UnknownPlugin

PHOTOS = Path(__file__).parents[2] / "data" / "photos"

# Ray warns of itself.
pytestmark = [pytest.mark.xdist_group("ray"), pytest.mark.filterwarnings("ignore")]


def small(name: str, side: int = 120, kind: str = "JPEG") -> bytes:
    """A photo of the samples, made small."""
    image = Image.open(PHOTOS / f"{name}.jpg").convert("RGB")
    image.thumbnail((side, side))
    held = io.BytesIO()
    image.save(held, kind)
    return held.getvalue()


def rows(out: str) -> dict[str, dict]:
    """The rows of a run's index by input, each of which is there once."""
    table = Index(Place.of(str(out))).rows().to_pylist()
    made = {row["input"]: row for row in table}
    assert len(made) == len(table)
    return made


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def run(given, out, *, workers=2, request=None, running=None, **writing):
    return retouch_places(
        [str(place) for place in given],
        str(out),
        request or BatchRequest("tiny"),
        WriteOptions(**writing),
        running or RunOptions(),
        ClusterOptions(workers=workers),
    )


@pytest.fixture
def photos(tmp_path):
    """Five photos, in folders of folders and of two formats, and one that is damaged."""
    folder = tmp_path / "photos"
    (folder / "trip" / "day").mkdir(parents=True)
    for name, place in (("kodak-02", "a.jpg"), ("kodak-08", "b.JPG"), ("kodak-12", "trip/a.jpg")):
        (folder / place).write_bytes(small(name))
    (folder / "trip" / "day" / "a.png").write_bytes(small("kodak-22", kind="PNG"))
    (folder / "trip" / "z.webp").write_bytes(small("kodak-05", kind="WEBP"))
    (folder / "trip" / "bad.jpg").write_bytes(small("kodak-06")[:900])
    (folder / "notes.txt").write_text("no photo")
    return folder


def test_pictures_are_the_plain_commands_bytes_a_bad_photo_is_a_row_and_a_run_resumes(photos, tmp_path, capsys):
    out = tmp_path / "out"
    report = run([photos], out, running=RunOptions(xmp=True), save_plan=True, compare=True)
    assert (report.written, report.failed, report.done_before) == (5, 1, 0)
    assert "bad.jpg' is damaged or incomplete" in capsys.readouterr().err

    retouch_all(
        [photos], BatchRequest("tiny"), WriteOptions(tmp_path / "plain", recursive=True, save_plan=True, jobs=1)
    )
    names = ("a.jpg", "b.JPG", "trip/a.jpg", "trip/day/a.png", "trip/z.webp")
    table = rows(out)
    assert {Path(name).relative_to(photos).as_posix() for name in table} == {*names, "trip/bad.jpg"}
    for name in names:
        row, plain = table[str(photos / name)], tmp_path / "plain" / name
        assert (out / "pictures" / name).read_bytes() == plain.read_bytes()
        assert (out / "plans" / f"{name}.json").read_text() == plain.with_name(f"{plain.stem}.plan.json").read_text()
        assert "crs:" in (out / "xmp" / f"{name}.xmp").read_text()
        assert row["input_hash"] == sha256((photos / name).read_bytes())
        assert len(row["outputs"]) == 4
        for made in row["outputs"]:
            assert sha256((out / made["name"]).read_bytes()) == made["hash"]
        stages = dict(row["stages"])
        assert {"fetch", "decode", "plan", "render", "encode", "put"} <= set(stages)
        assert row["seconds"] == pytest.approx(sum(stages.values()))
    bad = table[str(photos / "trip" / "bad.jpg")]
    assert (bad["status"], bad["error_kind"], bad["outputs"]) == ("failed", "UnreadablePhoto", [])
    assert not list(out.rglob("*bad*"))

    # A photo that failed is mended, one is new, one is another: those are done, and the others are left alone.
    before = {path: path.stat().st_mtime_ns for path in (out / "pictures").rglob("*.*")}
    (photos / "trip" / "bad.jpg").write_bytes(small("kodak-06"))
    (photos / "new.jpg").write_bytes(small("kodak-03"))
    (photos / "a.jpg").write_bytes(small("kodak-07"))
    with pytest.raises(InvalidRequest, match=r"holds a run\. --resume goes on with it"):
        run([photos], out)
    with pytest.raises(InvalidRequest, match="was begun with other outputs"):
        run([photos], out, resume=True)
    again = {"running": RunOptions(xmp=True), "save_plan": True, "compare": True, "resume": True}
    report = run([photos], out, workers=1, **again)
    assert (report.written, report.failed, report.done_before) == (3, 0, 5)
    after = {path: path.stat().st_mtime_ns for path in (out / "pictures").rglob("*.*")}
    changed = {path.relative_to(out / "pictures").as_posix() for path in after if after[path] != before.get(path)}
    assert changed == {"a.jpg", "new.jpg", "trip/bad.jpg"}
    assert {Path(name).relative_to(photos).as_posix() for name in rows(out)} == {*names, "new.jpg", "trip/bad.jpg"}
    assert rows(out)[str(photos / "a.jpg")]["input_hash"] == sha256(small("kodak-07"))
    assert not list(out.rglob(".*"))
    assert not list(out.rglob("*.tmp"))


def test_shards_and_tables_of_a_store_that_fails_now_and_then_become_rows_and_objects(store, tmp_path):
    store.put("in/a.jpg", small("kodak-02"))
    store.put("in/never.jpg", small("kodak-03"))
    shard = io.BytesIO()
    with tarfile.open(fileobj=shard, mode="w") as tar:
        for name, data in (("1.jpg", small("kodak-05")), ("1.json", b"{}"), ("2.jpg", b"no photo"), ("../3.jpg", b"")):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    store.put("in/shard.tar", shard.getvalue())
    images = pa.array([{"bytes": small(name), "path": None} for name in ("kodak-07", "kodak-08")] + [None])
    held = io.BytesIO()
    pq.write_table(pa.table({"image": images, "label": [1, 2, 3]}), held, row_group_size=2)
    store.put("in/images.parquet", held.getvalue())
    held = io.BytesIO()
    pq.write_table(pa.table({"path": ["a.jpg"], "words": ["dark"]}), held)
    store.put("in/paths.parquet", held.getvalue())
    store.faults += [Fault("GET", r"in/never\.jpg", -1), Fault("GET", r"in/a\.jpg", 2, 503)]
    store.faults += [Fault("GET", "list-type=2", 1), Fault("PUT", "out/pictures/", 3), Fault("PUT", "out/index/", 1, 0)]

    request = BatchRequest("tiny", params={"exposure.ev": 0.4})
    report = run([store.url("in")], store.url("out"), request=request, workers=1)
    assert (report.written, report.failed) == (5, 4)
    assert store.hit >= 8
    root = f"s3://{BUCKET}/in"
    table = {name.removeprefix(f"{root}/"): row for name, row in rows(store.url("out")).items()}
    pictures = {
        "a.jpg": ("a.jpg", "kodak-02"),
        "shard.tar#1.jpg": ("shard.tar/1.jpg", "kodak-05"),
        "images.parquet#0": ("images.parquet/000000000.jpg", "kodak-07"),
        "images.parquet#1": ("images.parquet/000000001.jpg", "kodak-08"),
        "paths.parquet#0": ("paths.parquet/000000000.jpg", "kodak-02"),
    }
    for input, (name, photo) in pictures.items():
        source, plain = tmp_path / f"{photo}.jpg", tmp_path / "plain" / f"{photo}.jpg"
        source.write_bytes(small(photo))
        if not plain.exists():
            retouch_all([source], request, WriteOptions(tmp_path / "plain"))
        assert store.get(f"out/pictures/{name}") == plain.read_bytes()
        assert table[input]["status"] == "written"
    assert "cannot be read" in table["never.jpg"]["error"]
    assert "cannot name an output" in table["shard.tar#../3.jpg"]["error"]
    assert table["images.parquet#2"]["error"] == "row 2 holds no photo"
    assert table["shard.tar#2.jpg"]["error_kind"] == "UnreadablePhoto"
    assert {name for name in store.names() if name.startswith("out/pictures/")} == {
        f"out/pictures/{name}" for name, _ in pictures.values()
    }
    assert json.loads(store.get("out/run.json"))["schema"] == "veraretouch.run/1"


def test_a_request_that_is_refused_for_all_ends_the_run_at_once(photos, tmp_path):
    with pytest.raises(UnknownPlugin, match="no planner or bundle 'tinny'"):
        run([photos], tmp_path / "out", request=BatchRequest("tinny"))
    with pytest.raises(InvalidRequest, match="nothing would be written"):
        run([photos], tmp_path / "out", running=RunOptions(pictures=False))
    with pytest.raises(InvalidRequest, match="lies in OUT"):
        run([photos], photos.parent)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a.txt").touch()
    with pytest.raises(InvalidRequest, match="holds files that no run wrote"):
        run([photos], tmp_path / "full")
    with pytest.raises(InvalidRequest, match="there is nothing at"):
        run([tmp_path / "nothing"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_planned_alone_in_batches_photos_have_the_plain_commands_plans(photos, tmp_path):
    shutil.rmtree(photos / "trip")
    running = RunOptions(pictures=False, batch=4)
    report = run([photos / "*.jpg", photos / "b.JPG"], tmp_path / "out", workers=1, running=running, save_plan=True)
    assert (report.written, report.failed) == (2, 0)
    retouch_all([photos], BatchRequest("tiny"), WriteOptions(tmp_path / "plain", save_plan=True, jobs=1))
    for name, stem in (("photos/a.jpg", "a"), ("b.JPG", "b")):
        made, plain = (
            json.loads(path.read_text())
            for path in (tmp_path / "out" / "plans" / f"{name}.json", tmp_path / "plain" / f"{stem}.plan.json")
        )
        assert made == plain
    assert not (tmp_path / "out" / "pictures").exists()


def test_nothing_was_reported_to_anybody(refused):
    tried = {" ".join(line.split()[:2]) for line in refused.read_text().splitlines()}
    # Ray's head asks the kernel for this machine's address, and the cloud that it may stand in for that cloud's name.
    asked = {"datagram 8.8.8.8", "stream 169.254.169.254", "name 169.254.169.254", "name metadata.google.internal"}
    assert tried - asked == set()
    assert tried  # those that asked were heard
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
