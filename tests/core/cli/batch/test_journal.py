"""A picture counts as done by hashes, never because a file is there."""

from dataclasses import replace

import pytest

from veraretouch.core.cli.batch.journal import (
    NAME,
    JournalEntry,
    Provenance,
    fingerprint,
    note_done,
    note_start,
    read_journal,
    versions,
    written_name,
)

ORIGIN = Provenance(*(fingerprint(part) for part in ("input", "plan", "options", "versions")))


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "[red]caf\u00e9\n\udcff.jpg"
    note_start(path)
    path.write_bytes(b"picture")
    note_done(path, ORIGIN, [path])
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


def test_a_picture_that_was_only_started_is_not_done_but_the_runs_own(picture):
    note_start(picture)
    assert past(picture) == JournalEntry(None)
    assert not past(picture).is_done(ORIGIN, [picture])
    assert past(picture).made(picture)


@pytest.mark.parametrize(
    "line",
    [
        b'{"schema": "veraretouch.journal/1", "output": "[red]caf',
        b"not json",
        b"\xff\xfe",
        b'{"schema": "veraretouch.journal/2", "output": "a.jpg", "state": "started"}',
        b'{"schema": "veraretouch.journal/1", "output": "a.jpg", "state": "done"}',
        b"[" * 100_000,
        b"{}",
    ],
)
def test_a_torn_or_foreign_line_is_passed_over(picture, line):
    journal = picture.with_name(NAME)
    journal.write_bytes(journal.read_bytes() + b"\n" + line)
    assert past(picture).is_done(ORIGIN, [picture])
    note_start(picture.with_name("next.jpg"))
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
