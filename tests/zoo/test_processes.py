"""Processes that fetch at once, and processes that are killed while they do."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import count

import pytest
import torch
from bundles import bundle_files
from killed import CHUNK, fetches

from veraretouch.zoo.fetch import fetch

SIZE = 1_000_000
NOISE = torch.arange(SIZE).to(torch.uint8)
FETCH = "from veraretouch.zoo.fetch import fetch; print(fetch('me/look').folder)"


def start(loopback, script=FETCH):
    environment = os.environ | {"HF_ENDPOINT": loopback.url, "HF_HUB_DISABLE_XET": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_eight_processes_fetch_once(loopback):
    loopback.publish("me/look", bundle_files(filler=SIZE))
    loopback.faults.bytes_per_second = 3_000_000
    runs = [start(loopback) for _ in range(8)]
    ended = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0] * 8, ended
    assert len({out for out, _ in ended}) == 1
    wanted = [request.path for request in loopback.downloads()]
    assert sum("/lfs/" in path for path in wanted) == 1
    assert len(wanted) == len(set(wanted)) == 4  # the manifest, the licence, two files of weights


@pytest.fixture(scope="module")
def forked():
    with fetches() as process:
        yield process


@pytest.fixture
def killed(loopback, hub, forked, tmp_path, monkeypatch):
    """Fetch with a cache of one's own in a process that is killed, and then again; how it ended,
    and how many bytes it left.
    """

    def attempt(name, *, before=0, kill=lambda process, blobs: None):
        own = replace(hub, cache=tmp_path / name / "hub")
        folders = {"HF_HUB_CACHE": str(own.cache), "XDG_CACHE_HOME": str(tmp_path / name / "stamps")}
        monkeypatch.setenv("XDG_CACHE_HOME", folders["XDG_CACHE_HOME"])
        blobs = own.cache / "models--me--look" / "blobs"
        kill(forked.begin(before=before, HF_ENDPOINT=loopback.url, **folders), blobs)
        ending, left = forked.end(), weight(blobs)
        loopback.faults.hold_after = None
        for verify in ("stamp", "always"):
            bundle = fetch("me/look", hub=own, verify=verify)
            assert bundle.tensors("weights.safetensors")["raw"].tolist() == pytest.approx([0.3, -0.2])
            assert torch.equal(bundle.tensors("more.safetensors")["noise"], NOISE)
        return ending, left

    return attempt


def weight(folder):
    return sum(path.stat().st_size for path in folder.glob("*"))


def test_a_fetch_that_is_killed_at_any_tenth_of_its_bytes_is_made_good_by_the_next(loopback, killed):
    files = bundle_files(filler=SIZE)
    loopback.publish("me/look", files)

    def kill(process, blobs):
        assert loopback.held.wait(20)
        deadline = time.monotonic() + 20
        # The client keeps less than a chunk in memory.
        while weight(blobs) <= loopback.sent - CHUNK and time.monotonic() < deadline:
            time.sleep(0.005)
        os.kill(process, signal.SIGKILL)

    for point in [sum(map(len, files.values())) * tenth // 10 for tenth in range(10)]:
        loopback.held.clear()
        loopback.sent, loopback.faults.hold_after = 0, point
        ending, left = killed(str(point), kill=kill)
        assert ending == -signal.SIGKILL
        assert point - CHUNK < left <= point


@pytest.mark.slow
def test_a_fetch_that_is_killed_before_any_of_its_changes_to_the_disk_is_made_good_by_the_next(
    loopback, killed, tmp_path
):
    loopback.publish("me/look", bundle_files(filler=SIZE))
    for change in count(1):
        ending, _ = killed(f"before {change}", before=change)
        if ending != -signal.SIGKILL:
            break
    assert ending == 0
    # Locks, downloads, renames, links and stamps of four files.
    assert change > 20


def test_what_killed_downloads_leave_behind_is_swept_away_when_it_is_old(loopback, hub):
    loopback.publish("me/look", bundle_files())
    fetch("me/look", hub=hub)
    blobs = hub.cache / "models--me--look" / "blobs"
    old, new = blobs / "a.11111111.incomplete", blobs / "b.22222222.incomplete"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 10**5,) * 2)
    fetch("me/look", hub=hub)
    assert (old.exists(), new.exists()) == (False, True)


def test_a_file_that_may_not_grow_is_said_plainly(loopback):
    loopback.publish("me/look", bundle_files(filler=SIZE))
    script = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "import json; from veraretouch.core.errors import UnreachableBundle\n"
        "from veraretouch.zoo.fetch import fetch\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))\n"
        "try: fetch('me/look')\n"
        "except UnreachableBundle as error: print(json.dumps(str(error)))"
    )
    out, problems = start(loopback, script).communicate(timeout=60)
    assert re.fullmatch(
        r"'more\.safetensors' of me/look@\w+ is larger than a file may grow in /.*/hub\. Raise the limit .*",
        json.loads(out),
    ), problems
