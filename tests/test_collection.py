"""Every process collects the same tests: pytest-xdist's workers, and whoever runs one test by its id."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def collected(seed):
    """Every test's id, as another process collects it."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n", "0", "-m", "not slow"]
    environment = os.environ | {"PYTHONHASHSEED": str(seed)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-2000:]
    return [line for line in done.stdout.splitlines() if "::" in line]


def test_two_collections_find_the_same_tests_under_the_same_ids():
    """Ids made of a moment, an address or a hash differ from one process to the next."""
    first, second = collected(1), collected(2)
    assert len(first) > 1000
    assert first == second
