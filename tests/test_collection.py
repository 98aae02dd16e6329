"""Every process collects the same tests: pytest-xdist's workers, and whoever runs one test by its id."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_another_collection_finds_the_same_tests_under_the_same_ids(request):
    """Ids made of a moment, an address or a hash differ from one process to the next."""
    asked = request.config
    files = [str(Path(path).resolve()) for path in asked.args if "::" not in path] or ["tests"]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n", "0", "-m", asked.option.markexpr, *files]
    seed = {"PYTHONHASHSEED": "7"}
    done = subprocess.run(command, cwd=ROOT, env=os.environ | seed, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:]
    again = {line for line in done.stdout.splitlines() if "::" in line}
    here = {item.nodeid.partition("@")[0] if "@" in item.nodeid else item.nodeid for item in request.session.items}
    if not any("::" in path for path in asked.args):
        assert {ascii(id) for id in here} == {ascii(id) for id in again}


def test_ids_can_be_typed(request):
    """No id holds raw bytes or a page of text: it is what one types to run that test alone."""
    odd = [item.nodeid for item in request.session.items if not item.nodeid.isprintable() or len(item.nodeid) > 400]
    assert odd == []
