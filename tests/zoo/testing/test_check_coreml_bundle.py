"""`check_bundle` of a Core ML variant: its packages give their golden values, and its card names what loads them."""

import json

import bundles
import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from torch import nn

from veraretouch import registry, zoo
from veraretouch.core.testing import ConformanceError
from veraretouch.zoo.bundles.card import model_card
from veraretouch.zoo.bundles.manifest import Manifest
from veraretouch.zoo.coreml.recipe import Feature, network_recipe
from veraretouch.zoo.coreml.recipes import PLANNERS
from veraretouch.zoo.coreml.renderers import drawn
from veraretouch.zoo.testing import check_bundle

pytestmark = pytest.mark.xdist_group("coreml")


def packages_of(planner):
    """What a planner of the tests becomes: one small network."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        network = nn.Sequential(nn.Linear(192, 64), nn.GELU(), nn.Linear(64, 32))
    more = {"about": "A head.", "half": lambda operation: operation.op_type != "identity"}
    more |= {"example": drawn("input", 192), "render": None, "span": lambda values: np.full_like(values, 2)}
    return [network_recipe("head", network, {"input": Feature((1, 192))}, {"output": Feature((1, 32))}, **more)]


@pytest.fixture
def exported(tmp_path, monkeypatch):
    registry.planners.add(bundles.Weighted)
    monkeypatch.setitem(PLANNERS, bundles.Weighted.id, packages_of)
    source = bundles.lay(tmp_path / "source", bundles.bundle_files())
    yield zoo.export(str(source), variant="fp16", out=tmp_path / "out")
    registry.planners.remove(bundles.Weighted.id)


def failures(folder):
    with pytest.raises(ConformanceError) as refused:
        check_bundle(folder)
    return {found.check: found.message for found in refused.value.failures}


def test_an_exported_variant_passes_and_its_card_names_what_loads_it(exported):
    check_bundle(exported)
    words = (exported / "README.md").read_text()
    assert "veraretouch zoo pull OWNER/REPOSITORY --variant coreml-fp16 --to Models/" in words
    assert "veraretouch.zoo.coreml.open_package" in words
    assert "contrib/ios" in words
    assert "zoo.load(" not in words
    assert 'library_name: "coreml"' in words


def test_a_card_of_torch_and_phones_names_what_loads_each():
    document = json.loads(bundles.bundle_files()["bundle.json"])
    assert "zoo pull" not in model_card(Manifest(document))
    facts = {
        "specification_version": 9,
        "converters": {},
        "weight_precision": "",
        "compute_precision": "",
        "packages": {},
    }
    document["variants"]["coreml-int8"] = {"files": {}, "coreml": facts}
    words = model_card(Manifest(document))
    assert "zoo.load(" in words
    assert "--variant coreml-int8" in words


def test_a_card_that_names_what_cannot_load_it_is_found(exported):
    (exported / "README.md").write_text('zoo.load("me/look")\n')
    assert "zoo pull" in failures(exported)["card"]


def test_golden_values_that_the_package_does_not_give_are_found(exported):
    golden = exported / "coreml" / "coreml-fp16" / "golden.safetensors"
    tensors = load_file(golden)
    tensors["head/outputs/output"] = tensors["head/outputs/output"] + 1
    save_file(tensors, golden)
    document = json.loads((exported / "bundle.json").read_text())
    files = document["variants"]["coreml-fp16"]["files"]
    files["coreml/coreml-fp16/golden.safetensors"] = bundles.facts_of(golden.read_bytes())
    (exported / "bundle.json").write_text(json.dumps(document))
    found = failures(exported)
    assert set(found) == {"packages"}
    assert "head.output" in found["packages"]
