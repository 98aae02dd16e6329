"""`--resume` leaves a picture that was made from the same: photo, request, options that change it, versions.
A damaged photo is refused by the command line, and with --salvage written with a warning.
"""

import shutil
from dataclasses import fields, make_dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
import typer

from veraretouch.core.cli.batch import work
from veraretouch.core.cli.batch.outputs import Products
from veraretouch.core.cli.batch.placing import check_header, origin_of
from veraretouch.core.cli.batch.planning import make_plans
from veraretouch.core.cli.batch.request import BatchRequest
from veraretouch.core.cli.batch.task import PhotoTask
from veraretouch.core.cli.batch.work import open_subject, retouch
from veraretouch.core.cli.options import RUN_ONLY, EngineName, OutputSharpeningName, Space, Strip, WriteOptions
from veraretouch.core.errors import PhotoTooLarge, UnwritablePhoto
from veraretouch.core.photo import Header, as_photo

CASES = Path(__file__).parents[3] / "data" / "cases"

OTHER = {
    "quality": 50,
    "max_size": 100,
    "preview": 100,
    "color_space": Space.P3,
    "output_sharpening": OutputSharpeningName.MATTE,
    "strip": Strip.GPS,
    "engine": EngineName.EXACT,
    "tolerance": 0.5,
}
RUN = {
    "out": Path("elsewhere"),
    "name": "{index}.{ext}",
    "overwrite": True,
    "lossy": True,
    "compare": True,
    "save_plan": True,
    "recursive": True,
    "pairs": "raw",
    "jobs": 3,
    "resume": True,
    "dry_run": True,
    "verbose": True,
    "timings": True,
    "json": True,
}


@pytest.fixture
def task(tmp_path):
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"photo")
    products = Products(tmp_path / "out" / "a.jpg")
    return PhotoTask(0, photo, products, BatchRequest("rules"), WriteOptions(), versions="1")


def test_every_option_is_known_to_change_the_picture_or_not_to():
    assert {field.name for field in fields(WriteOptions)} == {*OTHER, *RUN}
    assert set(WriteOptions().picture_options()) == set(OTHER)


@pytest.mark.parametrize("name", OTHER)
def test_an_option_that_changes_the_picture_is_another_origin(task, name):
    other = replace(task, options=replace(task.options, **{name: OTHER[name]}))
    assert not origin_of(other).same_origin(origin_of(task))


@pytest.mark.parametrize("name", RUN)
def test_an_option_of_the_run_alone_is_the_same_origin(task, name):
    other = replace(task, options=replace(task.options, **{name: RUN[name]}))
    assert origin_of(other).same_origin(origin_of(task))


def test_a_new_option_changes_the_picture_unless_it_says_otherwise():
    fresh = [
        ("grain", Annotated[int, typer.Option()], 0),
        ("colourful", Annotated[bool, typer.Option(), RUN_ONLY], False),
    ]
    options = make_dataclass("Newer", fresh, bases=(WriteOptions,), frozen=True)()
    assert set(options.picture_options()) == {*OTHER, "grain"}


@pytest.mark.parametrize(
    "change",
    [
        {"versions": "2"},
        {"request": BatchRequest("tiny")},
        {"request": BatchRequest("rules", style="warm")},
        {"request": BatchRequest("rules", params={})},
        {"request": BatchRequest("rules", plan={"mode": "auto"})},
        {"request": BatchRequest("rules", groups=frozenset({"lighting"}))},
        {"request": BatchRequest("rules", strength=0.5)},
        {"request": BatchRequest("rules", seed=1)},
        {"request": BatchRequest("rules", taste="vivid")},
        {"request": BatchRequest("rules", dtype="int8")},
        {"request": BatchRequest("rules", frame={"angle": 1.0})},
        {"request": BatchRequest("rules", level=True)},
        {"request": BatchRequest("rules", tones=((0.5,), (0.5,), (0.5,)))},
        {"products": Products(Path("out/a.jpg"), compare=Path("out/a_compare.jpg"))},
    ],
    ids=[
        *("versions", "planner", "style", "params", "plan", "groups", "strength", "seed", "taste", "dtype", "frame"),
        *("level", "tones"),
        "products",
    ],
)
def test_another_request_version_or_product_is_another_origin(task, change):
    assert not origin_of(replace(task, **change)).same_origin(origin_of(task))


def test_another_photo_is_another_origin_and_what_decides_only_whether_it_is_read_is_not(task):
    before = origin_of(task)
    assert origin_of(replace(task, request=BatchRequest("rules", max_pixels=5))).same_origin(before)
    assert origin_of(replace(task, request=BatchRequest("rules", salvage=True))).same_origin(before)
    task.source.write_bytes(b"another")
    assert not origin_of(task).same_origin(before)


def test_pages_are_lost_only_where_a_file_takes_the_place_of_its_photo(task):
    pages = Header(40, 30, "TIFF", frames=3)
    replacing = replace(task, products=Products(task.source))
    check_header(pages, task)
    check_header(pages, replace(replacing, options=WriteOptions(lossy=True)))
    with pytest.raises(UnwritablePhoto, match="would be replaced by less than it holds: 3 frames or pages"):
        check_header(pages, replacing)


def test_a_header_of_too_many_pixels_is_refused_and_one_of_as_many_as_allowed_is_not(task):
    allowed = replace(task, request=BatchRequest("rules", max_pixels=1200))
    check_header(Header(40, 30, "PNG"), allowed)
    with pytest.raises(PhotoTooLarge, match=r"announces 1,240 pixels; the limit is 1,200\. Raise --max-pixels"):
        check_header(Header(40, 31, "PNG"), allowed)


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
    task, monkeypatch
):
    as_photo(np.random.default_rng(1).integers(0, 256, (60, 90, 3), dtype=np.uint8)).save(task.source)
    there = replace(task, products=Products(task.source.parent / "there" / "a.jpg"))
    subject = open_subject(there)
    (plan,) = make_plans(there.request, [subject])
    assert retouch(task).status == "written"
    monkeypatch.setattr(work, "open_photo", None)
    monkeypatch.setattr(work, "make_plan", None)
    assert retouch(there, subject=subject, plan=plan).status == "written"
    assert there.products.picture.read_bytes() == task.products.picture.read_bytes()
