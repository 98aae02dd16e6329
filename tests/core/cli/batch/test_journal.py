"""A picture counts as done by hashes, never because a file is there."""

import os
from dataclasses import replace

import pytest

from veraretouch.core import errors
from veraretouch.core.cli.batch.journal import (
    NAME,
    Provenance,
    fingerprint,
    note_written,
    read_journal,
    versions,
    written_name,
)

ORIGIN = Provenance(*(fingerprint(part) for part in ("input", "plan", "options", "versions")))


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "[red]caf\u00e9\n\udcff.jpg"
    path.write_bytes(b"picture")
    note_written(path, ORIGIN, {path: path})
    return path


def past(picture):
    return read_journal(picture.parent)[written_name(picture)]


def test_what_was_made_from_the_same_is_done(picture):
    assert past(picture).is_done(ORIGIN, [picture])


@pytest.mark.parametrize("part", ["input", "plan", "options", "versions"])
def test_another_input_plan_option_or_version_is_not_done_but_may_be_replaced(picture, part):
    other = replace(ORIGIN, **{part: fingerprint("other")})
    assert not past(picture).is_done(other, [picture])
    assert past(picture).made(picture)


def test_a_picture_that_was_touched_or_lost_is_not_done(picture):
    picture.write_bytes(b"edited")
    assert not past(picture).is_done(ORIGIN, [picture])
    assert not past(picture).made(picture)
    picture.unlink()
    assert not past(picture).is_done(ORIGIN, [picture])


def test_another_product_is_not_done(picture):
    compare = picture.with_name("compare.jpg")
    compare.write_bytes(b"x")
    assert not past(picture).is_done(ORIGIN, [picture, compare])


def test_a_picture_that_was_noted_and_never_written_claims_nothing(picture, tmp_path):
    made = tmp_path / "made"
    made.write_bytes(b"another picture")
    note_written(picture, replace(ORIGIN, input=fingerprint("other")), {picture: made})
    assert not past(picture).is_done(ORIGIN, [picture])
    assert past(picture).made(picture)  # by the run before
    picture.write_bytes(made.read_bytes())
    assert past(picture).made(picture)
    picture.write_bytes(b"somebody else's")
    assert not past(picture).made(picture)


def test_a_line_of_old_that_only_says_that_a_picture_was_started_claims_nothing(picture):
    other = picture.with_name("other.jpg")
    journal = picture.with_name(NAME)
    for path in (picture, other):
        line = f'{{"schema": "veraretouch.journal/1", "output": "{written_name(path)}", "state": "started"}}'
        journal.write_text(f"{journal.read_text()}\n{line}")
    assert set(read_journal(picture.parent)) == {written_name(picture)}
    assert past(picture).is_done(ORIGIN, [picture])


def test_an_empty_file_at_a_noted_name_is_a_claim_of_a_run_and_elsewhere_nobodys(picture):
    picture.write_bytes(b"")
    assert past(picture).made(picture)
    assert not past(picture).is_done(ORIGIN, [picture])
    other = picture.with_name("other.jpg")
    other.touch()
    assert not past(picture).made(other)


def test_what_is_no_file_is_nobodys_and_never_opened(picture):
    picture.unlink()
    os.mkfifo(picture)
    assert not past(picture).made(picture)
    assert not past(picture).is_done(ORIGIN, [picture])


@pytest.mark.parametrize(
    "put", [lambda path: path.symlink_to("elsewhere"), os.mkfifo, os.mkdir], ids=["link", "fifo", "folder"]
)
def test_a_journal_that_is_no_file_is_refused_and_what_it_points_to_stays(tmp_path, put):
    (tmp_path / "elsewhere").write_text("precious")
    put(tmp_path / NAME)
    (tmp_path / "a.jpg").write_bytes(b"picture")
    with pytest.raises(errors.UnwritablePhoto, match=r"the journal '.*' is (a symbolic link|no regular file)"):
        read_journal(tmp_path)
    with pytest.raises(errors.UnwritablePhoto, match="the journal"):
        note_written(tmp_path / "a.jpg", ORIGIN, {tmp_path / "a.jpg": tmp_path / "a.jpg"})
    assert (tmp_path / "elsewhere").read_text() == "precious"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b'{"schema": "veraretouch.journal/1", "output": "[red]caf', id="torn"),
        b"not json",
        pytest.param(b"\xff\xfe", id="not UTF-8"),
        pytest.param(
            b'{"schema": "veraretouch.journal/2", "output": "a.jpg", "state": "started"}', id="a later schema"
        ),
        pytest.param(b'{"schema": "veraretouch.journal/1", "output": "a.jpg", "state": "done"}', id="done of nothing"),
        pytest.param(b"[" * 100_000, id="100,000 brackets"),
        b"{}",
    ],
)
def test_a_torn_or_foreign_line_is_passed_over(picture, line):
    journal = picture.with_name(NAME)
    journal.write_bytes(journal.read_bytes() + b"\n" + line)
    assert past(picture).is_done(ORIGIN, [picture])
    note_written(picture.with_name("next.jpg"), ORIGIN, {picture: picture})
    assert set(read_journal(picture.parent)) == {written_name(picture), "next.jpg"}


def test_zeros_that_a_lost_current_left_cost_no_line(picture):
    journal = picture.with_name(NAME)
    whole = journal.read_bytes()
    for spoilt in (whole.rstrip(b"\n") + bytes(4096), whole + bytes(4096)):
        journal.write_bytes(spoilt)
        assert past(picture).is_done(ORIGIN, [picture])
    note_written(picture.with_name("next.jpg"), ORIGIN, {picture: picture})
    assert set(read_journal(picture.parent)) == {written_name(picture), "next.jpg"}


def test_without_a_journal_nothing_is_done(tmp_path):
    assert read_journal(tmp_path) == {}
    assert read_journal(tmp_path / "none") == {}


def test_versions_cover_every_distribution_of_ops_and_planners(monkeypatch):
    from pathlib import Path

    from veraretouch import registry

    before = versions()
    assert before == versions()
    with monkeypatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parents[3] / "data" / "plugins" / "fake")
        registry.planners.refresh()
        assert versions() != before
    registry.planners.refresh()
    assert versions() == before


def test_a_journal_is_written_where_the_system_knows_no_waiting(picture, monkeypatch):
    for name in ("O_NONBLOCK", "O_NOFOLLOW"):  # as on Windows
        monkeypatch.delattr(os, name, raising=False)
    note_written(picture, ORIGIN, {picture: picture})
    assert read_journal(picture.parent)[written_name(picture)]
