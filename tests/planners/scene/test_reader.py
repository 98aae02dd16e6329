"""The scene network as a bundle: packed, loaded, and refused where a retoucher is wanted."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
import torch

import veraretouch as vr
from veraretouch.core.errors import IncompatibleBundle
from veraretouch.core.plugins.bundles import open_bundle, pack_planner
from veraretouch.planners.scene.network import CLASSES, SceneNetwork
from veraretouch.planners.scene.reader import SceneReader
from veraretouch.zoo.bundles.manifest import Manifest

TERMS = {"spdx": "Apache-2.0", "commercial_use": True}


def test_a_bundle_gives_the_shares_that_were_packed(tmp_path: Path) -> None:
    torch.manual_seed(0)
    reader = SceneReader(SceneNetwork())
    folder = pack_planner(reader, tmp_path / "mine", name="mine", licence=TERMS)
    again = SceneReader.from_bundle(open_bundle(str(folder)))
    picture = torch.rand(1, 3, 64, 64)
    assert (again.shares_of(picture) - reader.shares_of(picture)).abs().max() < 0.02


def test_a_network_is_no_retoucher(tmp_path: Path) -> None:
    folder = pack_planner(SceneReader(SceneNetwork()), tmp_path / "mine", name="mine", licence=TERMS)
    with pytest.raises(IncompatibleBundle, match="is a network"):
        vr.zoo.load(str(folder))


def test_the_installed_bundle_is_what_its_manifest_says() -> None:
    folder = files("veraretouch.planners.scene").joinpath("bundle")
    manifest = Manifest(folder.joinpath("bundle.json").read_bytes())
    assert manifest.kind == "network"
    assert manifest.planner["configuration"]["classes"] == list(CLASSES)
    assert SceneReader.from_bundle(open_bundle(str(folder))).network
