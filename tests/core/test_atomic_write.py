"""Files appear whole or not at all; what has the name already stays, or hands over what is not its content; nothing is
left behind.
"""

import os
import stat
import subprocess
import sys
import time

import pytest

from veraretouch.core import atomic_write
from veraretouch.core.atomic_write import give_name, new_file, remove_abandoned, staging_folder, write_file
from veraretouch.core.errors import InvalidRequest

# A process that is in the middle of writing a file and of making others in a folder, until it is killed.
WRITER = """
import sys, time
from pathlib import Path
from veraretouch.core.atomic_write import new_file, staging_folder
folder = Path(sys.argv[1])
with new_file(folder / "a.txt") as file, staging_folder(folder) as staging:
    file.write(b"half")
    (staging / "b.txt").write_bytes(b"half")
    print("at work", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def writer(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "at work\n"
    yield process
    process.kill()
    process.communicate()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


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


@pytest.mark.skipif(sys.platform == "win32", reason="mode bits are of POSIX")
@pytest.mark.parametrize("mode", [0o600, 0o664, 0o640])
def test_a_replaced_file_keeps_its_mode_bits_and_new_ones_get_the_usual(tmp_path, mode):
    path = tmp_path / "a.txt"
    write_file(path, b"first")
    usual = tmp_path / "usual"
    usual.touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)
    path.chmod(mode)
    write_file(path, b"second")
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_bytes() == b"second"


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root may give files away")
def test_a_replaced_file_keeps_its_owner(tmp_path):
    path = tmp_path / "a.txt"
    write_file(path, b"first")
    os.chown(path, 12345, 23456)
    write_file(path, b"second")
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456)


def test_times_are_kept_where_asked_for(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"first")
    os.utime(path, ns=(10**18, 2 * 10**18))
    with staging_folder(tmp_path) as staging:
        (staging / "a.txt").write_bytes(b"second")
        give_name(staging / "a.txt", path, overwrite=True, keep_times=True)
    assert path.read_bytes() == b"second"
    assert path.stat().st_mtime_ns == 2 * 10**18
    write_file(path, b"third")
    assert path.stat().st_mtime > time.time() - 60


def test_a_link_is_replaced_itself_and_what_it_names_stays(tmp_path):
    (tmp_path / "real.txt").write_bytes(b"real")
    (tmp_path / "link.txt").symlink_to("real.txt")
    write_file(tmp_path / "link.txt", b"new")
    assert (tmp_path / "real.txt").read_bytes() == b"real"
    assert (tmp_path / "link.txt").read_bytes() == b"new"


def test_a_staging_folder_is_private_and_gone_at_the_end(tmp_path):
    def fail():
        with staging_folder(tmp_path) as staging:
            (staging / "a.txt").write_bytes(b"half")
            assert sys.platform == "win32" or stat.S_IMODE(staging.stat().st_mode) == 0o700
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert names(tmp_path) == []
    with pytest.raises(OSError, match="none") as refusal, staging_folder(tmp_path / "none"):
        pass
    assert refusal.value.filename == str(tmp_path / "none")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")
def test_what_a_living_process_makes_stays_and_a_dead_ones_is_removed(tmp_path, writer):
    half = [name for name in names(tmp_path) if name.endswith(".tmp")]
    assert len(half) == 2
    assert remove_abandoned(tmp_path) == []
    assert names(tmp_path) == half
    writer.kill()
    writer.wait()
    assert names(tmp_path) == half
    assert sorted(path.name for path in remove_abandoned(tmp_path)) == half
    assert names(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")
def test_files_that_are_not_of_ours_stay(tmp_path):
    (tmp_path / "kept").write_bytes(b"x")
    for name in (".notes.tmp", "a.tmp", ".0123456789ab.tmp.jpg", ".0123456789AB.tmp"):
        (tmp_path / name).write_bytes(b"x")
    os.mkfifo(tmp_path / ".0123456789ac.tmp")
    (tmp_path / ".0123456789ad.tmp").symlink_to("kept")
    before = names(tmp_path)
    assert remove_abandoned(tmp_path) == []
    assert names(tmp_path) == before
    assert remove_abandoned(tmp_path / "none") == []
