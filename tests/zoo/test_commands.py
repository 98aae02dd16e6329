"""The command `zoo`, in a subprocess, against the loopback Hub."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from bundles import bundle_files, lay
from distributions import Site

VERARETOUCH = Path(sys.executable).with_name("veraretouch")


@pytest.fixture
def run(loopback):
    def call(*words, **environment):
        return subprocess.run(
            [VERARETOUCH, "zoo", *words],
            env=os.environ | {"HF_ENDPOINT": loopback.url, "HF_HUB_DISABLE_XET": "1"} | environment,
            capture_output=True,
            text=True,
        )

    return call


def test_what_there_is(run):
    done = run("list", "--json")
    assert done.returncode == 0, done.stderr
    found = {entry["name"]: entry for entry in json.loads(done.stdout)}
    assert found["rules"]["state"] == "built-in"
    assert found["vera-0.5b"]["state"] == "unverified"
    assert found["vera-0.5b"]["licence"]["commercial_use"] is False
    assert "vera-0.5b" in run("list").stdout


def test_a_strangers_planner_is_listed_with_its_distribution_and_is_no_built_in(run, tmp_path):
    Site(tmp_path).install("acme-grey", "1", {"acme.grey": "acme_grey:Grey"}, group="veraretouch.planners")
    lines = [" ".join(line.split()) for line in run("list", PYTHONPATH=str(tmp_path)).stdout.splitlines()]
    assert "acme.grey installed of acme-grey" in lines
    assert "rules built-in" in lines
    told = json.loads(run("info", "acme.grey", "--json", PYTHONPATH=str(tmp_path)).stdout)
    assert (told["state"], told["origin"]) == ("installed", "acme-grey")


def test_pull_verify_remove(run, loopback, tmp_path):
    commit = loopback.publish("me/look", bundle_files(filler=100_000))
    assert json.loads(run("info", "me/look", "--json").stdout)["state"] == "remote"
    done = run("pull", "me/look", "--to", str(tmp_path / "here"))
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "here").iterdir()} == {
        "bundle.json", "LICENSE", "weights.safetensors", "more.safetensors"
    }  # fmt: skip
    assert run("verify", str(tmp_path / "here")).stdout == "3 files are what bundle.json says.\n"
    known = json.loads(run("info", f"me/look@{commit}", "--json").stdout)
    assert (known["state"], known["manifest"]["version"]) == ("cached", "1.2.0")
    assert json.loads(run("remove", "me/look", "--json").stdout)["freed"] > 100_000
    assert json.loads(run("info", "me/look", "--json").stdout)["state"] == "remote"


def test_damage_is_found(run, loopback, tmp_path):
    loopback.publish("me/look", bundle_files())
    run("pull", "me/look", "--to", str(tmp_path / "here"))
    (tmp_path / "here" / "LICENSE").write_bytes(b"Be evil.\n")
    done = run("verify", str(tmp_path / "here"))
    assert done.returncode == 1
    assert "LICENSE has SHA-256" in done.stderr


def test_push(run, loopback, tmp_path):
    loopback.publish("me/look", bundle_files())
    run("pull", "me/look", "--to", str(tmp_path / "here"))
    token = {"HF_TOKEN": loopback.token, "VERARETOUCH_TOKEN_ENDPOINT": loopback.url}
    done = run("push", str(tmp_path / "here"), "me/second", **token)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("me/second@")
    assert "weights.safetensors" in loopback.repositories["me/second"].commits[done.stdout.strip().split("@")[1]]


def test_an_unknown_name(run):
    done = run("pull", "vera-0.5")
    assert done.returncode == 1
    assert "Did you mean 'vera-0.5b'" in done.stderr


def test_pulling_an_installed_planner_says_that_it_is_installed(run, tmp_path):
    done = run("pull", "tiny")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"tiny is installed with veraretouch \S+: there is nothing to fetch\.\n", done.stdout)
    assert "rules is installed with veraretouch" in run("pull", "rules").stdout
    assert run("pull", "tiny", "--to", str(tmp_path / "copy")).returncode == 0
    assert run("verify", str(tmp_path / "copy")).stdout == "2 files are what bundle.json says.\n"


def test_what_is_known_of_an_installed_planner(run):
    told = json.loads(run("info", "tiny", "--json").stdout)
    assert (told["state"], told["licence"]["spdx"]) == ("built-in", "Apache-2.0")
    assert told["summary"].startswith("A small network trained through the renderer")
    assert told["figures"]["unfinished: cases made better"] > 0.75
    plain = run("info", "tiny").stdout
    assert "unfinished: cases made better" in plain
    told = json.loads(run("info", "rules", "--json").stdout)
    assert told["summary"]
    assert told["licence"]["spdx"] == "Apache-2.0"


def test_verifying_records_no_consent_and_needs_none_for_what_is_here(run, loopback, tmp_path, monkeypatch):
    research = {"spdx": "other", "commercial_use": False, "file": "LICENSE", "note": "Research only."}
    folder = lay(tmp_path / "look", bundle_files(licence=research))
    assert run("verify", str(folder)).stdout == "2 files are what bundle.json says.\n"
    assert not list(tmp_path.rglob("licences"))
    done = run("pull", str(folder))
    assert done.returncode == 1
    assert "does not allow commercial use" in done.stderr
    loopback.publish("me/look", bundle_files(licence=research))
    done = run("verify", "me/look")
    assert done.returncode == 1
    assert "does not allow commercial use" in done.stderr
    assert "Fetch them first: veraretouch zoo pull me/look --accept-licence" in done.stderr
    assert not any("weights" in request.path for request in loopback.requests)
    assert not list(tmp_path.rglob("licences"))
