"""Files appear whole or not at all, and what has the name already stays where that is wished."""

from __future__ import annotations

import os

import pytest

from veraretouch.core import atomic_write
from veraretouch.core.atomic_write import new_file, write_file
from veraretouch.core.errors import InvalidRequest


def test_a_file_has_its_name_only_once_it_is_whole(tmp_path):
    path = tmp_path / "a.txt"
    with new_file(path) as file:
        file.write(b"one")
        file.flush()
        assert not path.exists()
        (temporary,) = tmp_path.iterdir()
        assert temporary.name.startswith(".")
        assert temporary.suffix == ".tmp"
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_on_the_way_leaves_what_was_there_and_no_temporary_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"before")

    def fail():
        with new_file(path) as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_what_was_written_can_be_read_back_before_it_has_its_name(tmp_path):
    with new_file(tmp_path / "a.txt") as file:
        file.write(b"one")
        file.seek(0)
        assert file.read() == b"one"


@pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])
def test_without_overwrite_whoever_came_first_stays(tmp_path, monkeypatch, links):
    if not links:

        def link(*arguments, **options):
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(atomic_write.os, "link", link)
    path = tmp_path / "a.txt"
    write_file(path, b"first", overwrite=False)
    assert path.read_bytes() == b"first"
    with pytest.raises(InvalidRequest, match=r"a.txt' exists already. Choose another name, or allow overwriting\."):
        write_file(path, b"second", overwrite=False)
    assert path.read_bytes() == b"first"
    write_file(path, b"third")
    assert path.read_bytes() == b"third"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_folder_that_is_not_there_is_one_error_with_the_systems_reason(tmp_path):
    with pytest.raises(InvalidRequest, match=r"cannot be written: No such file or directory. Check the folder\."):
        write_file(tmp_path / "absent" / "a.txt", b"x")
