"""`zoo.export` and `veraretouch export coreml`: a bundle's variant, what its manifest says, and what is refused."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import bundles
import numpy as np
import pytest
import small_vera
import torch
from safetensors.numpy import load_file
from torch import nn
from typer.testing import CliRunner

from veraretouch import registry, zoo
from veraretouch.core.cli.shell import app
from veraretouch.core.contract.schema import LocalSpec, Schema
from veraretouch.core.errors import (
    IncompatibleBundle,
    InvalidDocument,
    InvalidRequest,
    TamperedBundle,
    UnknownBundle,
    UnreachableBundle,
)
from veraretouch.core.render.retoucher import Retoucher
from veraretouch.ops.clarity import Clarity
from veraretouch.ops.exposure import Exposure
from veraretouch.planners.tiny.latents import own_schema
from veraretouch.zoo.bundles.bundle import Bundle
from veraretouch.zoo.bundles.manifest import Manifest
from veraretouch.zoo.coreml import exporting, open_package
from veraretouch.zoo.coreml.golden import golden_failures
from veraretouch.zoo.coreml.judging import as_given, golden_inputs, kept
from veraretouch.zoo.coreml.recipe import Feature, network_recipe
from veraretouch.zoo.coreml.recipes import PLANNERS, recipes
from veraretouch.zoo.coreml.renderers import drawn
from veraretouch.zoo.fetch import fetch

pytestmark = pytest.mark.xdist_group("coreml")
HEAD = "head"
LANGUAGE = ["embedding", "decoder_prefill", "decoder_step", "lm_head"]


def packages_of(planner):
    """What a planner of the tests becomes: a head, and another that nobody asks for."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        network = nn.Sequential(nn.Linear(192, 64), nn.LayerNorm(64), nn.GELU(), nn.Linear(64, 2688))
    features = {"input": Feature((1, 192))}, {"output": Feature((1, 2688))}
    more = {"about": "A head.", "half": lambda operation: operation.op_type != "identity"}
    more |= {"example": drawn("input", 192), "render": None, "span": lambda values: np.full_like(values, 2)}
    return [network_recipe(name, network, *features, **more) for name in (HEAD, "other")]


@pytest.fixture(autouse=True)
def planner(weighted, monkeypatch):
    monkeypatch.setitem(PLANNERS, weighted.id, packages_of)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return bundles.lay(tmp_path_factory.mktemp("source") / "bundle", bundles.bundle_files())


@pytest.fixture(scope="module")
def made(source, tmp_path_factory):
    """The head alone, in half precision."""
    folder = tmp_path_factory.mktemp("made") / "bundle"
    registry.planners.add(bundles.Weighted)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(PLANNERS, "test.weighted", packages_of)
            return zoo.export(str(source), variant="coreml-fp16", out=folder, only=[HEAD])
    finally:
        registry.planners.remove("test.weighted")


@pytest.fixture
def copy(made, tmp_path):
    return shutil.copytree(made, tmp_path / "copy")


def facts_of(folder, variant="coreml-fp16"):
    return Manifest(folder / "bundle.json").document["variants"][variant]


def test_a_variant_says_all_that_an_app_needs(made):
    facts = facts_of(made)
    assert facts["minimum_os"]["iOS"] == "18.0"
    assert facts["coreml"]["specification_version"] == 9
    assert set(facts["coreml"]["converters"]) == {"coremltools", "torch", "veraretouch"}
    package = facts["coreml"]["packages"][HEAD]
    assert package["inputs"]["input"]["shape"] == [1, 192]
    assert package["outputs"]["output"]["shape"] == [1, 2688]
    assert package["compute_units"] == {"recommended": "all", "verified_on": []}
    assert package["memory_bytes"] > package["bytes"] > 0
    assert set(package["tolerance"]) == {"all", "cpuOnly", "cpuAndGPU", "cpuAndNeuralEngine"}
    assert 0 < package["deviation"]["relative"] < 0.01
    assert 0 < package["deviation"]["latent_max"] < 0.01
    support = Manifest(made / "bundle.json").document["device_support"]
    assert all(kind["default"] == "coreml-fp16" and not kind["verified"] for kind in support)
    assert any("iPhone16," in kind["identifiers"] for kind in support)


