"""Retouchers made of bundles: what fits, what does not, under which licence."""

import json
from pathlib import Path

import numpy as np
import pytest
from bundles import SCHEMA, bundle_files, facts_of, lay

from veraretouch import Photo, zoo
from veraretouch.core.errors import (
    IncompatibleBundle,
    InvalidDocument,
    InvalidRequest,
    LicenceNotAccepted,
    UnknownBundle,
)
from veraretouch.core.photo import open_photo


def changed_latents(change):
    document = json.loads(json.dumps(SCHEMA.document()))
    change(document)
    from veraretouch import Schema

    # The fingerprint of what the document says now.
    for op in document["ops"]:
        op["slots"] = dict(op["slots"])
    from veraretouch.core.contract.schema import OpSpec
    from veraretouch.core.contract.slot_kinds import slot_from_document

    return Schema(
        OpSpec(op["id"], op["version"], op["stage"], {n: slot_from_document(s) for n, s in op["slots"].items()})
        for op in document["ops"]
    ).document()


def folder_of(tmp_path, **changes):
    return str(lay(tmp_path / "look", bundle_files(**changes)))


def test_the_retoucher_retouches_and_every_plan_and_picture_say_by_what(tmp_path, weighted):
    retoucher = zoo.load(folder_of(tmp_path), dtype="float32")
    assert (retoucher.planner.device, retoucher.planner.dtype) == (None, "float32")
    result = retoucher(Photo(np.full((8, 8, 3), 100, np.uint8)))
    assert result.image.pixels.mean() > 100
    assert result.plan.planner["bundle"] == {"name": "test-bundle", "version": "1.2.0", "licence": "other"}
    for suffix in ("jpg", "png", "webp", "tif"):
        xmp = open_photo(result.save(tmp_path / f"done.{suffix}")).xmp.decode()
        assert 'Bundle="test-bundle 1.2.0"' in xmp
        assert 'BundleLicence="other"' in xmp


def test_everything_that_does_not_fit_is_said_at_once(tmp_path, weighted):
    def change(document):
        exposure, contrast = document["ops"]
        exposure["version"] = 7
        contrast["slots"]["amount"]["high"] = 0.5
        contrast["slots"]["extra"] = contrast["slots"]["amount"]
        document["ops"].append({"id": "acme.gone", "version": 1, "stage": 1000, "slots": exposure["slots"]})

    folder = folder_of(tmp_path, latents=changed_latents(change))
    with pytest.raises(IncompatibleBundle) as refused:
        zoo.load(folder)
    for part in (
        "op 'exposure' is version 1 here and 7 in the bundle",
        "slot contrast.amount: high 0.5 became 1.0",
        "slot contrast.extra is in the bundle alone",
        "no op 'acme.gone' is installed",
    ):
        assert part in str(refused.value)


def test_a_planner_that_is_not_installed_is_named_with_its_distribution(tmp_path):
    folder = folder_of(tmp_path, planner={"id": "acme.net", "version": "1", "distribution": "acme-net"})
    with pytest.raises(IncompatibleBundle, match=r"planner 'acme\.net' is not installed \(pip install acme-net\)"):
        zoo.load(folder)


def test_latents_with_another_fingerprint_are_refused(tmp_path, weighted):
    with pytest.raises(Exception, match="does not belong to these slots"):
        zoo.load(folder_of(tmp_path, latents=SCHEMA.document() | {"fingerprint": "0" * 64}))


RESEARCH = {"spdx": "other", "commercial_use": False, "file": "LICENSE", "note": "Research only."}


def test_a_licence_for_research_is_asked_for_once(tmp_path, weighted):
    folder = folder_of(tmp_path, licence=RESEARCH)
    with pytest.raises(
        LicenceNotAccepted, match=r"does not allow commercial use\. Research only\. If you agree: --accept"
    ):
        zoo.load(folder)
    assert zoo.load(folder, accept_licence=True).origin["licence"] == "other"
    zoo.load(folder)
    # Other words have to be agreed to again.
    (tmp_path / "second").mkdir()
    with pytest.raises(LicenceNotAccepted):
        zoo.load(folder_of(tmp_path / "second", licence=RESEARCH | {"note": "Research only, and on Sundays."}))
    files = bundle_files(licence=RESEARCH, files={"LICENSE": facts_of(b"Be kinder.\n")}) | {"LICENSE": b"Be kinder.\n"}
    with pytest.raises(LicenceNotAccepted):
        zoo.load(str(lay(tmp_path / "third", files)))
    # Another bundle under the same words is not asked about.
    zoo.load(str(lay(tmp_path / "fourth", bundle_files(licence=RESEARCH, name="other-bundle"))))


