"""Every process collects the same tests: pytest-xdist's workers, and whoever runs one test by its id."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LONGEST = 200  # characters

# One worker collects for both.
pytestmark = pytest.mark.xdist_group("collection")


def collected(seed):
    """Every test's id, as another process collects it."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n", "0", "-m", "not slow"]
    environment = os.environ | {"PYTHONHASHSEED": str(seed)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-2000:]
    return [line for line in done.stdout.splitlines() if "::" in line]


def own(session):
    """What this very process has collected, if it was asked for all tests: a collection takes half a minute."""
    config = session.config
    if [Path(path).resolve() for path in config.args] != [ROOT / "tests"] or config.option.keyword:
        return None
    items = [item for item in session.items if not item.get_closest_marker("slow")]
    groups = [mark.args[0] if (mark := item.get_closest_marker("xdist_group")) else None for item in items]
    # pytest-xdist adds the group's name to the id.
    return [item.nodeid.removesuffix(f"@{group}") for item, group in zip(items, groups, strict=True)]


def compared_by_xdist(session):
    """Whether several workers have collected these tests, each with hashes of its own: pytest-xdist runs no test where
    they found different ones.
    """
    several = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")) > 1
    return several and own(session) is not None and "PYTHONHASHSEED" not in os.environ


@pytest.fixture(scope="module")
def ids(request):
    return own(request.session) or collected(1)


def test_two_collections_find_the_same_tests_under_the_same_ids(request, ids):
    """Ids made of a moment, an address or a hash differ from one process to the next."""
    assert len(ids) > 1000
    if not compared_by_xdist(request.session):
        assert ids == collected(2)


def test_every_id_can_be_typed(ids):
    """No id holds raw bytes or a page of text: it is what one types to run that test alone."""
    odd = [id for id in ids if not id.isascii() or not id.isprintable() or len(id) > LONGEST]
    assert odd == [], "spell them out: pytest.param(..., id=...)"