def test_every_file_lies_under_its_variant_and_is_listed(made):
    on_disk = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    listed = set(Manifest(made / "bundle.json").files("coreml-fp16"))
    assert on_disk - listed == {"bundle.json", "README.md"}
    assert {name.split("/")[:2] == ["coreml", "coreml-fp16"] for name in listed - {"LICENSE"}} == {True}
    Bundle(Manifest(made / "bundle.json"), "coreml-fp16", made, "here").check()


def test_the_golden_tensors_are_torchs(made, source):
    golden = load_file(made / "coreml" / "coreml-fp16" / "golden.safetensors")
    (recipe,) = [each for each in recipes(zoo.load(str(source)).planner) if each.name == HEAD]
    stored = golden_inputs(recipe)
    np.testing.assert_array_equal(golden[f"{HEAD}/inputs/input"], stored["input"])
    found = open_package(fetch(str(made), variant="coreml-fp16"), HEAD).predict(as_given(recipe, stored))
    wanted = golden[f"{HEAD}/outputs/output"]
    tolerance = facts_of(made)["coreml"]["packages"][HEAD]["tolerance"]["cpuOnly"]
    assert np.abs(kept(found["output"]) - wanted).max() < tolerance * np.abs(wanted).max()


def test_two_exports_are_byte_equal_and_a_second_variant_joins_the_first(source, made, tmp_path):
    again = zoo.export(str(source), variant="fp16", out=tmp_path / "again", only=[HEAD])
    for path in sorted(made.rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (again / path.relative_to(made)).read_bytes(), path
    zoo.export(str(source), variant="int4", out=again, only=[HEAD])
    assert Manifest(again / "bundle.json").variants == ("coreml-fp16", "coreml-int4")
    one, four = (facts_of(again, name)["coreml"]["packages"][HEAD] for name in ("coreml-fp16", "coreml-int4"))
    assert four["bytes"] < one["bytes"]
    assert four["deviation"]["relative"] > one["deviation"]["relative"]
    with pytest.raises(UnreachableBundle, match="has 'coreml-int4' already"):
        zoo.export(str(source), variant="int4", out=again, only=[HEAD])


def test_a_folder_with_something_else_stays_as_it_is(source, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "note.txt").write_text("mine")
    with pytest.raises(UnreachableBundle, match="holds something else"):
        zoo.export(str(source), variant="fp16", out=folder, only=[HEAD])
    assert [path.name for path in folder.iterdir()] == ["note.txt"]


def test_a_failed_conversion_leaves_nothing(source, tmp_path, monkeypatch):
    def fail(*unused, **more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporting, "save", fail)
    with pytest.raises(UnreachableBundle, match="No space left"):
        zoo.export(str(source), variant="fp16", out=tmp_path / "out", only=[HEAD])
    assert not [path for path in tmp_path.iterdir() if "out" in path.name]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"variant": "int3"}, InvalidRequest, "no Core ML variant 'int3'. These are known: coreml-fp16"),
        ({"only": ["haed"]}, InvalidRequest, "Did you mean 'head'"),
        ({"target": "iOS17"}, InvalidRequest, "'iOS17' is too old"),
        ({"target": "windows"}, InvalidRequest, "'windows' is too old or not known"),
        ({"decoder": "three"}, InvalidRequest, "decoder 'three' is not known. There are one, two, both"),
    ],
)
def test_what_cannot_be_made_is_one_clear_error(source, tmp_path, options, error, words):
    with pytest.raises(error, match=words):
        zoo.export(str(source), **{"variant": "fp16", "out": tmp_path / "out", **options})
    assert not (tmp_path / "out").exists()


