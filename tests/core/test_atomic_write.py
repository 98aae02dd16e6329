"""Files appear whole or not at all, take over what belongs to the file they replace, and leave nothing behind."""

import os
import stat
import subprocess
import sys
import time

import pytest

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


def test_a_file_appears_at_the_end_and_an_error_leaves_nothing(tmp_path):
    with new_file(tmp_path / "a.txt") as file:
        file.write(b"whole")
        assert not (tmp_path / "a.txt").exists()
    assert names(tmp_path) == ["a.txt"]

    def fail():
        with new_file(tmp_path / "a.txt") as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (tmp_path / "a.txt").read_bytes() == b"whole"
    assert names(tmp_path) == ["a.txt"]


def test_without_leave_nothing_is_replaced(tmp_path):
    write_file(tmp_path / "a.txt", b"first")
    with pytest.raises(InvalidRequest, match="exists already"):
        write_file(tmp_path / "a.txt", b"second", overwrite=False)
    assert (tmp_path / "a.txt").read_bytes() == b"first"
    with pytest.raises(InvalidRequest, match="cannot be written: No such file or directory"):
        write_file(tmp_path / "none" / "a.txt", b"x")
    assert names(tmp_path) == ["a.txt"]


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
