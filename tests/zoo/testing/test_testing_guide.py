"""The examples of the guide on testing are run: its tests as one test file, its commands on the command line."""

import os
import re
import shlex
from pathlib import Path

GUIDE = (Path(__file__).parents[3] / "docs" / "guide" / "testing.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)


def test_its_tests_pass(tmp_path, prepared_processes):
    for number, text in enumerate(text for kind, text in BLOCKS if kind == "python"):
        (tmp_path / f"test_{number}.py").write_text(text)
    words = ["-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", str(tmp_path)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = prepared_processes.run(words, cwd=tmp_path, env=kept)
    assert done.returncode == 0, done.stdout
    assert "24 passed" in done.stdout


def test_its_commands_run(cli):
    for kind, text in BLOCKS:
        for line in text.splitlines() if kind == "sh" else ():
            cli(*shlex.split(line, comments=True)[1:])