def test_a_planner_without_packages_or_weights_is_refused(source, tmp_path, monkeypatch):
    monkeypatch.delitem(PLANNERS, "test.weighted")
    with pytest.raises(
        IncompatibleBundle, match=r"'test.weighted' has no Core ML packages. These have: reference, scene, tiny"
    ):
        zoo.export(str(source), variant="fp16", out=tmp_path / "out")
    with pytest.raises(UnknownBundle, match="planner 'rules' has no weights"):
        zoo.export("rules", variant="fp16", out=tmp_path / "out")


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (Schema.of([Clarity]), "'tiny' emits 'clarity', which looks at neighbouring pixels"),
        (
            Schema([], local=[LocalSpec("top", (), tuple(Schema.of([Exposure]).specs.values()))]),
            "'tiny' emits the local adjustment 'top'",
        ),
    ],
    ids=["spatial", "local"],
)
def test_a_planner_of_what_no_cube_renders_is_refused_by_the_name_of_that(schema, problem):
    with pytest.raises(IncompatibleBundle, match=problem):
        recipes(SimpleNamespace(id="tiny", schema=schema))


def test_tiny_and_the_neural_renderer_look_at_no_neighbouring_pixels():
    assert all(registry.ops.load(id).pointwise for id in ("neural", *own_schema().specs))


def test_a_changed_package_is_refused(copy):
    path = copy / "coreml/coreml-fp16/head.mlpackage/Data/com.apple.CoreML/weights/weight.bin"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    with pytest.raises(TamperedBundle, match=r"weight\.bin has SHA-256"):
        fetch(str(copy), variant="coreml-fp16")


def test_a_missing_or_an_extra_file_is_refused(copy):
    inside = copy / "coreml/coreml-fp16/head.mlpackage"
    (inside / "notes.txt").write_text("more")
    with pytest.raises(TamperedBundle, match=r"notes\.txt is in no list"):
        fetch(str(copy), variant="coreml-fp16")
    (inside / "notes.txt").unlink()
    (inside / "Manifest.json").unlink()
    with pytest.raises(TamperedBundle, match=r"Manifest\.json is missing"):
        fetch(str(copy), variant="coreml-fp16")


def test_a_wrong_variant_or_package_is_named(made):
    with pytest.raises(UnknownBundle, match=r"has no variant 'coreml-int8'.* It has coreml-fp16"):
        fetch(str(made), variant="coreml-int8")
    with pytest.raises(IncompatibleBundle, match="'coreml-fp16' of 'test-bundle' is for iPhones and Macs"):
        zoo.load(str(made), variant="coreml-fp16")
    with pytest.raises(InvalidDocument, match=r"has no package 'fastvithd'. It has head"):
        open_package(fetch(str(made)), "fastvithd")


def test_a_system_that_is_too_old_is_refused_and_a_new_one_is_not(made, tmp_path):
    for system in ("iOS 17.5", "macOS 14", "Windows 11"):
        with pytest.raises(IncompatibleBundle, match=r"needs iOS 18.0 or macOS 15.0 or visionOS 2.0"):
            zoo.pull(str(made), variant="coreml-fp16", to=tmp_path / "Models", system=system)
    assert not (tmp_path / "Models").exists()
    assert zoo.pull(str(made), variant="coreml-fp16", to=tmp_path / "Models", system="iOS 18.1") == tmp_path / "Models"
    with pytest.raises(InvalidRequest, match="names no system"):
        zoo.pull(str(made), system="eighteen")


