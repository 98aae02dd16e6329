"""A damaged photo is refused by the command line, and with --salvage written with a warning."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

CASES = Path(__file__).parents[3] / "data" / "cases"


def test_salvage_writes_what_is_left_of_a_damaged_jpeg(tmp_path):
    shutil.copy(CASES / "jpeg-ruined-sector.jpg", tmp_path / "a.jpg")
    command = [str(Path(sys.executable).with_name("veraretouch")), "auto", "a.jpg", "--out", "b.jpg"]
    refused = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "extraneous bytes" in refused.stderr + refused.stdout
    assert not (tmp_path / "b.jpg").exists()
    done = subprocess.run([*command, "--salvage"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "damaged" in done.stderr + done.stdout
    assert (tmp_path / "b.jpg").exists()
