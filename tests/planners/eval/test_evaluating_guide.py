"""The guide on evaluating: its probe runs and finds what it says, its commands have the options that they use."""

import os
import re
import subprocess
import sys
from inspect import signature
from pathlib import Path

import pytest

from veraretouch.planners.eval.command import evaluate

GUIDE = (Path(__file__).parents[3] / "docs" / "guide" / "evaluating.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)


@pytest.mark.slow
def test_the_probe_finds_latents_ahead_of_parameters(tmp_path):
    (tmp_path / "probe.py").write_text(next(text for kind, text in BLOCKS if kind == "python"))
    done = subprocess.run(
        [sys.executable, "-W", "error", "probe.py"],
        cwd=tmp_path,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found = {name: float(score) for name, score in re.findall(r"(\w+): ([\d.]+) dB", done.stdout)}
    assert found["latents"] > found["parameters"] + 0.5 > found["nothing"] + 1


def test_its_commands_use_options_that_are_there():
    lines = [line.partition("#")[0] for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]
    used = {option for line in lines for option in re.findall(r"--(\w+)", line)}
    assert all(line.startswith("veraretouch eval ") for line in lines)
    assert used >= {"planner", "data", "peers", "oracle"}
    assert used <= signature(evaluate).parameters.keys()
