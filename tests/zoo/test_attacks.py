"""Bundles and plans that are made to harm: names, links, pipes, documents that blow up, schemas that reach out."""

import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from bundles import SCHEMA, bundle_files, facts_of, lay
from peak import peak_memory

from veraretouch import zoo
from veraretouch.core.errors import (
    InvalidDocument,
    InvalidSchema,
    TamperedBundle,
    UnknownBundle,
    UnreachableBundle,
)
from veraretouch.zoo.bundles.manifest import LARGEST, MOST_LATENTS, Manifest
from veraretouch.zoo.bundles.paths import check_paths
from veraretouch.zoo.fetch import fetch, fetch_asset

# Names.


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("weights.safetensors:hidden", "not every file system"),
        ("weights.safetensors::$DATA", "not every file system"),
        ("weights.safetensors.", "Windows drops"),
        ("folder./weights.safetensors", "Windows drops"),
        ("folder /weights.safetensors", "Windows drops"),
        (" weights.safetensors", "Windows drops"),
        ("aux.safetensors", "device on Windows"),
        ("folder/COM1", "device on Windows"),
        ("CONIN$", "device on Windows"),
        ("COM¹.safetensors", "not every file system"),
        ("c:weights.safetensors", "is absolute"),
        ("//server/share/weights.safetensors", "is absolute"),
        ("\\\\?\\C:\\weights.safetensors", "backslash"),
        ("folder/../../weights.safetensors", "leaves its folder"),
        ("./weights.safetensors", "leaves its folder"),
        ("folder//weights.safetensors", "leaves its folder"),
        ("weights.safetensors/", "leaves its folder"),
        ("weights\0.safetensors", "not every file system"),
        ("weights\n.safetensors", "not every file system"),
        ("poids\u0301.safetensors", "not every file system"),
        ("w?ights*.safetensors", "not every file system"),
        ("BUNDLE.JSON", "manifest itself"),
        pytest.param("w" * 129, "not every file system", id="129 letters"),
    ],
)
def test_names_that_mean_something_else_on_another_system(path, reason):
    with pytest.raises(InvalidDocument, match=reason):
        check_paths([path], where="bundle")


@pytest.mark.parametrize(
    "path", ["PROGRA~1", "model-00001-of-00002.safetensors", "a b/c+d@e=f.json", ".hidden", "[a]{b}"]
)
def test_names_that_mean_the_same_everywhere(path):
    check_paths([path], where="bundle")


@pytest.mark.parametrize(
    "paths", [("a.json", "A.json"), ("a/b.json", "A/B.JSON"), ("folder", "FOLDER/a.json"), ("a/b", "a/b/c")]
)
def test_names_that_fall_together_where_case_does_not_count(paths):
    with pytest.raises(InvalidDocument, match=r"where case does not count|lies within the file"):
        check_paths(paths, where="bundle")


def test_names_of_two_variants_fall_together_no_more_than_those_of_one():
    facts = facts_of(b"x")
    variants = {"torch": {"files": {"a.safetensors": facts}}, "mlx-fp16": {"files": {"A.safetensors": facts}}}
    with pytest.raises(InvalidDocument, match=r"'A\.safetensors' is 'a\.safetensors' where case does not count"):
        Manifest(json.loads(bundle_files(variants=variants)["bundle.json"]))


@pytest.mark.parametrize("revision", ["../../../../etc/passwd", "/etc/passwd", "a\0b", "main\n", "..", "C:\\x"])
def test_a_revision_names_no_file_outside_the_cache(hub, revision):
    for ask in (fetch, zoo.info):
        with pytest.raises(UnknownBundle, match="me/look has no revision"):
            ask("me/look", revision=revision, hub=hub)
    with pytest.raises(UnknownBundle, match="me/look has no revision"):
        fetch_asset({"bundle": "me/look", "revision": revision, "sha256": "0" * 64})


@pytest.mark.parametrize(
    "name", ["hf://../../etc", "hf://me/..", "hf:///etc/passwd", "hf://me/look/../../x", "hf://me/look@../x"]
)
def test_a_repositorys_name_leads_nowhere_else(name):
    with pytest.raises(UnknownBundle):
        fetch(name)


# What lies in a folder.


def with_weights_in_a_folder():
    weights = bundle_files()["weights.safetensors"]
    listed = {"torch": {"files": {"inner/weights.safetensors": facts_of(weights)}}}
    files = bundle_files(variants=listed)
    files["inner/weights.safetensors"] = files.pop("weights.safetensors")
    return files


