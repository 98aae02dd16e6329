"""Retouchers by name: from listeners, and kept until what the name stands for is another."""

from __future__ import annotations

import json

import pytest

import veraretouch as vr
from veraretouch.core.errors import InvalidRequest, UnknownPlugin
from veraretouch.core.render import loading
from veraretouch.core.render.loading import load_planner, load_retoucher


class Opener:
    """Makes a retoucher of one name that no planner has."""

    def __init__(self, made) -> None:
        self.made, self.asked = made, []

    @vr.hookimpl
    def open_retoucher(self, name, device, dtype):
        if name != "acme/warm":
            return None
        self.asked.append((name, device, dtype))
        return self.made


@pytest.fixture
def opener():
    listener = Opener(load_retoucher("rules"))
    for id in vr.registry.hooks.entries():
        vr.registry.hooks.load(id)  # who comes last is asked first
    vr.registry.hooks.manager.register(listener, name="acme.opener")
    yield listener
    vr.registry.hooks.manager.unregister(name="acme.opener")


@pytest.fixture
def loaded(monkeypatch):
    """Names that were loaded, by a shelf of the test's own: `get` asks it."""
    shelf, names = loading._Shelf(), []
    monkeypatch.setattr(loading, "load_retoucher", lambda name, device: names.append(name) or object())

    def get(name, device=None):
        before = len(names)
        made = shelf.get(str(name), device)
        return made, len(names) > before

    return get


def test_a_name_that_no_planner_has_is_a_listeners(opener):
    assert load_retoucher("acme/warm", device="cpu", dtype="int8") is opener.made
    assert opener.asked == [("acme/warm", "cpu", "int8")]
    assert load_retoucher("rules") is not opener.made


def test_a_name_of_nobody_is_refused(monkeypatch):
    monkeypatch.setattr(vr.registry, "announce", lambda hook, **asked: [])
    with pytest.raises(UnknownPlugin, match="acme-cold"):
        load_retoucher("acme-cold")


def test_a_planner_without_a_bundle_has_no_dtype_and_goes_where_it_is_told():
    with pytest.raises(InvalidRequest, match=r"dtype 'int8' for 'rules', whose precision is its own"):
        load_retoucher("rules", dtype="int8")
    assert load_retoucher("rules").renderer.device.type == "cpu"
    assert load_retoucher("rules", device="meta").renderer.device.type == "meta"


def test_a_planner_is_its_own_and_a_name_a_new_one_each_time():
    planner = load_planner("rules")
    assert load_planner(planner) is planner
    assert type(load_planner("rules")) is type(planner)
    assert load_planner("rules") is not planner


def test_the_three_latest_are_kept_and_use_makes_late(loaded, tmp_path):
    names = [tmp_path / name for name in "abcd"]
    for name in names[:3]:
        assert loaded(name)[1]
    assert not loaded(names[0])[1]
    assert loaded(names[3])[1]  # in the place of b, which was used the longest ago
    assert [loaded(name)[1] for name in (names[0], names[2], names[3])] == [False] * 3
    assert loaded(names[1])[1]


def test_a_folder_that_was_packed_anew_is_loaded_anew(loaded, tmp_path):
    document = tmp_path / "bundle.json"
    document.write_text("{}")
    first, _ = loaded(tmp_path)
    assert loaded(tmp_path) == (first, False)
    document.write_text(json.dumps({"version": 2}))
    second, anew = loaded(tmp_path)
    assert anew
    assert second is not first


def test_another_cache_is_another_retoucher(loaded, monkeypatch):
    monkeypatch.setenv("HF_HOME", "one")
    assert loaded("acme/warm")[1]
    assert not loaded("acme/warm")[1]
    monkeypatch.setenv("HF_HOME", "two")
    assert loaded("acme/warm")[1]
    monkeypatch.setenv("LANGUAGE", "fr")
    assert not loaded("acme/warm")[1]


@pytest.mark.parametrize("name", ["acme/none", "acme\0none"], ids=["no folder", "no path"])
def test_what_is_no_folder_is_left_to_loading(loaded, name):
    assert loaded(name)[1]
    assert not loaded(name)[1]


def test_a_planner_and_its_wishes_are_named():
    """By its place a second photo could be taken for a planner."""
    with pytest.raises(TypeError, match="positional argument"):
        vr.retouch("photo.jpg", "rules")
