"""One Ray session of two workers for all tests here, none of whose processes may connect to another machine."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from faulty_store import Store, faulty_store

NO_WAY_OUT = Path(__file__).parents[2] / "helpers" / "cluster" / "no_way_out"


@pytest.fixture(scope="session")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that says who tried to connect to another machine, while tests of Ray run, and Ray itself."""
    log = tmp_path_factory.mktemp("refused") / "log.txt"
    log.touch()
    exec(compile((NO_WAY_OUT / "sitecustomize.py").read_text(), "sitecustomize", "exec"), {})
    return log


@pytest.fixture(scope="session")
def ray_session(store: Store) -> Iterator[int]:
    """A session of Ray with two workers. At its end Ray is stopped and its processes are gone."""
    pytest.importorskip("veraretouch_ray", reason="pip install ./contrib/ray")
    from veraretouch_ray.session import ClusterOptions, session

    before = _processes()
    with session(ClusterOptions(workers=2)) as workers:
        yield workers
        begun = _processes().keys() - before.keys()
    assert begun
    until = time.monotonic() + 20
    while left := {pid: words for pid, words in _processes().items() if pid in begun}:
        assert time.monotonic() < until, left
        time.sleep(0.1)


def _processes() -> dict[int, str]:
    """Ray's processes among those that this one has begun, and those that they have, and so on."""
    listed = subprocess.run(["ps", "-wweo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    lines = {
        int(pid): (int(parent), words) for pid, parent, words in (row.split(None, 2) for row in listed.splitlines())
    }
    found = {os.getpid()}
    while more := {pid for pid, (parent, _) in lines.items() if parent in found and pid not in found}:
        found |= more
    words = {pid: lines[pid][1] for pid in found}
    rays = {pid: said for pid, said in words.items() if "site-packages/ray/" in said or said.startswith("ray::")}
    # Python's own, which copies its search path, is not Ray's; tests of other rooms may have begun one meanwhile.
    return {pid: said for pid, said in rays.items() if "multiprocessing.forkserver" not in said}


@pytest.fixture(autouse=True)
def _in_the_session(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests of Ray share the session, those of other files too; neither this process nor Ray's has a way out."""
    marker = request.node.get_closest_marker("xdist_group")
    if marker is not None and "ray" in (*marker.args, *marker.kwargs.values()):
        monkeypatch.setenv("NO_WAY_OUT", str(request.getfixturevalue("refused")))
        monkeypatch.setenv("PYTHONPATH", str(NO_WAY_OUT), prepend=os.pathsep)
        request.getfixturevalue("ray_session")


@pytest.fixture(scope="session")
def store() -> Iterator[Store]:
    """A store of objects that fails as it is told; its keys are in the environment, as Ray's processes need them."""
    with pytest.MonkeyPatch.context() as patch, faulty_store() as made:
        for name, value in (("ACCESS_KEY_ID", "testing"), ("SECRET_ACCESS_KEY", "testing")):
            patch.setenv(f"AWS_{name}", value)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield made
