"""How the claims on an id are judged before anything is imported."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from veraretouch.core.plugins.entry import USABLE, PluginEntry, PluginState, judge
from veraretouch.core.plugins.installed import Claim
from veraretouch.core.plugins.policy import PolicyRule


def claim(distribution: str = "acme-film", version: str = "1.2", target: str = "acme_film:Fade") -> Claim:
    return Claim(EntryPoint("acme.fade", target, "veraretouch.ops"), distribution, version)


def rule(*names: str, allows: bool = False) -> PolicyRule:
    return PolicyRule("THE_LIST", allows, frozenset(names))


def test_one_claim_is_available_as_its_metadata_says():
    entry = judge("acme.fade", [claim()], [])
    assert (entry.id, entry.distribution, entry.version, entry.target) == (
        "acme.fade",
        "acme-film",
        "1.2",
        "acme_film:Fade",
    )
    assert (entry.state, entry.reason, entry.cure, entry.load_seconds) == (PluginState.AVAILABLE, "", "", None)
    assert entry.owner == "acme-film 1.2"


def test_two_claims_collide_and_both_owners_are_named():
    entry = judge("acme.fade", [claim(), claim("other", "3")], [])
    assert entry.state is PluginState.COLLISION
    assert entry.reason == "claimed by acme-film 1.2 and other 3"
    assert entry.cure == "Uninstall one of them, or name it in VERARETOUCH_BLOCK."
    assert entry.standing == "in collision"


@pytest.mark.parametrize(("blocked", "left"), [("other", "acme-film"), ("acme-film", "other"), ("Acme_Film", "other")])
def test_blocking_one_of_two_claimants_leaves_the_other(blocked, left):
    entry = judge("acme.fade", [claim(), claim("other", "3")], [rule(blocked)])
    assert (entry.state, entry.distribution) == (PluginState.AVAILABLE, left)


def test_a_blocked_plugin_says_by_which_list_and_how_to_change_it():
    entry = judge("acme.fade", [claim()], [rule("somebody"), rule("acme.fade"), rule("x", allows=True)])
    assert (entry.state, entry.reason, entry.cure) == (PluginState.BLOCKED, "THE_LIST names it", "Change THE_LIST.")
    assert entry.standing == "blocked"


def test_two_blocked_claimants_are_blocked_and_no_collision():
    assert judge("acme.fade", [claim(), claim("other", "3")], [rule("acme.fade")]).state is PluginState.BLOCKED


def test_an_allow_list_keeps_out_whom_it_does_not_name_but_no_built_in():
    lists = [rule("other", allows=True)]
    assert judge("acme.fade", [claim()], lists).reason == "THE_LIST does not name it"
    assert judge("acme.fade", [claim("other", "3")], lists).state is PluginState.AVAILABLE
    assert judge("exposure", [claim("veraretouch", "0.1")], lists).state is PluginState.AVAILABLE


def test_a_distribution_without_version_is_named_without_a_blank():
    assert PluginEntry("a", "acme", "", "x").owner == "acme"
    assert claim("acme", "").owner == "acme"


def test_what_is_available_or_loaded_can_be_used_and_nothing_else():
    assert {PluginState.AVAILABLE, PluginState.LOADED} == USABLE
    entry = judge("acme.fade", [claim()], [])
    entry.fail(PluginState.BROKEN, "it broke", "Mend it.")
    assert (entry.state, entry.reason, entry.cure) == (PluginState.BROKEN, "it broke", "Mend it.")
    assert entry.state not in USABLE
