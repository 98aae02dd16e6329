"""What products may replace: nothing, unless the user says so or an earlier run made it; a photo, by nothing less."""

import os

import pytest

from veraretouch.core import errors
from veraretouch.core.cli.batch.journal import Provenance, fingerprint, note_written, read_journal, written_name
from veraretouch.core.cli.batch.outputs import Products
from veraretouch.core.cli.batch.placing import header_losses, in_place, may_replace, refuse_losses
from veraretouch.core.cli.batch.request import BatchRequest
from veraretouch.core.cli.batch.task import PhotoTask
from veraretouch.core.cli.options import WriteOptions
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