def test_a_bundle_with_a_variant_is_published_and_pulled_by_name(made, loopback, monkeypatch, tmp_path):
    files = {path.relative_to(made).as_posix(): path.read_bytes() for path in made.rglob("*") if path.is_file()}
    loopback.publish("you/phone", files)
    monkeypatch.setenv("HF_ENDPOINT", loopback.url)
    command = [
        "zoo",
        "pull",
        "you/phone",
        "--variant",
        "coreml-fp16",
        "--os",
        "iOS 18.0",
        "--to",
        str(tmp_path / "Models"),
    ]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    pulled = tmp_path / "Models" / "coreml" / "coreml-fp16" / "head.mlpackage"
    assert (pulled / "Manifest.json").read_bytes() == (
        made / "coreml/coreml-fp16/head.mlpackage/Manifest.json"
    ).read_bytes()


def test_the_command_writes_the_variant_and_tells_how_far_it_is(source, tmp_path):
    out = tmp_path / "out"
    done = CliRunner().invoke(
        app, ["export", "coreml", str(source), "--variant", "int8", "--out", str(out), "--only", HEAD, "--json"]
    )
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["packages"][HEAD]["deviation"]["relative"] < 0.05
    assert Path(told["folder"]) == out


@pytest.mark.slow
def test_the_language_model_is_one_package_or_two(tmp_path, monkeypatch):
    licence = tmp_path / "LICENCE"
    licence.write_text("Be kind.\n")
    facts = {"spdx": "other", "commercial_use": True, "file": "LICENSE"}
    source = zoo.pack(
        Retoucher(small_vera.planner()), tmp_path / "vera", name="small", licence=facts, files={"LICENSE": licence}
    )
    one = zoo.export(str(source), variant="int8", out=tmp_path / "one", only=LANGUAGE)
    packages = facts_of(one, "coreml-int8")["coreml"]["packages"]
    assert set(packages) == {"embedding", "decoder", "lm_head"}
    decoder = packages["decoder"]
    assert decoder["functions"] == ["prefill", "step"]
    assert decoder["states"]["keys"] == {"shape": [2, 2, 1024, 16], "dtype": "float16"}
    assert decoder["inputs"]["prefill.embeddings"]["shape"] == [1, 64, 64]
    bundle = fetch(str(one))
    prefill, step = (open_package(bundle, "decoder", function=name) for name in ("prefill", "step"))
    states = prefill.states()
    embedded = np.random.default_rng(0).standard_normal((1, 65, 64)).astype(np.float16)
    prefill.predict({"embeddings": embedded[:, :64], "position": np.array([0])}, states)
    joined = step.predict({"embeddings": embedded[:, 64:], "position": np.array([64])}, states)["hidden"]
    assert np.isfinite(joined).all()
    # The golden values of each function are met, and missed where they are others.
    assert list(golden_failures(bundle, facts_of(one, "coreml-int8")["coreml"])) == []
    golden = bundle.tensors("coreml/coreml-int8/golden.safetensors")
    spoilt = {name: -tensor if "/outputs/" in name else tensor for name, tensor in golden.items()}
    with monkeypatch.context() as patch:
        patch.setattr(Bundle, "tensors", lambda self, file: spoilt)
        told = "\n".join(golden_failures(bundle, facts_of(one, "coreml-int8")["coreml"]))
    assert all(f"decoder_{function}.hidden" in told for function in ("prefill", "step"))
    words = {path for path in bundle.manifest.files("coreml-int8") if "tokenizer" in path}
    assert words == {"coreml/coreml-int8/tokenizer.json", "coreml/coreml-int8/tokenizer_config.json"}
    both = zoo.export(str(source), variant="int8", out=tmp_path / "both", only=LANGUAGE, decoder="both")
    assert {"decoder", "decoder_prefill", "decoder_step"} <= facts_of(both, "coreml-int8")["coreml"]["packages"].keys()


def test_help_and_the_names_of_the_zoo_load_no_torch():
    import subprocess
    import sys

    script = (
        "import sys; from veraretouch import zoo; from veraretouch.zoo.coreml.commands import coreml; dir(zoo);"
        "print(*[name for name in ('torch', 'coremltools') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
