"""Processes that fetch at once, and processes that are killed while they do."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from bundles import bundle_files

from veraretouch.zoo.fetch import fetch

SIZE = 3_000_000
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


@pytest.mark.parametrize("point", range(20))
def test_a_fetch_that_is_killed_is_made_good_by_the_next(loopback, hub, point):
    loopback.publish("me/look", bundle_files(filler=SIZE))
    loopback.faults.bytes_per_second = 4_000_000
    # Spread over the transfer of about 0.8 s, the rename and the stamp; the process says when it begins.
    script = "import huggingface_hub.file_download; print('go', flush=True); " + FETCH
    run = start(loopback, script)
    assert run.stdout.readline() == "go\n"
    time.sleep(0.06 * point)
    run.send_signal(signal.SIGKILL)
    run.communicate()
    loopback.faults.bytes_per_second = None
    bundle = fetch("me/look", hub=hub, verify="always")
    assert bundle.check().tensors("more.safetensors")["noise"].shape == (SIZE,)


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


def test_a_full_disk_is_said_plainly(loopback):
    loopback.publish("me/look", bundle_files(filler=SIZE))
    script = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "import json; from veraretouch.core.errors import UnreachableBundle\n"
        "from veraretouch.zoo.fetch import fetch\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
        "try: fetch('me/look')\n"
        "except UnreachableBundle as error: print(json.dumps(str(error)))"
    )
    out, problems = start(loopback, script).communicate(timeout=60)
    assert "could not be fetched" in json.loads(out), problems
