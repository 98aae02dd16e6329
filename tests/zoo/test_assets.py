"""Plans that name bundles.

Nobody is asked, no token is sent and no weights come before bundle.json is the right one.
"""

import json

import numpy as np
import pytest
from bundles import bundle_files, lay
from PIL import Image

from veraretouch.core.errors import TamperedBundle, UnknownBundle, UntrustedBundle
from veraretouch.zoo.fetch import fetch, fetch_asset

BIG = 300_000


@pytest.fixture
def evil(loopback, monkeypatch):
    """A repository that no index lists, at a Hub that may see the user's token."""
    monkeypatch.setenv("HF_ENDPOINT", loopback.url)
    monkeypatch.setenv("HF_TOKEN", loopback.token)
    monkeypatch.setenv("VERARETOUCH_TOKEN_ENDPOINT", loopback.url)
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    commit = loopback.publish("evil/bundle", bundle_files(filler=BIG))
    return {"bundle": "evil/bundle", "revision": commit, "sha256": "0" * 64}


@pytest.fixture
def right(evil, tmp_path):
    """The same, with the hash of its content."""
    folder = lay(tmp_path / "same", bundle_files(filler=BIG))
    return evil | {"sha256": fetch(folder).asset["sha256"]}


@pytest.mark.parametrize("name", ["evil/bundle", "hf://evil/bundle", "evil/bundle@main", "hf://evil/bundle@v1"])
def test_a_bundle_that_no_index_lists_is_not_asked_for(loopback, evil, name):
    with pytest.raises(
        UntrustedBundle, match=r"which no index lists: nothing was fetched\..*--allow-bundle evil/bundle"
    ):
        fetch_asset({"bundle": name, "sha256": evil["sha256"]})
    with pytest.raises(UntrustedBundle):
        fetch_asset(evil)
    assert loopback.requests == []


def test_the_command_refuses_such_a_plan_with_one_error_and_goes_by_allow_bundle(loopback, evil, cli, tmp_path):
    Image.fromarray(np.full((8, 8, 3), 90, np.uint8)).save(tmp_path / "photo.png")
    params = dict.fromkeys(("light", "global_color", "specific_color"), [0.1] * 896)
    edit = {"version": 1, "asset": evil, "params": params}
    plan = {"schema": "veraretouch.plan/1", "mode": "auto", "edits": {"neural": edit}}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    order = ("render", tmp_path / "photo.png", "--plan", tmp_path / "plan.json", "--out", tmp_path / "out", "--jobs", 1)
    done = cli(*order, code=1, anew=True)
    assert "evil/bundle" in done.stdout + done.stderr
    assert loopback.requests == []
    done = cli(*order, "--allow-bundle", "evil/bundle", code=1)
    assert "is not the one that the plan was made with" in done.stdout + done.stderr
    assert [request.path.rsplit("/", 1)[1] for request in loopback.downloads()] == ["bundle.json"]


@pytest.mark.parametrize("way", ["variable", "configuration", "index"])
def test_one_that_is_allowed_or_listed_is_fetched_without_a_token(loopback, right, monkeypatch, tmp_path, way):
    if way == "variable":
        monkeypatch.setenv("VERARETOUCH_ALLOW_BUNDLES", "me/other, evil/bundle")
    elif way == "configuration":
        (tmp_path / "config.toml").write_text('[bundles]\nallow = ["evil/bundle"]\n')
        monkeypatch.setenv("VERARETOUCH_CONFIG", str(tmp_path / "config.toml"))
    else:
        index = {"schema": "veraretouch.index/1", "bundles": {"look": {"source": "evil/bundle"}}}
        (tmp_path / "index.json").write_text(json.dumps(index))
        monkeypatch.setenv("VERARETOUCH_INDEX", str(tmp_path / "index.json"))
    assert fetch_asset(right).manifest.name == "test-bundle"
    assert loopback.downloads()
    assert not any(request.authorization for request in loopback.requests)


def test_of_a_bundle_with_another_content_nothing_but_its_manifest_is_fetched(loopback, evil, monkeypatch):
    monkeypatch.setenv("VERARETOUCH_ALLOW_BUNDLES", "evil/bundle")
    with pytest.raises(TamperedBundle, match="is not the one that the plan was made with"):
        fetch_asset(evil)
    assert [request.path.rsplit("/", 1)[1] for request in loopback.downloads()] == ["bundle.json"]


def test_a_bundle_that_the_user_has_fetched_is_taken_from_the_cache(loopback, right):
    fetch("evil/bundle")
    asked = len(loopback.requests)
    assert fetch_asset(right).revision == right["revision"]
    assert len(loopback.requests) == asked


@pytest.mark.parametrize("name", ["//evil.example/share/bundle", "\\\\evil.example\\share\\bundle"])
def test_a_folder_of_another_machine_is_not_opened(name):
    with pytest.raises((UntrustedBundle, UnknownBundle)):
        fetch_asset({"bundle": name, "sha256": "0" * 64})


def test_a_plan_of_a_relative_folder_is_rendered_from_anywhere(tmp_path, monkeypatch):
    lay(tmp_path / "bundle", bundle_files())
    monkeypatch.chdir(tmp_path)
    asset = fetch("./bundle").asset
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert fetch_asset(asset).asset == asset
