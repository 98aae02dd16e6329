"""A bundle's packages against its golden tensors, by whatever runs models here: on a Mac Apple's runtime.

VERA_BUNDLE names the folder of a bundle and VERA_VARIANT one of its variants; without it a small one is made.
"""

import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from veraretouch.zoo.coreml.exporting import judged, make
from veraretouch.zoo.coreml.judging import farthest, kept
from veraretouch.zoo.coreml.recipe import Feature, network_recipe
from veraretouch.zoo.coreml.renderers import drawn
from veraretouch.zoo.coreml.running import Package

pytestmark = pytest.mark.xdist_group("coreml")


def far(package, facts, golden, name, function=None):
    """The largest difference of each output, as a share of what is allowed."""
    runner = Package(package, function=function if len(facts["functions"]) > 1 else None)
    prefix = f"{name}_{function}" if len(facts["functions"]) > 1 else name
    inputs = {}
    for key, value in golden.items():
        if key.startswith(f"{prefix}/inputs/"):
            feature = key.rpartition("/")[2]
            told = facts["inputs"].get(feature) or facts["inputs"][f"{function}.{feature}"]
            inputs[feature] = value * np.float32(told.get("scale", 1)) + np.float32(told.get("bias", 0))
    found = runner.predict(inputs, runner.states())
    shares = {}
    for output, value in found.items():
        wanted = golden[f"{prefix}/outputs/{output}"]
        shares[output] = farthest(kept(value), wanted) / facts["tolerance"]["all"]
    return shares


@pytest.mark.parametrize("bits", [16, 8, 4])
def test_the_golden_tensors_of_a_small_package_are_met_at_every_width(small, tmp_path, bits):
    recipe = network_recipe(
        "small",
        small.wide,
        {"x": Feature((1, 64))},
        {"y": Feature((1, 64))},
        about="A layer.",
        half=lambda operation: operation.op_type != "identity",
        example=drawn("x", 64),
    )
    package = make(recipe, tmp_path, bits, about={})
    facts, tensors = judged(recipe, package)
    # What few bits cost is the package's own, and named; a device gets the recipe's tolerance on top.
    cost = facts["deviation"]["share_max"]
    assert (cost > recipe.tolerance) == (bits == 4)
    assert facts["tolerance"]["cpuOnly"] == pytest.approx(recipe.tolerance + cost, rel=0.01)
    golden = {f"small/{name}": value for name, value in tensors.items()}
    assert far(package, facts, golden, "small")["y"] < 1
    golden["small/outputs/y"] = golden["small/outputs/y"][::-1]
    assert far(package, facts, golden, "small")["y"] > 1


@pytest.mark.slow
@pytest.mark.skipif("VERA_BUNDLE" not in os.environ, reason="VERA_BUNDLE names no bundle")
def test_the_golden_tensors_of_a_bundle_are_met():
    from veraretouch.zoo.fetch import fetch

    variant = os.environ.get("VERA_VARIANT", "coreml-fp16")
    bundle = fetch(os.environ["VERA_BUNDLE"], variant=variant)
    told = bundle.manifest.document["variants"][variant]["coreml"]
    place = Path(bundle.folder) / "coreml" / variant
    golden = load_file(place / told["golden"])
    for name, facts in told["packages"].items():
        for function in facts["functions"]:
            shares = far(place / f"{name}.mlpackage", facts, golden, name, function)
            print(name, function, shares)
            assert max(shares.values()) < 1
