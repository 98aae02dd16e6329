"""A reader of the two most read calls is not sent to and fro: see tests/benchmarks/reading/call_path.py.

Each call is traced in a process of its own, so that nothing has been imported or kept before.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from call_path import CallPath, Opened
from PIL import Image

import veraretouch as vr

TRACER = Path(__file__).parent / "benchmarks" / "reading" / "call_path.py"
PHOTO = Path(__file__).parent / "data" / "photos" / "kodak-03.jpg"
MOST = 6  # returns into folders that were left


def returns(tmp_path, *arguments):
    """The number of returns, and the path that shows them."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VERARETOUCH")}
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "XDG_CONFIG_HOME": str(tmp_path)}
    told = subprocess.run(
        [sys.executable, TRACER, *map(str, arguments)], env=clean | home, capture_output=True, text=True, timeout=120
    )
    assert told.returncode == 0, told.stderr
    words = told.stdout.splitlines()[-1].split()
    assert (words[1], words[3]) == ("modules,", "returns,")
    assert int(words[0]) > 10  # it was traced
    return int(words[2]), told.stdout


@pytest.mark.parametrize("planner", ["rules", "tiny"])
@pytest.mark.parametrize(("scale", "suffix"), [(1, ".jpg"), (9, ".jpg"), (1, ".png")])
def test_a_reader_of_auto_is_sent_back_to_a_folder_six_times_at_most(tmp_path, planner, scale, suffix):
    photo = tmp_path / f"photo{suffix}"
    with Image.open(PHOTO) as opened:
        opened.resize((opened.width * scale, opened.height * scale)).save(photo)
    count, path = returns(tmp_path, "auto", photo, "--planner", planner)
    assert (tmp_path / "retouched" / photo.name).exists()
    assert ("core/lut" in path) == (scale > 1 and planner == "rules")  # by a table; tiny leaves this one alone
    assert count <= MOST, path


@pytest.mark.parametrize("name", ["rules", "tiny"])
def test_a_reader_of_zoo_load_is_sent_back_to_a_folder_six_times_at_most(tmp_path, name):
    count, path = returns(tmp_path, "load", name)
    assert count <= MOST, path


def test_a_reader_of_a_folders_bundle_is_sent_back_to_a_folder_six_times_at_most(tmp_path):
    licence = {"spdx": "MIT", "commercial_use": True}
    vr.zoo.pack(vr.zoo.load("tiny"), tmp_path / "mine", name="mine", version="1", licence=licence)
    count, path = returns(tmp_path, "load", tmp_path / "mine")
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
