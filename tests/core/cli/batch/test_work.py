"""A damaged photo is refused by the command line, and with --salvage written with a warning; what was opened and
planned before is not opened and planned again.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from veraretouch.core.cli.batch import work
from veraretouch.core.cli.batch.outputs import Products
from veraretouch.core.cli.batch.planning import make_plans
from veraretouch.core.cli.batch.request import BatchRequest
from veraretouch.core.cli.batch.task import PhotoTask
from veraretouch.core.cli.batch.work import open_subject, retouch
from veraretouch.core.cli.options import WriteOptions
from veraretouch.core.photo import as_photo

CASES = Path(__file__).parents[3] / "data" / "cases"


def test_salvage_writes_what_is_left_of_a_damaged_jpeg(cli, tmp_path):
    shutil.copy(CASES / "jpeg-ruined-sector.jpg", tmp_path / "a.jpg")
    refused = cli("auto", "a.jpg", "--out", "b.jpg", code=1)
    assert "extraneous bytes" in refused.stderr + refused.stdout
    assert not (tmp_path / "b.jpg").exists()
    done = cli("auto", "a.jpg", "--out", "b.jpg", "--salvage")
    assert "damaged" in done.stderr + done.stdout
    assert (tmp_path / "b.jpg").exists()


def test_salvage_writes_a_part_where_there_is_one_and_says_where_there_is_none(cli, tmp_path):
    noise = as_photo(np.random.default_rng(1).integers(0, 256, (96, 128, 3), dtype=np.uint8))
    for suffix in ("png", "webp"):
        whole = noise.encode(suffix)
        (tmp_path / f"{suffix}.{suffix}").write_bytes(whole[: len(whole) // 2])
    command = ("auto", "png.png", "webp.webp", "--jobs", "1", "--out", "out")
    refused = cli(*command, code=1)
    assert refused.stderr.count("is damaged or incomplete") == 2
    assert not list(tmp_path.glob("out/*.*p*"))
    done = cli(*command, "--salvage", code=1)
    assert "nothing of this WEBP could be salvaged" in done.stderr
    assert "damaged: the chunk 'IDAT'" in done.stderr + done.stdout
    assert [path.name for path in tmp_path.glob("out/*.*p*")] == ["png.png"]


def test_a_photo_that_was_opened_and_planned_before_gives_the_same_bytes_and_is_opened_and_planned_no_more(
    tmp_path, monkeypatch
):
    task = PhotoTask(
        0, tmp_path / "a.jpg", Products(tmp_path / "out" / "a.jpg"), BatchRequest("rules"), WriteOptions(), versions="1"
    )
    as_photo(np.random.default_rng(1).integers(0, 256, (60, 90, 3), dtype=np.uint8)).save(task.source)
    there = replace(task, products=Products(task.source.parent / "there" / "a.jpg"))
    subject = open_subject(there)
    (plan,) = make_plans(there.request, [subject])
    assert retouch(task).status == "written"
    monkeypatch.setattr(work, "open_photo", None)
    monkeypatch.setattr(work, "make_plan", None)
    assert retouch(there, subject=subject, plan=plan).status == "written"
    assert there.products.picture.read_bytes() == task.products.picture.read_bytes()
