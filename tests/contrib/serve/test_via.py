"""`veraretouch --via auto` finds the resident process of its user, and leaves the files that it would make itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("veraretouch_serve", reason="pip install ./contrib/serve")

from veraretouch.core.cli.batch.remote.wire import task_of
from veraretouch.core.cli.batch.work import retouch

pytestmark = pytest.mark.xdist_group("serve")
COMMAND = str(Path(sys.executable).with_name("veraretouch"))


def test_a_command_finds_the_server_and_leaves_the_files_that_it_would_make_itself(server, photo, tmp_path):
    before = server.metrics().get("veraretouch_requests_total retouch 200", 0)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VERARETOUCH", "PYTHON"))}
    found = {"XDG_STATE_HOME": str(server.state.parents[1]), "PYTHONPATH": str(server.site)}
    words = ["--via", "auto", "style", "warm", str(photo), "--max-size", "200", "--save-plan", "--compare", "--json"]
    done = subprocess.run(
        [COMMAND, *words, "--out", str(tmp_path / "out")], env=kept | found, capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    assert told["status"] == "written", done.stderr
    assert server.metrics()["veraretouch_requests_total retouch 200"] == before + 1
    picture = {"max_size": 200, "save_plan": True, "compare": True}
    here = retouch(task_of({"style": "warm", "picture": picture}, photo, tmp_path / "here")).products
    assert Path(told["output"]).read_bytes() == here.picture.read_bytes()
    assert Path(told["compare"]).read_bytes() == here.compare.read_bytes()
    assert json.loads(Path(told["plan_file"]).read_text()) == json.loads(here.plan.read_text())
