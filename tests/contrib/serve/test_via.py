"""`veraretouch --via` has the real server do a command's work, and its files are those of the command alone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("veraretouch_serve", reason="pip install ./contrib/serve")

from serving import OBEDIENT, TOKEN

SAMPLES = Path(__file__).parents[3] / "docs" / "samples"
pytestmark = pytest.mark.xdist_group("serve")


@pytest.fixture
def command(server, tmp_path):
    """The command in a folder with two photos, where `--via auto` finds the server."""
    for name in ("beach", "portrait"):
        shutil.copy(SAMPLES / f"{name}.jpg", tmp_path)

    def run(*words, code=0, **environment):
        site = server.state.parents[2] / "site"
        own = {"XDG_STATE_HOME": str(server.state.parents[1]), "PYTHONPATH": str(site)}
        done = subprocess.run(
            [str(Path(sys.executable).with_name("veraretouch")), *words],
            cwd=tmp_path,
            env=os.environ | own | environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == code, done.stderr
        return done

    return run


def test_the_files_are_those_of_the_command_alone(command, tmp_path):
    words = ("auto", ".", "--max-size", "300", "--save-plan", "--compare")
    told = command("--via", "auto", *words, "--out", "there")
    command(*words, "--out", "here")
    for folder in ("there", "here"):
        (tmp_path / folder / ".veraretouch.jsonl").unlink()
    there, here = ({path.name: path.read_bytes() for path in (tmp_path / each).iterdir()} for each in ("there", "here"))
    assert there == here
    assert len(here) == 6
    assert "the work is done here" not in told.stderr


def test_a_named_server_plans_and_says_what_is_wrong_in_the_commands_words(server, command):
    via = ("--via", server.url)
    token = {"VERARETOUCH_TOKEN": TOKEN}
    assert '"exposure"' in command(*via, "plan", "beach.jpg", "--planner", OBEDIENT, **token).stdout
    refused = command(*via, "auto", "beach.jpg", "--planner", "fit", code=1, **token)
    assert "fit" in refused.stderr
    broken = command(*via, "style", "fail", "beach.jpg", "--planner", OBEDIENT, code=1, **token)
    assert "told so" in broken.stderr
    assert "does not take the token" in command(*via, "auto", "beach.jpg", code=1, VERARETOUCH_TOKEN="other").stderr
