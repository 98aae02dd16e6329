"""Workers that are copies of a process which has imported what they need."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest
import torch

from veraretouch.core.cli.light_torch import TRIED
from veraretouch.core.cli.nursery import FORKS

pytestmark = pytest.mark.skipif(not FORKS, reason="workers begin from nothing on this system")

# In a process of its own, since a process has one nursery, which begins with the environment of that moment.
SCRIPT = """
import os, sys, time
from veraretouch.core.cli.nursery import nursery
from veraretouch.core.cli.batch.pool import run

def look(task):
    print("printed by a worker")
    import signal
    torch = sys.modules.get("torch")
    return {
        "pid": os.getpid(),
        "torch": torch is not None and torch.get_num_threads(),
        "light": type(sys.modules["torch._meta_registrations"]).__name__ == "_Later",
        "planner": "veraretouch.planners.tiny.planner" in sys.modules,
        "op": "veraretouch.ops.exposure" in sys.modules,
        "deaf": signal.getsignal(signal.SIGINT) is signal.SIG_IGN,
    }

if __name__ == "__main__":
    before = dict(os.environ)
    context = nursery("tiny")
    assert dict(os.environ) == before
    assert "torch" not in sys.modules
    print([result for _, result in run(look, [0, 1, 2, 3], jobs=2, context=context)])
"""


def _played(tmp_path, **environment):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT))
    clean = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=120, check=False, env=clean | environment
    )
    assert done.returncode == 0, done.stderr
    return eval(done.stdout), done.stderr


def test_workers_are_born_with_torch_the_ops_and_the_planner_and_share_the_cores(tmp_path):
    results, stderr = _played(tmp_path)
    threads = max(1, len(os.sched_getaffinity(0)) // 2)
    for result in results:
        assert result == {
            "pid": result["pid"],
            "torch": threads,
            "light": torch.__version__.startswith(TRIED),
            "planner": True,
            "op": True,
            "deaf": True,
        }
    assert len({result["pid"] for result in results}) <= 2
    assert stderr.count("printed by a worker") == 4  # stdout is the command's own


def test_the_number_of_threads_that_the_user_names_holds(tmp_path):
    results, _ = _played(tmp_path, OMP_NUM_THREADS="3")
    assert {result["torch"] for result in results} == {3}
