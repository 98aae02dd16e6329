"""Names and where they lead; nobody shadows another."""

import hashlib
import json

import pytest
from bundles import bundle_files, lay

from veraretouch import registry, zoo
from veraretouch.core.errors import InvalidDocument, PluginCollision, TamperedBundle, UnknownBundle
from veraretouch.zoo.fetch import fetch
from veraretouch.zoo.names import find, listings
from veraretouch.zoo.sources import Folder, HubRepository, parse_source


@pytest.fixture
def index(tmp_path, monkeypatch):
    """Write a user's index."""

    def write(bundles):
        path = tmp_path / "index.json"
        path.write_text(json.dumps({"schema": "veraretouch.index/1", "bundles": bundles}))
        monkeypatch.setenv("VERARETOUCH_INDEX", str(path))
        return path

    return write


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("me/look", HubRepository("me/look")),
        ("me/look@v1.0", HubRepository("me/look", "v1.0")),
        ("hf://me/look@" + "a" * 40, HubRepository("me/look", "a" * 40)),
        ("look", None),
        ("a/b/c", None),
        ("me/..", None),
    ],
)
def test_what_a_text_means(text, source):
    assert parse_source(text) == source


def test_a_folder_goes_before_a_repository_of_the_same_spelling(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "me" / "look").mkdir(parents=True)
    assert isinstance(parse_source("me/look"), Folder)
    assert parse_source("hf://me/look") == HubRepository("me/look")
    with pytest.raises(UnknownBundle, match="Folders have no revisions"):
        parse_source("./me/look", revision="v1")


def test_the_built_in_names_are_pinned_or_say_that_nobody_has_seen_them():
    for listing in listings().values():
        assert listing.origin == "veraretouch"
        assert listing.unverified
        assert listing.licence.commercial_use is False
    assert find("vera-0.5b").source.revision == "0cccf3ef2ff16fd1f8b7867ab5cb3e725142696e"
    assert {"rules", "vera-0.5b", "vera-reference", "vera-0.5b-mobile"} <= set(zoo.list())


def test_a_users_own_index(index, tmp_path, weighted):
    lay(tmp_path / "looks" / "mine", bundle_files())
    index({"mine": {"source": "./looks/mine", "summary": "My look."}})
    assert zoo.load("mine").planner.id == "test.weighted"
    assert "mine" in zoo.list()


@pytest.mark.parametrize("name", ["rules", "vera-0.5b"])
def test_a_users_index_shadows_no_built_in_name(index, name):
    path = index({name: {"source": "evil/look"}})
    with pytest.raises(PluginCollision, match=rf"'{name}' is claimed by .*veraretouch and by {path}"):
        listings()


def test_a_plugin_shadows_no_name_either(monkeypatch):
    registry.bundles.add({"source": "evil/look"}, id="vera-0.5b")
    try:
        with pytest.raises(PluginCollision, match=r"'vera-0\.5b' is claimed by veraretouch and by"):
            listings()
    finally:
        registry.bundles.remove("vera-0.5b")


def test_a_plugin_brings_a_bundle():
    registry.bundles.add({"source": "acme/look@" + "b" * 40, "summary": "Acme's look."}, id="acme.look")
    try:
        assert find("acme.look").source == HubRepository("acme/look", "b" * 40)
    finally:
        registry.bundles.remove("acme.look")


@pytest.mark.parametrize(
    ("bundles", "message"),
    [
        ({"x": {"source": "nonsense"}}, "neither a repository nor a folder"),
        ({"x": {}}, "lacks 'source'"),
        ({"x": {"source": "a/b", "code": "import os"}}, "unknown key"),
    ],
)
def test_an_index_that_breaks_a_rule(index, bundles, message):
    index(bundles)
    with pytest.raises(InvalidDocument, match=message):
        listings()


def test_an_index_may_fix_the_manifest(index, loopback, hub):
    files = bundle_files()
    loopback.publish("me/look", files)
    index({"mine": {"source": "me/look", "sha256": hashlib.sha256(files["bundle.json"]).hexdigest()}})
    assert fetch("mine", hub=hub).manifest.name == "test-bundle"
    index({"mine": {"source": "me/look", "sha256": "0" * 64}})
    with pytest.raises(TamperedBundle, match=r"is not the one that the index of .* names"):
        fetch("mine", hub=hub)


def test_an_unknown_name_says_where_to_look():
    with pytest.raises(
        UnknownBundle, match=r"no bundle 'vera-0\.5'. Did you mean 'vera-0\.5b'\? zoo\.list\(\) shows all"
    ):
        zoo.load("vera-0.5")
