"""Stamps spare hashing, and never hide a change."""

import os
import stat

import pytest
from bundles import facts_of

from veraretouch.core.errors import TamperedBundle
from veraretouch.zoo.bundles import verified
from veraretouch.zoo.bundles.manifest import FileFacts
from veraretouch.zoo.bundles.verified import open_verified

DATA = b"weights" * 1000
FACTS = FileFacts(**facts_of(DATA))


@pytest.fixture
def path(tmp_path):
    place = tmp_path / "weights"
    place.write_bytes(DATA)
    return place


@pytest.fixture
def hashed(monkeypatch):
    """Counts the files that are hashed."""
    counted = []
    real = verified.sha256_of
    monkeypatch.setattr(verified, "sha256_of", lambda file: counted.append(file.name) or real(file))
    return counted


def test_an_unchanged_file_is_hashed_once(path, hashed):
    for _ in range(3):
        with open_verified(path, FACTS) as file:
            assert file.read() == DATA
    assert len(hashed) == 1
    open_verified(path, FACTS, verify="always").close()
    assert len(hashed) == 2


def test_a_touched_file_is_hashed_again(path, hashed):
    open_verified(path, FACTS).close()
    os.utime(path)
    open_verified(path, FACTS).close()
    assert len(hashed) == 2


def test_changed_bytes_are_caught(path):
    open_verified(path, FACTS).close()
    path.write_bytes(b"W" + DATA[1:])
    with pytest.raises(TamperedBundle, match="has SHA-256"):
        open_verified(path, FACTS)


def test_changed_bytes_with_their_old_times_are_caught_when_everything_is_hashed(path):
    open_verified(path, FACTS).close()
    before = path.stat()
    with path.open("r+b") as file:
        file.write(b"W")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(TamperedBundle):
        open_verified(path, FACTS, verify="always")


def test_another_size_is_said_without_hashing(path, hashed):
    path.write_bytes(DATA[:-1])
    with pytest.raises(TamperedBundle, match=f"has {len(DATA) - 1} bytes; its manifest says {len(DATA)}"):
        open_verified(path, FACTS)
    assert not hashed


def test_a_missing_file(path):
    path.unlink()
    with pytest.raises(TamperedBundle, match="is missing"):
        open_verified(path, FACTS)


def test_a_stamp_for_another_hash_is_not_trusted(path):
    open_verified(path, FACTS).close()
    with pytest.raises(TamperedBundle):
        open_verified(path, FileFacts(len(DATA), "0" * 64))


@pytest.mark.parametrize("rubbish", [b"", b"{}", b"[]", b"\xff", b'{"size": 1}'])
def test_a_stamp_that_cannot_be_read_is_none(path, rubbish, hashed):
    open_verified(path, FACTS).close()
    verified._place(path).write_bytes(rubbish)
    open_verified(path, FACTS).close()
    assert len(hashed) == 2


def test_stamps_are_private(path):
    open_verified(path, FACTS).close()
    assert stat.S_IMODE(verified._folder().stat().st_mode) == 0o700


def test_without_a_place_for_stamps_files_are_hashed_each_time(path, hashed, tmp_path, monkeypatch):
    (tmp_path / "blocked").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "blocked"))
    for _ in range(2):
        open_verified(path, FACTS).close()
    assert len(hashed) == 2


def test_the_file_that_was_judged_is_the_one_that_is_read(path):
    with open_verified(path, FACTS) as file:
        path.unlink()
        path.write_bytes(b"something else")
        assert file.read() == DATA
