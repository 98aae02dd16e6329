"""What the installed distributions announce, read once from real metadata on the path."""

from __future__ import annotations

import importlib.metadata

import pytest
from distributions import Site

from veraretouch.core.plugins.installed import Installed


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    return Site(tmp_path)


def owners(installed: Installed, id: str, group: str = "veraretouch.ops") -> list[str]:
    return [claim.owner for claim in installed.claims(group).get(id, [])]


def test_each_distributions_claim_is_there_with_its_owner(site):
    site.fade()
    site.fade("other-film", version="2", module="other_film")
    found = Installed().claims("veraretouch.ops")["acme.fade"]
    assert sorted(claim.owner for claim in found) == ["acme-film 1.2", "other-film 2"]
    assert {claim.point.value for claim in found} == {"acme_film:Fade", "other_film:Fade"}


def test_groups_are_kept_apart_and_those_of_others_are_not_read(site):
    site.install("acme", "1", {"acme.plan": "acme:Plan"}, group="veraretouch.planners")
    site.install("tool", "1", {"run": "tool:run"}, group="console_scripts")
    installed = Installed()
    assert owners(installed, "acme.plan", "veraretouch.planners") == ["acme 1"]
    assert owners(installed, "acme.plan") == []
    assert installed.claims("console_scripts") == {}


def test_the_same_claim_seen_twice_is_one(site, tmp_path):
    site.fade()
    (tmp_path / "again").mkdir()
    Site(tmp_path / "again").fade()
    import sys

    sys.path.insert(0, str(tmp_path / "again"))
    try:
        assert owners(Installed(), "acme.fade") == ["acme-film 1.2"]
    finally:
        sys.path.remove(str(tmp_path / "again"))


def test_the_folders_are_searched_once_until_refresh(site, monkeypatch):
    searches = []
    real = importlib.metadata.entry_points
    monkeypatch.setattr("veraretouch.core.plugins.installed.entry_points", lambda: searches.append(1) or real())
    installed = Installed()
    installed.claims("veraretouch.ops")
    installed.claims("veraretouch.planners")
    assert len(searches) == 1
    site.fade()
    assert owners(installed, "acme.fade") == []
    installed.refresh()
    assert owners(installed, "acme.fade") == ["acme-film 1.2"]
    assert len(searches) == 2


@pytest.mark.parametrize(
    ("metadata", "owner"),
    [
        ("Metadata-Version: 2.1\nName: acme\n", "acme"),
        ("Metadata-Version: 2.1\nVersion: 3\n", "(unknown) 3"),
        ("", "(unknown)"),
    ],
    ids=["no version", "no name", "nothing"],
)
def test_damaged_metadata_hides_no_plugin(site, metadata, owner):
    site.install("acme", "1", {"acme.fade": "acme:Fade"}, metadata=metadata)
    assert owners(Installed(), "acme.fade") == [owner]