def test_a_linked_folder_is_refused(tmp_path):
    folder = lay(tmp_path / "look", with_weights_in_a_folder())
    fetch(str(folder))
    (folder / "inner").rename(tmp_path / "elsewhere")
    (folder / "inner").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TamperedBundle, match="inner is a link"):
        fetch(str(folder))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_in_place_of_a_file_is_refused_and_not_waited_for(tmp_path):
    folder = lay(tmp_path / "look", bundle_files())
    (folder / "weights.safetensors").unlink()
    os.mkfifo(folder / "weights.safetensors")
    with pytest.raises(TamperedBundle, match=r"weights\.safetensors is no plain file"):
        fetch(str(folder))


def test_a_folder_in_place_of_a_file_and_a_file_in_place_of_a_folder(tmp_path):
    folder = lay(tmp_path / "one", bundle_files())
    (folder / "weights.safetensors").unlink()
    (folder / "weights.safetensors").mkdir()
    with pytest.raises(TamperedBundle, match=r"weights\.safetensors is no plain file"):
        fetch(str(folder))
    folder = lay(tmp_path / "two", with_weights_in_a_folder())
    (folder / "inner" / "weights.safetensors").unlink()
    (folder / "inner").rmdir()
    (folder / "inner").write_bytes(b"")
    with pytest.raises(TamperedBundle, match=r"weights\.safetensors is missing"):
        fetch(str(folder))


def test_a_file_that_may_not_be_read_is_said_plainly(tmp_path, monkeypatch):
    folder = lay(tmp_path / "look", bundle_files())
    real = os.open

    def forbidden(path, *rest, **more):
        if str(path).endswith("weights.safetensors"):
            raise PermissionError(13, "Permission denied")
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", forbidden)
    with pytest.raises(UnreachableBundle, match=r"weights\.safetensors cannot be read: Permission denied"):
        fetch(str(folder))


# Documents.


def test_documents_that_blow_up_stay_under_half_a_gigabyte(tmp_path):
    document = json.loads(bundle_files()["bundle.json"])
    nested = "[" + ("[" * 30 + "]" * 30 + ",") * ((LARGEST - 3000) // 61) + "0]"
    deep = json.dumps(document | {"provenance": {"x": "HERE"}}).replace('"HERE"', nested)
    bombs = {"deep": deep, "large": deep.replace(nested, f"[{','.join([nested] * 20)}]")}
    for kind, shape in {
        "embedding": [10**12],
        "curve": [10**9],
        "matrix": [10**5, 10**5],
        "lattice": [129, 129, 129, 3],
        "bands": [MOST_LATENTS],
    }.items():
        slot = {
            "kind": kind,
            "shape": shape,
            "dtype": "float32",
            "low": None,
            "high": None,
            "identity": 0.0,
            "off": 0.0,
            "period": None,
            "group": "lighting",
            "unit": "1",
            "doc": "x",
        }
        op = {"id": "a", "version": 1, "stage": 100, "slots": {f"s{index}": slot for index in range(5)}}
        if kind == "bands":
            op["slots"] = {"s": slot}
        latents = {"schema": "veraretouch.schema/1", "fingerprint": "0" * 64, "ops": [op]}
        bombs[kind] = json.dumps(document | {"latents": latents})
    for name, text in bombs.items():
        (tmp_path / name).write_text(text)
    script = (
        "import pathlib, sys, time; from veraretouch.zoo.bundles.manifest import Manifest\n"
        "from veraretouch.core.errors import VeraRetouchError\n"
        "for path in pathlib.Path(sys.argv[1]).iterdir():\n"
        "    began = time.process_time()\n"
        "    try: assert Manifest(path).latents and path.name == 'deep'\n"
        "    except VeraRetouchError: assert path.name != 'deep'\n"
        "    assert time.process_time() - began < 5, path"
    )
    assert peak_memory(script, tmp_path) < 5 * 10**8


REMOTE = {"$schema": "http://127.0.0.1:9/a", "$id": "http://127.0.0.1:9/b", "$ref": "http://127.0.0.1:9/c#/x"}
SLOW = {
    "type": "string",
    "pattern": "^(a+)+$",
    "const": "a" * 60 + "!",
    "patternProperties": {"^(a|a)*$": {"a" * 60 + "!": "a" * 60 + "!"}},
}


@pytest.fixture
def no_sockets(monkeypatch):
    """Nothing is connected to, and nobody has tried."""
    tried = []

    def refuse(*given, **more):
        tried.append(given)
        raise OSError("a socket was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield
    assert not tried


@pytest.mark.parametrize("schema", [REMOTE, SLOW, REMOTE | SLOW])
def test_schemas_in_a_bundle_are_data_which_nobody_resolves_or_matches(tmp_path, weighted, no_sockets, schema):
    files = bundle_files()
    document = json.loads(files["bundle.json"])
    document["planner"]["configuration"] = schema
    document["provenance"] = {"x": schema} | schema
    document["variants"]["torch"] |= {"io": schema, "details": {"inner": [schema]}}
    ops = json.loads(json.dumps(SCHEMA.document()["ops"]))
    ops[0]["slots"]["ev"] |= schema
    began = time.perf_counter()
    folder = lay(tmp_path / "data", files | {"bundle.json": json.dumps(document).encode()})
    assert zoo.load(str(folder)).planner.configuration == schema
    # Unknown keys beside a schema of latents are left alone; within a slot they are refused.
    folder = lay(tmp_path / "beside", bundle_files(latents=schema | SCHEMA.document()))
    assert zoo.load(str(folder)).planner.schema == SCHEMA
    for latents in (schema, SCHEMA.document() | {"ops": ops}, SCHEMA.document() | {"ops": [schema]}):
        with pytest.raises(InvalidSchema):
            zoo.load(str(lay(tmp_path / "latents", bundle_files(latents=latents))))
    for changes in ({"schema": schema}, {"variants": schema}, {"files": schema}, schema):
        with pytest.raises(InvalidDocument):
            zoo.load(str(lay(tmp_path / "refused", bundle_files(**changes))))
    assert time.perf_counter() - began < 2


def test_texts_of_a_bundle_reach_the_terminal_as_data(tmp_path, cli):
    facts = facts_of(b"")
    escape = "\x1b]0;title\x07\x1b[31m"
    folder = lay(tmp_path / "look", bundle_files(variants={escape: {"files": {"../x": facts}}}))
    done = cli("zoo", "verify", str(folder), code=1)
    assert "\x1b" not in done.stdout + done.stderr
    folder = lay(tmp_path / "other", bundle_files(summary=escape, version=escape))
    done = cli("zoo", "info", str(folder))
    assert "\x1b" not in done.stdout + done.stderr


# The cache.


def test_a_cache_with_something_in_the_way_is_said_plainly(loopback, hub, tmp_path):
    loopback.publish("me/look", bundle_files())
    (tmp_path / "file").write_text("in the way")
    for cache in (tmp_path / "file", tmp_path / "file" / "hub"):
        with pytest.raises(
            UnreachableBundle, match=rf"{cache} cannot be written to: .*\. Set HF_HOME to a folder of yours"
        ):
            fetch("me/look", hub=replace(hub, cache=cache))


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("EROFS", "cannot be written to: Read-only file system. Set HF_HOME to a folder of yours"),
        ("EACCES", "cannot be written to: Permission denied. Set HF_HOME to a folder of yours"),
        ("ENOSPC", "no space is left in .* for 'bundle.json' of me/look@main. Make room, or set HF_HOME"),
        ("EDQUOT", "no space is left in .* for 'bundle.json' of me/look@main. Make room, or set HF_HOME"),
    ],
)
def test_a_disk_that_is_read_only_or_full_is_said_plainly(loopback, hub, monkeypatch, number, message):
    import errno

    import huggingface_hub.file_download

    code = getattr(errno, number)

    def spoilt(*given, **more):
        raise OSError(code, os.strerror(code), str(hub.cache))

    loopback.publish("me/look", bundle_files())
    monkeypatch.setattr(huggingface_hub.file_download, "_download_to_tmp_and_move", spoilt)
    with pytest.raises(UnreachableBundle, match=message):
        fetch("me/look", hub=hub)


