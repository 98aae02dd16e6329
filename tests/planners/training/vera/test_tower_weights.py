"""ImageNet weights for a tower: every tensor by its name, and pictures from 0 to 1."""

import re

import pytest
import torch
from safetensors.torch import save_file

from veraretouch.core.errors import InvalidDocument
from veraretouch.planners.training.vera.tower_weights import start_tower
from veraretouch.planners.vera.tower import Tower

STAGES = (1, 2, 2, 3, 3, 4, 1)
FIRST = {"conv_dw": "_depthwise_conv", "bn1": "_bn1", "conv_pw": "_project_conv", "bn2": "_bn2"}
OTHERS = {
    "conv_pw": "_expand_conv",
    "bn1": "_bn0",
    "conv_dw": "_depthwise_conv",
    "bn2": "_bn1",
    "conv_pwl": "_project_conv",
    "bn3": "_bn2",
}
STEM = {"conv_stem": "_conv_stem", "bn1": "_bn0", "conv_head": "_conv_head", "bn2": "_bn1"}


def _published(name):
    found = re.fullmatch(r"blocks\.(\d+)\.(\d+)\.(\w+)\.(\w+)", name)
    if found is None:
        layer, _, part = name.partition(".")
        return f"{STEM[layer]}.{part}"
    stage, place, layer, part = int(found[1]), int(found[2]), found[3], found[4]
    return f"_blocks.{sum(STAGES[:stage]) + place}.{(OTHERS if stage else FIRST)[layer]}.{part}"


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A tower as that package trained it, which is shown (rgb - 0.498) / 0.502, and its weights in a file."""
    tower = Tower("tf_efficientnet_lite0").eval()
    state = tower.model.state_dict()
    tensors = {_published(name): value for name, value in state.items()} | {"_fc.bias": torch.zeros(1000)}
    path = tmp_path_factory.mktemp("tower") / "weights.safetensors"
    save_file(tensors, path)
    return tower, tensors, path


def test_the_tower_sees_what_the_published_one_saw(given):
    published, _, path = given
    tower = Tower("tf_efficientnet_lite0").eval()
    start_tower(tower, path)
    rgb = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        stems = [
            one.model.bn1(one.model.conv_stem(seen)) for one, seen in ((tower, rgb), (published, (rgb - 0.498) / 0.502))
        ]
    assert torch.allclose(stems[0][..., :-1, :-1], stems[1][..., :-1, :-1], atol=1e-5)  # the margin is padded there
    ours, theirs = tower.model.state_dict(), published.model.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs if name.startswith(("blocks", "conv_head")))


def test_weights_of_another_network_are_refused(given, tmp_path):
    _, tensors, path = given
    with pytest.raises(InvalidDocument, match="are missing"):
        start_tower(Tower("test_efficientnet"), path)
    save_file(
        {name: value for name, value in tensors.items() if name != "_conv_stem.weight"}, tmp_path / "less.safetensors"
    )
    with pytest.raises(InvalidDocument, match=r"conv_stem\.weight"):
        start_tower(Tower("tf_efficientnet_lite0"), tmp_path / "less.safetensors")
