"""Rooms below the zoo open, pack and list bundles by hooks."""

import pytest
import torch
from bundles import Weighted

from veraretouch.core.errors import UnknownBundle
from veraretouch.core.plugins import bundles
from veraretouch.core.plugins.registry import registry


@pytest.fixture
def weighted():
    registry.planners.add(Weighted)
    yield Weighted
    registry.planners.remove(Weighted.id)


def test_a_planner_is_packed_and_its_bundle_opened_through_the_hooks(tmp_path, weighted):
    folder = bundles.pack_planner(
        weighted(torch.tensor([0.25])),
        tmp_path / "packed",
        name="acme-look",
        licence={"spdx": "MIT", "commercial_use": True},
        facts={"summary": "A look."},
    )
    opened = bundles.open_bundle(str(folder))
    assert (opened.name, opened.folder) == ("acme-look", folder)
    assert opened.terms == {"spdx": "MIT", "commercial_use": True}
    assert opened.asset["sha256"]
    assert weighted.from_bundle(opened, device=None, dtype=None).raw.item() == 0.25


def test_the_index_is_listed_without_a_network(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert {"vera-0.5b", "vera-reference"} <= bundles.bundle_names()


def test_an_unknown_name_is_the_zoos_own_error():
    with pytest.raises(UnknownBundle, match=r"no bundle 'vera-05b'.*vera-0\.5b"):
        bundles.open_bundle("vera-05b")


def test_without_a_listener_the_error_says_who_is_missing(monkeypatch):
    monkeypatch.setattr(registry, "announce", lambda hook, **arguments: [])
    with pytest.raises(UnknownBundle, match=r"no bundle 'look' can be opened: no plugin listens.*plugins list"):
        bundles.open_bundle("look")