READ_ONLY = """
import errno, json, os, sys
from veraretouch.core.errors import UnreachableBundle
from veraretouch.zoo.fetch import fetch

CHANGES = {"os.mkdir": 0, "os.rename": 1, "os.symlink": 1, "os.link": 1, "os.remove": 0, "os.chmod": 0}

def refuse(event, given):
    writes = event == "open" and isinstance(given[2], int) and given[2] & (os.O_WRONLY | os.O_RDWR)
    if (writes or event in CHANGES) and str(given[CHANGES.get(event, 0)]).startswith(sys.argv[1]):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

sys.addaudithook(refuse)
for name in sys.argv[2:]:
    try:
        print(json.dumps(fetch(name, verify="always").revision))
    except UnreachableBundle as error:
        print(json.dumps(str(error)))
"""


def test_a_read_only_cache_serves_what_it_has_and_says_plainly_why_it_takes_no_more(loopback, hub, tmp_path):
    commit, _ = loopback.publish("me/look", bundle_files()), loopback.publish("me/other", bundle_files())
    fetch("me/look", hub=hub)
    environment = os.environ | {"HF_ENDPOINT": loopback.url, "HF_HUB_DISABLE_XET": "1"}
    done = subprocess.run(
        [sys.executable, "-c", READ_ONLY, str(tmp_path), "me/look", f"me/look@{commit}", "me/other"],
        env=environment,
        capture_output=True,
        text=True,
    )
    *loaded, refused = map(json.loads, done.stdout.splitlines())
    assert loaded == [commit, commit], done.stderr
    assert refused == f"{hub.cache} cannot be written to: Read-only file system. Set HF_HOME to a folder of yours."
