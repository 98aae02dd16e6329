"""A reader of the two most read calls is not sent to and fro: see tests/benchmarks/reading/call_path.py.

Each call is traced in a process of its own, so that nothing has been imported or kept before.
"""

import os
from pathlib import Path

import pytest
from call_path import CallPath, Opened
from PIL import Image

import veraretouch as vr

TRACER = Path(__file__).parent / "benchmarks" / "reading" / "call_path.py"
PHOTO = Path(__file__).parent / "data" / "photos" / "kodak-03.jpg"
MOST = 6  # returns into folders that were left


@pytest.fixture
def returns(tmp_path, prepared_processes):
    """The number of returns, and the path that shows them."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VERARETOUCH"))}
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "XDG_CONFIG_HOME": str(tmp_path)}

    def traced(*arguments):
        words = [str(TRACER), *map(str, arguments)]
        told = prepared_processes.run(words, cwd=tmp_path, env=clean | home)
        assert told.returncode == 0, told.stderr
        words = told.stdout.splitlines()[-1].split()
        assert (words[1], words[3]) == ("modules,", "returns,")
        assert int(words[0]) > 10  # it was traced
        return int(words[2]), told.stdout

    return traced


SLOW = pytest.mark.slow  # each call takes seconds, since it is traced; two show the way through tables and around them


@pytest.mark.parametrize(
    ("planner", "scale", "suffix"),
    [
        ("rules", 9, ".jpg"),
        ("tiny", 1, ".png"),
        pytest.param("rules", 1, ".jpg", marks=SLOW),
        pytest.param("rules", 1, ".png", marks=SLOW),
        pytest.param("tiny", 1, ".jpg", marks=SLOW),
        pytest.param("tiny", 9, ".jpg", marks=SLOW),
    ],
)
def test_a_reader_of_auto_is_sent_back_to_a_folder_six_times_at_most(tmp_path, returns, planner, scale, suffix):
    photo = tmp_path / f"photo{suffix}"
    with Image.open(PHOTO) as opened:
        opened.resize((opened.width * scale, opened.height * scale)).save(photo)
    count, path = returns("auto", photo, "--planner", planner)
    assert (tmp_path / "retouched" / photo.name).exists()
    assert ("core/lut" in path) == (scale > 1)  # by a table
    assert count <= MOST, path


@pytest.mark.parametrize("name", ["rules", "tiny"])
def test_a_reader_of_zoo_load_is_sent_back_to_a_folder_six_times_at_most(returns, name):
    count, path = returns("load", name)
    assert count <= MOST, path


def test_a_reader_of_a_folders_bundle_is_sent_back_to_a_folder_six_times_at_most(tmp_path, returns):
    licence = {"spdx": "MIT", "commercial_use": True}
    vr.zoo.pack(vr.zoo.load("tiny"), tmp_path / "mine", name="mine", version="1", licence=licence)
    count, path = returns("load", tmp_path / "mine")
    assert count <= MOST, path


def test_a_call_from_another_folder_into_one_that_was_left_is_a_return():
    path = CallPath(
        [
            Opened("core/cli/shell", "main", ""),
            Opened("core/photo/load", "load", "core/cli/shell"),
            Opened("core/photo/formats/jpeg", "read", "core/photo/load"),  # the same room
            Opened("core/cli/options", "flat", "core/cli/shell"),  # its caller has the folder open
            Opened("ops/hsl", "apply", "core/cli/options"),
            Opened("core/photo/save", "save", "ops/hsl"),
        ]
    )
    assert [each.module for each in path.returns()] == ["core/photo/save"]
    assert [each.module for each in path.entries()] == ["core/cli/options", "core/photo/save"]
    assert str(path).endswith("6 modules, 1 returns, 2 entries into folders left")
