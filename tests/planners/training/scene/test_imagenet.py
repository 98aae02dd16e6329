"""Starting weights: EfficientNet-Lite0 under the names of its package, tensors alone, or an earlier bundle."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from veraretouch.core.errors import IncompatibleBundle, InvalidDocument
from veraretouch.planners.scene.network import BLOCKS, SceneNetwork
from veraretouch.planners.training.scene.imagenet import started

BUNDLES = Path(__file__).parents[4] / "planners"


def lite0() -> dict[str, Tensor]:
    """Tensors of the shapes and names of efficientnet-lite0, drawn at random, with a layer that is not taken."""
    torch.manual_seed(0)
    found: dict[str, Tensor] = {"_fc.weight": torch.rand(3, 3)}

    def layer(convolution: str, norm: str, *shape: int) -> None:
        found[f"{convolution}.weight"] = torch.randn(shape)
        for part in ("weight", "bias", "running_mean", "running_var"):
            found[f"{norm}.{part}"] = torch.rand(shape[0])

    layer("_conv_stem", "_bn0", 32, 3, 3, 3)
    for place, shape in enumerate(BLOCKS):
        name, inner = f"_blocks.{place}", shape.before * shape.growth
        if shape.growth > 1:
            layer(f"{name}._expand_conv", f"{name}._bn0", inner, shape.before, 1, 1)
        layer(f"{name}._depthwise_conv", f"{name}._bn1", inner, 1, shape.kernel, shape.kernel)
        layer(f"{name}._project_conv", f"{name}._bn2", shape.after, inner, 1, 1)
    return found


def test_stem_and_blocks_are_taken_from_a_file(tmp_path: Path) -> None:
    weights = lite0()
    torch.save(weights, tmp_path / "lite0.pth")
    network = started(str(tmp_path / "lite0.pth"))
    assert isinstance(network, SceneNetwork)
    state = network.state_dict()
    assert torch.equal(state["stem.0.weight"], weights["_conv_stem.weight"])
    assert torch.equal(state["blocks.0.depthwise.1.running_var"], weights["_blocks.0._bn1.running_var"])
    assert torch.equal(state["blocks.10.project.0.weight"], weights["_blocks.10._project_conv.weight"])


def test_weights_of_something_else_are_refused(tmp_path: Path) -> None:
    torch.save({"layer.weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(InvalidDocument, match=r"_conv_stem\.weight is missing"):
        started(str(tmp_path / "other.pth"))
    torch.save(lite0() | {"_conv_stem.weight": torch.zeros(3)}, tmp_path / "shape.pth")
    with pytest.raises(InvalidDocument, match="has the shape"):
        started(str(tmp_path / "shape.pth"))
    with pytest.raises(InvalidDocument, match="cannot be read"):
        started(str(tmp_path / "none.pth"))


class Evil:
    """A pickle that would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.path), "w")


def test_no_code_of_a_pickle_is_run(tmp_path: Path) -> None:
    torch.save({"_conv_stem.weight": Evil(tmp_path / "trace")}, tmp_path / "evil.pth")
    with pytest.raises(InvalidDocument):
        started(str(tmp_path / "evil.pth"))
    assert not (tmp_path / "trace").exists()


def test_an_earlier_bundle_is_a_start_and_another_planners_is_none() -> None:
    assert isinstance(started(str(BUNDLES / "scene" / "bundle")), SceneNetwork)
    with pytest.raises(IncompatibleBundle, match="holds no scene"):
        started(str(BUNDLES / "tiny" / "bundle"))
