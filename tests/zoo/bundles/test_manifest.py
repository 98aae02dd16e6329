"""bundle.json: what it names, by variant, and what it may not say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from bundles import bundle_files, facts_of

from veraretouch.core.errors import InvalidDocument, UnknownBundle
from veraretouch.zoo.bundles.manifest import LARGEST, MOST_LATENTS, FileFacts, Manifest


def document(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(bundle_files(**changes)["bundle.json"])
    return made


def refused(said: str | None = None, **changes: Any) -> InvalidDocument:
    with pytest.raises(InvalidDocument, match=said) as caught:
        Manifest(document(**changes))
    return caught.value


FACTS = facts_of(b"x")


def test_a_manifest_says_name_version_licence_and_files_of_a_variant():
    manifest = Manifest(document())
    assert (manifest.name, manifest.version, manifest.kind) == ("test-bundle", "1.2.0", "planner")
    assert (manifest.licence.spdx, manifest.licence.commercial_use, manifest.licence.file) == ("other", True, "LICENSE")
    assert manifest.variants == ("torch",)
    assert set(manifest.files("torch")) == {"LICENSE", "weights.safetensors"}
    assert manifest.files("torch")["LICENSE"] == FileFacts(**facts_of(b"Be kind.\n"))
    assert manifest.planner["id"] == "test.weighted"
    assert set(manifest.latents.specs) == {"exposure", "contrast"}


def test_a_wanted_variant_is_found_the_only_one_taken_and_torch_where_there_are_several():
    one = Manifest(document(variants={"coreml": {"files": {}}}))
    assert one.variant() == "coreml"
    two = Manifest(document(variants={"int8": {"files": {}}, "torch": {"files": {"a.safetensors": FACTS}}}))
    assert two.variant() == "torch"
    assert two.variant("int8") == "int8"
    assert set(two.files("int8")) == {"LICENSE"}
    with pytest.raises(UnknownBundle, match=r"has no variant 'int'\. Did you mean 'int8'\? It has int8, torch\."):
        two.variant("int")


def test_content_hangs_on_hashes_and_configuration_and_on_nothing_else():
    content = Manifest(document()).content("torch")
    assert len(content) == 64
    assert Manifest(document(version="9.9", summary="Other words.")).content("torch") == content
    configured = document()
    configured["planner"]["configuration"] = {"kind": "other"}
    assert Manifest(configured).content("torch") != content
    assert Manifest(document(variants={"torch": {"files": {"weights.safetensors": FACTS}}})).content("torch") != content


@pytest.mark.parametrize("name", ["a.pth", "b/A.PT", "x.ckpt", "x.pkl", "x.npy", "x.bin", "x.h5", "deep/x.joblib"])
def test_what_may_run_code_when_it_is_opened_is_refused(name):
    error = refused("may run code when it is opened", variants={"torch": {"files": {name: FACTS}}})
    assert error.path.startswith("bundle.variants.torch.files")


def test_the_weights_of_a_core_ml_package_are_plain_numbers():
    name = "net.mlpackage/Data/com.apple.CoreML/weights/weight.bin"
    assert name in Manifest(document(variants={"torch": {"files": {name: FACTS}}})).files("torch")
    refused("may run code", variants={"torch": {"files": {name.replace("weights", "other"): FACTS}}})


@pytest.mark.parametrize("sha", ["A" * 64, "a" * 63, "g" * 64])
def test_a_hash_that_is_none_is_refused(sha):
    refused(variants={"torch": {"files": {"a.safetensors": {"size": 1, "sha256": sha}}}})


def test_names_are_judged_over_all_variants_together():
    refused("where case does not count", variants={"torch": {"files": {"license": FACTS}}})
    variants = {"torch": {"files": {"a/b": FACTS}}, "int8": {"files": {"a": FACTS}}}
    refused("lies within the file", variants=variants)


@pytest.mark.parametrize("name", ["Look", "-look", "a b", "look/2"])
def test_a_name_is_of_small_letters(name):
    refused(name=name)


def test_a_planner_has_to_be_named_and_a_licence_of_its_own_to_be_listed():
    without = document()
    del without["planner"]
    with pytest.raises(InvalidDocument, match="lacks 'planner'"):
        Manifest(without)
    refused("is 'other' without a file", licence={"spdx": "other", "commercial_use": True})
    refused("'TERMS' is not listed", licence={"spdx": "MIT", "commercial_use": True, "file": "TERMS"})
    Manifest(document(licence={"spdx": "MIT", "commercial_use": True}))


def test_a_manifest_of_more_than_a_mebibyte_is_refused_unread(tmp_path):
    path = tmp_path / "bundle.json"
    path.write_bytes(b"{" + b" " * LARGEST)
    with pytest.raises(InvalidDocument, match=f"{LARGEST + 1} bytes are more than {LARGEST}"):
        Manifest(path)
    assert LARGEST == 2**20


def test_latents_that_would_fill_the_memory_are_refused_before_one_is_made():
    made = document()
    slots = made["latents"]["ops"][0]["slots"]
    first = next(iter(slots))
    slots[first]["shape"] = [MOST_LATENTS, 1024]
    with pytest.raises(InvalidDocument, match=f"are more than {MOST_LATENTS}"):
        assert Manifest(made).latents
