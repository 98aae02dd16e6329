"""The published Core ML repositories by name, on the loopback Hub: what they hold, as variants, and what is refused."""

import numpy as np
import pytest
from torch import nn

from veraretouch import zoo
from veraretouch.core.errors import IncompatibleBundle, LicenceNotAccepted, MissingExtra, UnknownBundle
from veraretouch.zoo import extras
from veraretouch.zoo.bundles.manifest import Manifest
from veraretouch.zoo.coreml import open_package
from veraretouch.zoo.coreml.packages import compress, convert, save
from veraretouch.zoo.coreml.translation.translate import program
from veraretouch.zoo.fetch import fetch

pytestmark = pytest.mark.xdist_group("coreml")
MOBILE, EIGHT = "Gyh68/ml-VeraRetouch", "Gyh68/ml-VeraRetouch-int8"


class _Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2688, 32)

    def forward(self, x):
        return self.layer(x)


def head(folder, bits, inputs="input"):
    model = convert(program(_Head(), {inputs: (1, 2688)}, ["output"]), half=lambda operation: True)
    return save(compress(model, bits), folder / "retouch_head.mlpackage", about={})


def files_of(package):
    return {
        f"{package.name}/{path.relative_to(package).as_posix()}": path.read_bytes()
        for path in package.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def repositories(tmp_path_factory):
    """A head in half precision, and one of eight bits, as such a repository might hold it."""
    found = {}
    for name, bits in ((MOBILE, 16), (EIGHT, 8)):
        package = head(tmp_path_factory.mktemp("head"), bits)
        more = {
            "README.md": b"a card",
            "model/config.json": b"{}",
            "model/rubbish.pth": b"no",
            "LICENSE": b"Academic.\n",
        }
        found[name] = files_of(package) | more
    return found


@pytest.fixture
def published(loopback, monkeypatch, repositories):
    monkeypatch.setenv("HF_ENDPOINT", loopback.url)
    for name, files in repositories.items():
        loopback.publish(name, files)
    return loopback


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("vera-0.5b-mobile", "coreml-fp16"),
        ("vera-0.5b-mobile-int8", "coreml-int8"),
        (MOBILE, "coreml-fp16"),
        (EIGHT, "coreml-int8"),
        ("vera-0.5b", "coreml-int8"),
    ],
)
def test_a_published_repository_is_a_variant(published, tmp_path, name, variant):
    folder = zoo.pull(name, variant=variant, to=tmp_path / "Models", accept_licence=True)
    manifest = Manifest(folder / "bundle.json")
    assert manifest.variants == (variant,)
    facts = manifest.document["variants"][variant]
    assert facts["minimum_os"] == {"iOS": "18.0"}
    assert facts["coreml"]["packages"]["retouch_head"]["inputs"] == {"input": {"shape": [1, 2688]}}
    assert (folder / "retouch_head.mlpackage" / "Manifest.json").is_file()
    assert (folder / "model" / "config.json").is_file()
    assert not (folder / "model" / "rubbish.pth").exists()
    assert not manifest.licence.commercial_use


def test_its_packages_run_here(published):
    bundle = fetch("vera-0.5b-mobile", accept_licence=True)
    found = open_package(bundle, "retouch_head").predict({"input": np.ones((1, 2688), np.float32)})
    assert found["output"].shape == (1, 32)
    with pytest.raises(IncompatibleBundle, match="is for iPhones and Macs"):
        zoo.load("vera-0.5b-mobile", accept_licence=True)


def test_it_is_fetched_once(published, monkeypatch):
    fetch("vera-0.5b-mobile", accept_licence=True)
    sent = published.sent
    fetch("vera-0.5b-mobile", accept_licence=True)
    assert published.sent == sent


def test_a_licence_is_asked_for_before_anything_large_is_fetched(published):
    with pytest.raises(LicenceNotAccepted):
        fetch("vera-0.5b-mobile")
    assert not any("weight.bin" in request.path for request in published.downloads())


def test_a_wrong_variant_is_named(published):
    with pytest.raises(UnknownBundle, match=r"has no variant 'coreml-int4'.* It has coreml-fp16"):
        fetch("vera-0.5b-mobile", variant="coreml-int4", accept_licence=True)


def test_other_inputs_than_the_published_apps_are_told(published, tmp_path):
    published.publish(MOBILE, files_of(head(tmp_path, 16, inputs="x")))
    with pytest.raises(IncompatibleBundle, match=r"retouch_head has x, output and no 'input'; it holds 3 files"):
        fetch("vera-0.5b-mobile", accept_licence=True)


def test_a_repository_without_packages_is_told(published):
    published.publish(MOBILE, {"weights.npz": b"1"})
    with pytest.raises(IncompatibleBundle, match=r"none of fastvithd, .* is there; it holds 1 files: weights.npz"):
        fetch("vera-0.5b-mobile", accept_licence=True)


def test_a_package_that_is_none_is_told(published, repositories):
    name = "retouch_head.mlpackage/Data/com.apple.CoreML/model.mlmodel"
    published.publish(MOBILE, repositories[MOBILE] | {name: b"not protobuf"})
    with pytest.raises(IncompatibleBundle, match=r"retouch_head.mlpackage is no package"):
        fetch("vera-0.5b-mobile", accept_licence=True)


def test_without_coremltools_the_extra_is_named(published, monkeypatch):
    extras.coremltools.cache_clear()
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"veraretouch\[coreml\]"):
        fetch("vera-0.5b-mobile", accept_licence=True)
    extras.coremltools.cache_clear()
