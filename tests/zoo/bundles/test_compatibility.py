"""Whether what is installed can do what a bundle was made for: every difference in one error."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from bundles import bundle_files, lay

from veraretouch.core.contract.schema import OpSpec, Schema
from veraretouch.core.contract.slot_kinds import slot_from_document
from veraretouch.core.errors import IncompatibleBundle, InvalidRequest
from veraretouch.core.plugins.registry import registry
from veraretouch.zoo.bundles.bundle import Bundle
from veraretouch.zoo.bundles.compatibility import check_compatible, check_system
from veraretouch.zoo.bundles.manifest import Manifest


def document() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(bundle_files()["bundle.json"])
    return made


def differences(made: dict[str, Any]) -> str:
    """What the one error says of a bundle whose latents have been changed, its fingerprint with them."""
    specs = []
    for op in made["latents"]["ops"]:
        slots = {name: slot_from_document(slot) for name, slot in op["slots"].items()}
        specs.append(OpSpec(op["id"], op["version"], op["stage"], slots))
    made["latents"]["fingerprint"] = Schema(specs).fingerprint
    with pytest.raises(IncompatibleBundle) as caught:
        check_compatible(Manifest(made))
    assert str(caught.value).startswith("bundle 'test-bundle' 1.2.0 does not fit what is installed: ")
    return str(caught.value)


def exposure(made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(op for op in made["latents"]["ops"] if op["id"] == "exposure")
    return found


def test_what_was_made_for_what_is_here_fits(weighted):
    check_compatible(Manifest(document()))


def test_a_planner_that_is_not_installed_is_named_with_where_to_get_it():
    made = document()
    assert "planner 'test.weighted' is not installed" in differences(made)
    made["planner"]["distribution"] = "acme-planner"
    assert "is not installed (pip install acme-planner)" in differences(made)


def test_a_changed_slot_is_told_with_both_values(weighted):
    made = document()
    exposure(made)["slots"]["ev"]["high"] = 4.0
    assert "slot exposure.ev: high 4.0 became 5.0" in differences(made)


def test_a_slot_that_one_of_them_lacks_is_told(weighted):
    made = document()
    slots = exposure(made)["slots"]
    slots["gamma"] = copy.deepcopy(slots["ev"])
    assert "slot exposure.gamma is in the bundle alone" in differences(made)


@pytest.mark.parametrize(
    ("theirs", "ours", "said"),
    [(3, 1, "is version 1 here and 3 in the bundle"), (1, 2, "is version 2 here, with no way from the bundle's 1")],
)
def test_another_version_of_an_op_is_told(weighted, monkeypatch, theirs, ours, said):
    made = document()
    exposure(made)["version"] = theirs
    monkeypatch.setattr(registry.ops.load("exposure"), "version", ours)
    assert f"op 'exposure' {said}" in differences(made)


def test_all_differences_stand_in_one_error(weighted):
    made = document()
    exposure(made)["slots"]["ev"]["high"] = 4.0
    made["planner"]["id"] = "acme.absent"
    said = differences(made)
    assert "acme.absent" in said
    assert "high 4.0 became 5.0" in said


@pytest.fixture
def for_phones(tmp_path):
    """A bundle whose one variant needs iOS 18 or macOS 15."""
    files = bundle_files()
    made = json.loads(files["bundle.json"])
    made["variants"]["torch"]["minimum_os"] = {"iOS": "18.0", "macOS": "15.0"}
    lay(tmp_path, files | {"bundle.json": json.dumps(made).encode()})
    return Bundle(Manifest(made), "torch", tmp_path, "test-bundle")


@pytest.mark.parametrize("system", ["iOS 18.0", "ios 18.2", "iOS18", "macOS 15", "MACOS 26.1.2"])
def test_a_system_that_is_new_enough_is_taken(for_phones, system):
    check_system(for_phones, system)


@pytest.mark.parametrize("system", ["iOS 17.9", "macOS 14.99", "tvOS 18"])
def test_an_older_or_another_system_is_refused_with_what_is_needed(for_phones, system):
    with pytest.raises(
        IncompatibleBundle, match=f"needs iOS 18.0 or macOS 15.0, and {system} is too old or another system"
    ):
        check_system(for_phones, system)


@pytest.mark.parametrize("system", ["iOS", "18.0", "iOS 18.x", ""])
def test_what_names_no_system_is_refused(for_phones, system):
    with pytest.raises(InvalidRequest, match="names no system"):
        check_system(for_phones, system)
