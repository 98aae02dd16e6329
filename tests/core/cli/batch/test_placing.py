"""What products may replace: nothing, unless the user says so or an earlier run made it; a photo, by nothing less.
`--resume` leaves a picture that was made from the same: photo, request, options that change it, versions.
"""

import os
from dataclasses import fields, make_dataclass, replace
from pathlib import Path
from typing import Annotated

import pytest
import typer

from veraretouch.core import errors
from veraretouch.core.cli.batch.journal import Provenance, fingerprint, note_written, read_journal, written_name
from veraretouch.core.cli.batch.outputs import Products
from veraretouch.core.cli.batch.placing import (
    check_header,
    header_losses,
    in_place,
    may_replace,
    origin_of,
    refuse_losses,
)
from veraretouch.core.cli.batch.request import BatchRequest
from veraretouch.core.cli.batch.task import PhotoTask
from veraretouch.core.cli.options import RUN_ONLY, EngineName, OutputSharpeningName, Space, Strip, WriteOptions
from veraretouch.core.errors import PhotoTooLarge, UnwritablePhoto
from veraretouch.core.photo import Header

ORIGIN = Provenance(*(fingerprint(part) for part in ("input", "plan", "options", "versions")))


@pytest.fixture
def make(tmp_path):
    """A task from a.jpg to out.jpg and out.plan.json, with options and what the journal says."""
    (tmp_path / "a.jpg").write_bytes(b"photo")
    picture = tmp_path / "out.jpg"

    def task(picture=picture, *, plan=True, **options):
        products = Products(picture, plan=picture.with_suffix(".plan.json") if plan else None)
        earlier = read_journal(picture.parent).get(written_name(picture))
        return PhotoTask(
            0, tmp_path / "a.jpg", products, BatchRequest("rules"), WriteOptions(**options), earlier=earlier
        )

    return task


@pytest.fixture
def task(tmp_path):
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"photo")
    products = Products(tmp_path / "out" / "a.jpg")
    return PhotoTask(0, photo, products, BatchRequest("rules"), WriteOptions(), versions="1")


def by_a_run(*paths):
    for path in paths:
        path.write_bytes(b"made by a run")
    note_written(paths[0], ORIGIN, {path: path for path in paths})


def test_where_nothing_is_there_nothing_is_replaced(make):
    assert may_replace(make()) is False
    assert may_replace(make(overwrite=True)) is True


@pytest.mark.parametrize("resume", [True, False])
def test_what_is_there_stays_unless_the_user_says_so(make, tmp_path, resume):
    (tmp_path / "out.plan.json").write_text("{}")
    with pytest.raises(errors.UnwritablePhoto, match=r"out\.plan\.json' exists already") as refusal:
        may_replace(make(resume=resume))
    assert ("Go on with an earlier run by --resume" in str(refusal.value)) is not resume
    assert "--overwrite" in str(refusal.value)
    assert may_replace(make(overwrite=True, resume=resume)) is True


def test_a_runs_own_work_is_replaced_by_resume_alone(make, tmp_path):
    by_a_run(tmp_path / "out.jpg", tmp_path / "out.plan.json")
    assert may_replace(make(resume=True)) is True
    with pytest.raises(errors.UnwritablePhoto, match="exists already"):
        may_replace(make())
    (tmp_path / "out.plan.json").write_text("mine")
    with pytest.raises(errors.UnwritablePhoto, match=r"out\.plan\.json' exists already"):
        may_replace(make(resume=True))
    assert may_replace(make(resume=True, plan=False)) is True


@pytest.mark.parametrize("options", [{}, {"overwrite": True}, {"resume": True}])
def test_a_folder_is_never_replaced_and_named_as_one(make, tmp_path, options):
    (tmp_path / "out.jpg").mkdir()
    with pytest.raises(errors.UnwritablePhoto, match=r"out\.jpg' is a folder"):
        may_replace(make(**options))
    (tmp_path / "out.jpg").rmdir()
    (tmp_path / "out.jpg").symlink_to(tmp_path)  # of a link the name alone is taken
    assert may_replace(make(overwrite=True)) is True


def test_a_link_that_leads_nowhere_is_there_too(make, tmp_path):
    os.symlink("missing", tmp_path / "out.jpg")
    with pytest.raises(errors.UnwritablePhoto, match="exists already"):
        may_replace(make())


def test_a_photos_own_place_is_known_by_any_of_its_names(make, tmp_path):
    os.link(tmp_path / "a.jpg", tmp_path / "hard.jpg")
    os.symlink("a.jpg", tmp_path / "soft.jpg")
    for name in ("a.jpg", "hard.jpg", "soft.jpg"):
        assert in_place(make(tmp_path / name))
    assert not in_place(make())


@pytest.mark.parametrize(
    ("header", "options", "told"),
    [
        (Header(30, 20, "TIFF"), {}, []),
        (Header(30, 20, "TIFF", frames=2), {}, ["2 frames or pages: only the first is read"]),
        (Header(30, 20, "TIFF"), {"preview": 30, "max_size": 31}, []),
        (Header(20, 30, "TIFF"), {"preview": 29}, ["--preview 29 is less than its 30 pixels"]),
        (Header(30, 20, "TIFF"), {"max_size": 20}, ["--max-size 20 is less than its 30 pixels"]),
    ],
)
def test_a_header_tells_what_would_be_lost(make, header, options, told):
    assert header_losses(header, make(**options)) == told


def test_losses_are_told_once_each_with_the_cure(tmp_path):
    refuse_losses([], tmp_path)
    with pytest.raises(errors.UnwritablePhoto, match=r"holds: one; two\. .*--overwrite --lossy"):
        refuse_losses(["one", "two", "one"], tmp_path)


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
