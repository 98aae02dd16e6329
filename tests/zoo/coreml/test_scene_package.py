"""The scene network on a phone: its package gives torch's shares, in half precision and in 8 bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from lazily import needs
from PIL import Image

from veraretouch import zoo
from veraretouch.planners.scene.network import CLASSES, GRID, SIDE, Doubled, folded
from veraretouch.planners.scene.reader import SceneReader
from veraretouch.zoo.bundles.manifest import Manifest
from veraretouch.zoo.coreml import open_package
from veraretouch.zoo.coreml.networks import _DoubledBySums
from veraretouch.zoo.fetch import fetch

pytestmark = pytest.mark.xdist_group("coreml")
needs("coremltools")
PHOTOS = sorted((Path(__file__).parents[3] / "docs" / "samples").glob("*.jpg"))[:2]


def test_doubling_by_sums_is_bilinear() -> None:
    x = torch.rand(1, 3, 5, 7)
    assert torch.allclose(_DoubledBySums()(x), Doubled()(x), atol=1e-6)


@pytest.mark.parametrize(("variant", "most"), [("fp16", 0.06), pytest.param("int8", 0.25, marks=pytest.mark.slow)])
def test_the_package_gives_torchs_shares(tmp_path: Path, variant: str, most: float) -> None:
    folder = zoo.export("scene", variant=variant, out=tmp_path / "scene")
    facts = Manifest(folder / "bundle.json").document["variants"][f"coreml-{variant}"]["coreml"]["packages"]
    assert list(facts) == ["scene"]
    assert facts["scene"]["outputs"]["shares"]["shape"] == [1, len(CLASSES), GRID, GRID]
    package = open_package(fetch(str(folder), variant=f"coreml-{variant}"), "scene")
    network = folded(
        SceneReader.from_bundle(fetch(str(Path(zoo.__file__).parents[1] / "planners/scene/bundle"))).network
    )
    for path in PHOTOS:
        pixels = np.asarray(Image.open(path).convert("RGB").resize((SIDE, SIDE)), np.float32)
        image = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])
        found = package.predict({"image": image}, package.states())["shares"]
        wanted = network(torch.from_numpy(image) / 255).softmax(dim=1).numpy()
        assert np.abs(found - wanted).max() < most
        assert (found.argmax(axis=1) == wanted.argmax(axis=1)).mean() > 0.98