def test_the_environment_may_agree(tmp_path, weighted, monkeypatch):
    monkeypatch.setenv("VERARETOUCH_ACCEPT_LICENCE", "1")
    zoo.load(folder_of(tmp_path, licence=RESEARCH))


def test_weights_are_not_fetched_before_the_licence_is_agreed_to(loopback, hub):
    from veraretouch.zoo.fetch import fetch

    loopback.publish("me/look", bundle_files(licence=RESEARCH))
    with pytest.raises(LicenceNotAccepted):
        fetch("me/look", hub=hub)
    assert not any("weights" in request.path for request in loopback.requests)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "../evil"}, "is no bundle's name"),
        ({"licence": {"spdx": "other", "commercial_use": True}}, "is 'other' without a file"),
        ({"licence": {"spdx": "MIT", "commercial_use": True, "file": "MISSING"}}, "'MISSING' is not listed"),
        ({"licence": {"spdx": "MIT"}}, "lacks 'commercial_use'"),
        ({"schema": "veraretouch.bundle/9"}, "is not 'veraretouch.bundle/1'"),
        ({"variants": {}}, "fewer than 1 parts"),
        ({"code": "import os"}, "unknown key"),
        ({"variants": {"torch": {"files": {"a.safetensors": {"size": 1, "sha256": "Z" * 64}}}}}, "is no SHA-256"),
        ({"metrics": {"psnr": "high"}}, "is not of type number"),
    ],
)
def test_a_manifest_that_breaks_a_rule(tmp_path, changes, message):
    with pytest.raises(InvalidDocument, match=message):
        zoo.load(folder_of(tmp_path, **changes))


def test_rules_load_without_network_or_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HOME", str(tmp_path / "nowhere"))
    assert zoo.load("rules").planner.id == "rules"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"dtype": "int8"}, "dtype 'int8' for 'rules', which is an installed planner"),
        ({"dtype": "float32"}, "dtype 'float32' for 'rules'"),
        ({"variant": "torch"}, "variant 'torch' for 'rules'"),
        ({"revision": "main"}, "revision 'main' for 'rules'"),
        ({"runtime": "onnx"}, "runtime 'onnx' for 'rules'"),
        ({"options": {"flux": 3}}, "flux '3' for 'rules'"),
    ],
)
def test_an_installed_planner_takes_a_device_and_nothing_else(given, message):
    with pytest.raises(InvalidRequest, match=message):
        zoo.load("rules", **given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"dtype": "int8"}, r"dtype 'int8' for planner 'test\.weighted'\. It takes float32, bfloat16, float16"),
        ({"dtype": "flux"}, "dtype 'flux'"),
        ({"runtime": "onnx"}, "knows no option runtime"),
        ({"options": {"flux": 3}}, "knows no option flux"),
    ],
)
def test_a_bundles_planner_takes_what_it_says(tmp_path, weighted, given, message):
    with pytest.raises(InvalidRequest, match=message):
        zoo.load(folder_of(tmp_path), **given)


@pytest.mark.parametrize("name", ["rules", "tiny", "./look"])
def test_an_unknown_keyword_is_an_error_for_every_planner(name):
    with pytest.raises(TypeError, match="flux"):
        zoo.load(name, flux=3)


def test_a_path_is_a_folder_even_where_its_text_is_a_planners_name(tmp_path, weighted, monkeypatch):
    lay(tmp_path / "rules", bundle_files())
    monkeypatch.chdir(tmp_path)
    assert zoo.load(Path("rules")).origin["name"] == "test-bundle"
    assert zoo.load(tmp_path / "rules").origin["name"] == "test-bundle"
    assert zoo.load("rules").planner.id == "rules"


def test_the_plain_name_of_a_folder_that_is_there_suggests_to_write_it_as_one(tmp_path, monkeypatch):
    lay(tmp_path / "bundle", bundle_files())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownBundle, match=r"no bundle 'bundle'\. For the folder, write \./bundle\."):
        zoo.load("bundle")
