"""The real command, over standard input and output and over HTTP."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from assistants import assistant, assistant_by_http, by_command

COMMAND = str(Path(sys.executable).with_name("veraretouch"))
TOKEN = "a-token-that-tests-know"
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "tests", "version": "1"},
    },
}
HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


def one_of_everything(helper, out: Path) -> None:
    """A session that uses every tool."""
    name = helper.ask("list_photos")["photos"][0]
    for tool in ("list_ops", "list_areas", "list_planners"):
        helper.ask(tool)
    edit = helper.ask("open_photo", name=name)["edit"]
    helper.ask("image_stats", edit=edit)
    edit = helper.ask("plan", edit=edit)["edit"]
    edit = helper.ask("style", edit=edit, prompt="warm")["edit"]
    edit = helper.ask("adjust", edit=edit, values={"exposure.ev": -0.3}, area="sky")["edit"]
    edit = helper.ask("set_strength", edit=edit, strength=0.9)["edit"]
    edit = helper.ask("set_frame", edit=edit, frame="crop: 0 0 1 0.9")["edit"]
    for tool in ("render", "compare", "report"):
        assert helper(tool, edit=edit).pictures
    helper.ask("explain", edit=edit)
    made = helper.ask("export", edit=edit, name="made.jpg")
    assert Path(made["file"]).parent == out
    assert helper.ask("fit", before=name, after=name)["values"] == {}
    assert helper.ask("undo", edit=edit)["edit"] != edit
    assert "may be read" in helper.refusal("apply_file", edit=edit, name="none.json")


def test_every_tool_works_over_standard_input_and_output(photos, tmp_path):
    with assistant(by_command(photos, tmp_path)) as helper:
        one_of_everything(helper, tmp_path)


@pytest.fixture
def served(photos, tmp_path) -> Iterator[str]:
    """The address of the command, serving over HTTP."""
    with subprocess.Popen(
        [COMMAND, "mcp", "--root", str(photos), "--out", str(tmp_path), "--http", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"VERARETOUCH_MCP_TOKEN": TOKEN},
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/mcp", said)
        assert found, said + process.stdout.read()
        yield found[0]
        process.terminate()
        assert process.wait(timeout=20) in (0, -signal.SIGTERM)


def test_every_tool_works_over_http_for_whoever_bears_the_token(served, tmp_path):
    with assistant_by_http(served, TOKEN) as helper:
        one_of_everything(helper, tmp_path)

    port = served.split(":")[2].split("/")[0]
    bearing = HEADERS | {"Authorization": f"Bearer {TOKEN}"}
    with httpx2.Client() as bare:
        for headers, status in (
            (HEADERS, 401),
            (HEADERS | {"Authorization": "Bearer another"}, 401),
            (bearing | {"Host": f"evil.example:{port}"}, 421),
            (bearing | {"Host": "127.0.0.1:1"}, 421),
            (bearing | {"Origin": "http://evil.example"}, 403),
            (bearing | {"Origin": "null"}, 403),
            (bearing | {"Origin": f"http://127.0.0.1:{port}"}, 200),
            (bearing, 200),
        ):
            assert bare.post(served, headers=headers, json=HELLO).status_code == status, headers
        assert bare.post(served, headers=bearing, content=b"{" + b" " * 2**21).status_code == 413
        assert bare.post(served, headers=bearing, content=b"{torn").status_code == 400


def test_a_folder_that_is_none_is_said_by_the_command(tmp_path):
    done = subprocess.run(
        [COMMAND, "mcp", "--root", str(tmp_path / "none")], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "is no folder" in done.stderr
