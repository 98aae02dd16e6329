"""Lists of plugins as tables and JSON, and all entries of every kind."""

from __future__ import annotations

import json

from veraretouch.core.cli import listing
from veraretouch.core.cli.listing import all_entries, catalogue_rows, show_catalogue
from veraretouch.core.plugins.entry import PluginEntry, PluginState
from veraretouch.core.plugins.registry import registry


class Catalogue:
    """A catalogue of one plugin that can be used and one that cannot."""

    kind = "op"

    def __init__(self, *entries: PluginEntry) -> None:
        self._entries = {entry.id: entry for entry in entries}

    def entries(self) -> dict[str, PluginEntry]:
        return self._entries


GOOD = PluginEntry("exposure", "veraretouch", "0.1.0", "veraretouch.ops.exposure:Exposure")
BAD = PluginEntry(
    "acme.fade", "acme-film", "1.2", "acme_film:Fade", PluginState.BROKEN, "ImportError: none", "Reinstall it."
)


def test_rows_hold_what_metadata_and_source_say():
    good, bad = catalogue_rows(Catalogue(GOOD, BAD))
    assert good == {
        "id": "exposure",
        "distribution": "veraretouch",
        "version": "0.1.0",
        "state": "available",
        "summary": "Scale light by a power of two, as a longer or shorter exposure does, without pushing white out.",
        "reason": "",
    }
    assert (bad["state"], bad["summary"], bad["reason"]) == ("broken", "", "ImportError: none")


def test_a_table_shows_the_summary_of_what_can_be_used_and_the_reason_of_what_cannot(capsys):
    show_catalogue(Catalogue(GOOD, BAD), json=False)
    said = capsys.readouterr().out
    assert said.split()[:4] == ["ID", "DISTRIBUTION", "STATE", "SUMMARY"]
    assert "veraretouch 0.1.0" in said
    assert "Scale light" in said
    assert "acme-film 1.2" in said
    assert "ImportError: none" in said


def test_json_is_keyed_by_the_plural_and_none_is_said_in_words(capsys):
    show_catalogue(Catalogue(BAD), json=True)
    assert json.loads(capsys.readouterr().out)["ops"][0]["reason"] == "ImportError: none"
    show_catalogue(Catalogue(), json=True)
    assert json.loads(capsys.readouterr().out) == {"ops": []}
    show_catalogue(Catalogue(), json=False)
    assert capsys.readouterr().out.strip() == "No op is installed."


def test_every_entry_of_every_kind_is_there_and_aliases_with_them(monkeypatch):
    alias = PluginEntry("old.name", "acme-film", "1.2", "acme.fade")
    monkeypatch.setattr(type(registry), "aliases", lambda self: {"old.name": alias})
    found = all_entries()
    assert found["op", "exposure"].distribution == "veraretouch"
    assert found["planner", "rules"].id == "rules"
    assert found["alias", "old.name"] is alias
    assert {kind for kind, _ in found} >= {"op", "planner", "command", "hook", "alias"}
    assert listing.registry is registry
