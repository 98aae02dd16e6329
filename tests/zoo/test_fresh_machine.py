"""A machine that has just been set up: an empty home, and no network."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from prepared import prepared

from veraretouch.core.errors import UnreachableBundle
from veraretouch.zoo.sources import HubRepository

SCRIPT = """
import json, socket, sys, time
import numpy

tried = []

def refuse(*given, **more):
    tried.append(str(given))
    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

socket.getaddrinfo = socket.socket.connect = refuse

from veraretouch import zoo
from veraretouch.core.errors import VeraRetouchError

result = zoo.load("rules")(numpy.full((64, 64, 3), 60, numpy.uint8), style="brighter")
done = {"rules": float(result.image.mean()), "tried": len(tried), "names": zoo.list(), "said": {}, "seconds": {}}
for name in sys.argv[1:]:
    began = time.perf_counter()
    try:
        zoo.load(name, accept_licence=True)
    except VeraRetouchError as error:
        done["said"][name] = f"{type(error).__name__}: {error}"
    done["seconds"][name] = time.perf_counter() - began
print(json.dumps(done))
"""


def on_a_fresh_machine(home, *names, **environment):
    home.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    environment = kept | {"HOME": str(home), "USERPROFILE": str(home)} | environment
    run = prepared().run(["-c", SCRIPT, *names], cwd=Path.cwd(), env=environment)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_rules_retouch_and_other_names_say_at_once_what_is_missing(tmp_path):
    done = on_a_fresh_machine(tmp_path / "home", "vera-0.5b", "me/look", "vera-0.5", "./look")
    assert done["rules"] > 60
    assert done["tried"] == 0
    assert {"rules", "vera-0.5b"} <= set(done["names"])
    for name, repository in (("vera-0.5b", "Gyh68/VeraRetouch"), ("me/look", "me/look")):
        assert done["said"][name] == (
            f"UnreachableBundle: {repository} is not on this machine, and https://huggingface.co cannot be found: "
            "Temporary failure in name resolution. Connect to a network, or copy it from where there is one: "
            "veraretouch zoo pull NAME --to FOLDER."
        )
        assert done["seconds"][name] < 5
    assert done["said"]["vera-0.5"].startswith("UnknownBundle: no bundle 'vera-0.5'. Did you mean 'vera-0.5b'?")
    assert done["said"]["./look"].startswith("UnknownBundle: 'look' holds no bundle.json.")


def test_offline_says_that_it_was_asked_to_be(tmp_path):
    names = ["vera-0.5b", "me/look"]
    done = on_a_fresh_machine(tmp_path / "home", *names, HF_HUB_OFFLINE="1")
    assert all("HF_HUB_OFFLINE forbids" in done["said"][name] for name in names)


def test_behind_a_proxy_the_hubs_name_is_the_proxys_business(monkeypatch, hub):
    far = replace(hub, endpoint="https://hub.invalid")
    with pytest.raises(UnreachableBundle, match=r"https://hub\.invalid cannot be found"):
        far._check_network(HubRepository("me/look"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    far._check_network(HubRepository("me/look"))
