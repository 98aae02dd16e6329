"""Runs whose processes are killed: nothing is missing, nothing is half, one row a photo; and a photo that kills."""

from __future__ import annotations

import shutil
import tarfile
import time
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("veraretouch_ray", reason="pip install ./contrib/ray")

from cluster_processes import Run, descendants
from cluster_run import index, until_written

from veraretouch.core.photo import file_hash

DATA = Path(__file__).parents[2] / "data"

# They start sessions of their own, by the command; in one group, so that two do not run at a time.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ray kills")]


@pytest.fixture
def photos(tmp_path):
    """Sixty small photos."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, source in enumerate(sorted((DATA / "photos").glob("*.jpg")) * 3):
        image = Image.open(source).convert("RGB")
        image.thumbnail((200 + number, 200))
        image.save(folder / f"{number:03d}.jpg")
        if number == 59:
            break
    return folder


def check_whole(inputs, out):
    """Each photo has one row and whole outputs, and nothing else lies there."""
    rows = index(out)
    assert Counter(row["input"] for row in rows) == Counter(map(str, inputs))
    for row in rows:
        assert row["status"] == "written"
        for made in row["outputs"]:
            assert file_hash(out / made["name"]) == made["hash"]
    assert len(list((out / "pictures").rglob("*.jpg"))) == len(rows)
    assert not list(out.rglob(".*"))


def test_a_worker_that_is_killed_costs_no_photo(photos, tmp_path):
    out = tmp_path / "out"
    run = Run.start("ray", "auto", photos, out, "--workers", 2)
    until_written(out, 5, run)
    run.kill(run.workers()[0])
    assert "60 written, 0 failed" in run.end()
    assert run.process.returncode == 0
    check_whole(photos.iterdir(), out)


def test_a_worker_that_is_killed_over_a_shard_reads_it_again_and_tells_of_each_photo_once(photos, tmp_path):
    shard, out = tmp_path / "shard.tar", tmp_path / "out"
    with tarfile.open(shard, "w") as tar:
        for path in sorted(photos.iterdir()):
            tar.add(path, path.name)
    run = Run.start("ray", "auto", shard, out, "--workers", 1)
    until_written(out, 25, run)  # of the second batch: the rows of the first are on their way
    run.kill(run.workers()[0])
    assert "60 written, 0 failed" in run.end()
    check_whole((f"{shard}#{path.name}" for path in photos.iterdir()), out)


def test_a_driver_that_is_killed_leaves_whole_files_no_process_and_a_run_that_goes_on(photos, tmp_path):
    out = tmp_path / "out"
    run = Run.start("ray", "auto", photos, out, "--workers", 2)
    until_written(out, 12, run)
    begun = descendants(run.process.pid)
    run.kill(run.process.pid)
    until = time.monotonic() + 180
    while any(Path(f"/proc/{pid}/cmdline").exists() and _is_ray(pid) for pid in begun):
        assert time.monotonic() < until
        time.sleep(0.5)
    for picture in (out / "pictures").glob("*.jpg"):
        Image.open(picture).load()
    done_before = len(index(out)) if (out / "index").exists() else 0
    said = Run.start("ray", "auto", photos, out, "--workers", 2, "--resume").end()
    assert f"{60 - done_before} written, 0 failed" in said
    check_whole(photos.iterdir(), out)


def _is_ray(pid):
    words = Path(f"/proc/{pid}/cmdline").read_bytes()
    return b"ray" in words


def test_a_photo_that_takes_its_process_down_each_time_is_a_row_and_the_others_are_done(photos, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(DATA / "plugins" / "fake"))
    for path in sorted(photos.iterdir())[20:]:
        path.unlink()
    shutil.move(photos / "007.jpg", photos / "victim.jpg")
    out = tmp_path / "out"
    run = Run.start("ray", "style", "die", photos, out, "--planner", "fake.brighten", "--workers", 2)
    assert "19 written, 1 failed" in run.end()
    assert run.process.returncode == 1
    rows = {Path(row["input"]).name: row for row in index(out)}
    assert len(rows) == 20
    assert {name for name, row in rows.items() if row["status"] == "failed"} == {"victim.jpg"}
    assert rows["victim.jpg"]["error_kind"] == "WorkerDied"
