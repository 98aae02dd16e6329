"""`check_bundle`: each spoiled bundle fails the check that is for it, with words that help."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from bundles import Weighted, bundle_files, facts_of, lay
from safetensors.torch import save

from veraretouch import Schema, registry, zoo
from veraretouch.core.render.retoucher import Retoucher
from veraretouch.core.testing import ConformanceError
from veraretouch.zoo.bundles import verified
from veraretouch.zoo.testing import check_bundle


def failure(place, **options):
    """The one check that fails, and what it says."""
    with pytest.raises(ConformanceError) as refused:
        check_bundle(place, **options)
    (found,) = refused.value.failures
    return found.check, found.message


def test_a_good_folder_and_a_packed_retoucher_pass(tmp_path, weighted):
    check_bundle(lay(tmp_path / "look", bundle_files()))
    licence = {"spdx": "MIT", "commercial_use": True}
    check_bundle(zoo.pack(Retoucher(Weighted(torch.zeros(2))), tmp_path / "packed", name="x", licence=licence))


def test_a_repository_is_checked_by_its_name(loopback, weighted, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_ENDPOINT", loopback.url)
    loopback.publish("me/look", bundle_files())
    check_bundle("me/look")
    assert failure("me/look", revision="v9") == ("files", f"me/look has no revision 'v9'. See {loopback.url}/me/look.")


def test_a_changed_file_is_found_and_stamps_are_not_trusted(tmp_path, weighted, monkeypatch):
    folder = lay(tmp_path / "look", bundle_files())
    check_bundle(folder)
    hashed, real = set(), verified.sha256_of
    monkeypatch.setattr(verified, "sha256_of", lambda file: hashed.add(Path(file.name).name) or real(file))
    check_bundle(folder)
    assert hashed == {"LICENSE", "weights.safetensors"}
    (folder / "LICENSE").write_bytes(b"Be evil.\n")
    check, message = failure(folder)
    assert check == "files"
    assert "LICENSE has SHA-256" in message
    assert failure(tmp_path)[1].endswith("Give the folder that a bundle was packed into.")


def test_weights_that_the_planner_cannot_use(tmp_path, weighted):
    data = b"\x08\0\0\0\0\0\0\0not json"
    folder = lay(
        tmp_path / "look", bundle_files(variants={"torch": {"files": {"weights.safetensors": facts_of(data)}}})
    )
    (folder / "weights.safetensors").write_bytes(data)
    assert failure(folder)[0] == "planner"


def test_a_planner_that_is_not_here(tmp_path):
    assert failure(lay(tmp_path / "look", bundle_files())) == (
        "planner",
        "bundle 'test-bundle' 1.2.0 does not fit what is installed: planner 'test.weighted' is not installed. "
        "Install the versions that it was made for, or fetch a bundle made for these.",
    )


@pytest.mark.parametrize("text", [b"", b" \n", b"\xff\xfe\0"])
def test_a_licence_without_words(tmp_path, weighted, text):
    folder = lay(tmp_path / "look", bundle_files(files={"LICENSE": facts_of(text)}) | {"LICENSE": text})
    check, message = failure(folder)
    assert check == "licence"
    assert "Put the words of the licence there" in message


def test_a_restriction_without_words(tmp_path, weighted):
    folder = lay(tmp_path / "look", bundle_files(licence={"spdx": "CC-BY-NC-4.0", "commercial_use": False}))
    assert failure(folder)[0] == "files"  # nobody has agreed
    check, message = failure(folder, accept_licence=True)
    assert check == "licence"
    assert "add a note or the text" in message


def test_latents_that_are_missing_or_not_the_planners(tmp_path, weighted):
    files = bundle_files()
    document = json.loads(files["bundle.json"])
    del document["latents"]
    check, message = failure(lay(tmp_path / "none", files | {"bundle.json": json.dumps(document).encode()}))
    assert check == "latents"
    assert "zoo.pack writes it" in message
    other = Schema.of([registry.ops.load(name) for name in ("exposure", "contrast", "hsl")])
    check, message = failure(lay(tmp_path / "other", bundle_files(latents=other.document())))
    assert check == "latents"
    assert "hsl" in message


def test_a_plan_by_ops_that_no_list_names(tmp_path, weighted):
    fewer = Schema.of([registry.ops.load("exposure")])
    with pytest.raises(ConformanceError) as refused:
        check_bundle(lay(tmp_path / "look", bundle_files(latents=fewer.document())))
    assert refused.value.checks == ("latents", "plan")
    assert "edits by exposure; came contrast" in str(refused.value)


def test_a_plan_that_fails(tmp_path, weighted):
    weights = save({"raw": torch.tensor([float("nan"), 0.0])})
    listed = {"torch": {"files": {"weights.safetensors": facts_of(weights)}}}
    folder = lay(tmp_path / "look", bundle_files(variants=listed) | {"weights.safetensors": weights})
    assert failure(folder)[0] == "plan"


def test_importing_the_kit_loads_no_torch():
    script = "import sys, veraretouch.zoo.testing; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)
