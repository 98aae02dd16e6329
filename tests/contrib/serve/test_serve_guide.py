"""The guide is followed: its commands and its script ask a server, and its unit starts what there is."""

from __future__ import annotations

import configparser
import inspect
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("veraretouch_serve", reason="pip install ./contrib/serve")

from serving import TOKEN
from veraretouch_serve.resident.command import serve
from veraretouch_serve.resident.operations import OPERATIONS

pytestmark = pytest.mark.xdist_group("serve")
TEXT = (Path(__file__).parents[3] / "docs" / "guide" / "serve.md").read_text("utf-8")


def blocks(kind: str) -> list[str]:
    found = re.findall(rf"^```{kind}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    assert found
    return found


def test_the_commands_and_the_script_of_the_guide_do_what_they_say(server, photo, tmp_path):
    shutil.copy(photo, tmp_path / "photo.jpg")
    environment = os.environ | {"URL": server.url, "VERARETOUCH_TOKEN": TOKEN}
    for block in blocks("sh"):
        subprocess.run(["bash", "-euc", block], cwd=tmp_path, env=environment, check=True, capture_output=True)
    (script,) = blocks("python")
    subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=tmp_path, env=environment, check=True)
    made = {"photo.jpg", "retouched.jpg", "moody.webp", "plan.json", "rendered.jpg", "lighter.jpg"}
    assert {path.name for path in tmp_path.iterdir()} == made
    with Image.open(tmp_path / "moody.webp") as picture:
        assert (picture.format, picture.width) == ("WEBP", 768)
    assert (tmp_path / "retouched.jpg").read_bytes() == (tmp_path / "rendered.jpg").read_bytes()
    assert json.loads((tmp_path / "plan.json").read_text())["mode"] == "auto"


def test_the_unit_starts_the_command_with_options_that_it_has():
    unit = configparser.ConfigParser(strict=False)
    unit.optionxform = str
    unit.read_string(blocks("ini")[0])
    command = shlex.split(unit["Service"]["ExecStart"])
    assert command[1] == "serve"
    options = {word[2:].replace("-", "_") for word in command if word.startswith("--")}
    assert options <= set(inspect.signature(serve).parameters)
    patience = inspect.signature(serve).parameters["patience"].default
    assert float(unit["Service"]["TimeoutStopSec"]) > patience + 10


def test_the_guide_names_every_post_every_limit_and_every_metric(server):
    for operation in OPERATIONS:
        if operation.files:
            assert f"| `{operation.path}` | `{operation.files[0]}`" in TEXT
    known = {name.split()[0] for name in server.metrics() if name.startswith("veraretouch_")}
    told = set(re.findall(r"`(veraretouch_\w+)`", TEXT))
    assert {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in known} == {
        name for name in told if name.startswith("veraretouch_")
    } | {"veraretouch_requests", "veraretouch_workers_ended"}
    for name, value in (("timeout", 120), ("transfer", 60), ("max_body", 256), ("max_pixels", 100)):
        assert inspect.signature(serve).parameters[name].default == value
        assert re.search(rf"\| `--{name.replace('_', '-')}` \| {value} \|", TEXT)
