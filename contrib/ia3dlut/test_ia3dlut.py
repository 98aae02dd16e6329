"""The published model's own numbers, on three photos, and the planner's contract."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from veraretouch_ia3dlut import ImageAdaptiveLut

from veraretouch import Renderer, Request, zoo
from veraretouch.core.errors import InvalidDocument
from veraretouch.core.photo import open_photo
from veraretouch.core.render.retoucher import Retoucher
from veraretouch.core.testing import check_planner
from veraretouch.zoo.testing import check_bundle

DATA = Path(__file__).with_name("data")
EXPECTED = json.loads((DATA / "expected.json").read_text())


@pytest.fixture(scope="module")
def planner():
    return zoo.load("ia3dlut").planner


@pytest.mark.parametrize("name", EXPECTED)
def test_the_planner_gives_the_published_weights_and_pixels(planner, name):
    photo, expected = open_photo(DATA / f"{name}.jpg"), EXPECTED[name]
    assert [photo.width, photo.height] == expected["size"]
    weights = planner.weigh(photo.tensor().unsqueeze(0)).flatten().tolist()
    assert weights == pytest.approx(expected["weights"], abs=1e-4)
    done = Renderer()(photo.tensor().unsqueeze(0), planner.plan([photo], [Request.of()]).latents)[0]
    for row, column, rgb in expected["pixels"]:
        assert np.abs(done[:, row, column].numpy() - rgb).max() < 1e-3


def test_the_planner_keeps_the_contract(planner):
    check_planner(planner)


def test_the_bundle_conforms():
    check_bundle("ia3dlut")
    assert ImageAdaptiveLut().tables.shape == (3, 3, 33, 33, 33)


@pytest.mark.parametrize(
    ("file", "tensors", "message"),
    [
        ("luts.safetensors", {"luts": torch.zeros(3, 3, 2, 2, 2)}, r"luts\.safetensors: holds a tensor of shape"),
        ("luts.safetensors", {"other": torch.zeros(1)}, r"luts\.safetensors: holds no tensor named luts"),
        ("classifier.safetensors", {"other": torch.zeros(1)}, r"classifier\.safetensors: .*Missing key"),
    ],
)
def test_weights_of_another_shape_are_one_clear_error(planner, tmp_path, file, tensors, message):
    licence = {"spdx": "Apache-2.0", "commercial_use": True}
    folder = zoo.pack(Retoucher(planner), tmp_path / "copy", name="copy", licence=licence)
    save_file(tensors, folder / file)
    document = json.loads((folder / "bundle.json").read_text())
    data = (folder / file).read_bytes()
    facts = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    document["variants"]["torch"]["files"][file] = facts
    (folder / "bundle.json").write_text(json.dumps(document))
    with pytest.raises(InvalidDocument, match=message):
        zoo.load(folder)


def test_a_configuration_is_refused(planner, tmp_path):
    folder = zoo.pack(
        Retoucher(planner), tmp_path / "copy", name="copy", licence={"spdx": "Apache-2.0", "commercial_use": True}
    )
    document = json.loads((folder / "bundle.json").read_text())
    document["planner"]["configuration"] = {"points": 4096}
    (folder / "bundle.json").write_text(json.dumps(document))
    with pytest.raises(InvalidDocument, match=r"planner\.configuration"):
        zoo.load(folder)
