"""Packages of small networks, made once for all tests of a file."""

import numpy as np
import pytest
import torch
from torch import nn

from veraretouch.core.threads import one_thread
from veraretouch.ops.neural import Neural, RetouchNetwork
from veraretouch.zoo.coreml.renderers import of_neural


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    with one_thread():
        yield


@pytest.fixture(scope="session")
def network():
    """The renderer's network in its own size, with weights of a seed,
    away from the middle so that pictures have contrast.
    """
    made = RetouchNetwork.untrained(3)
    with torch.no_grad():
        made.out_layer.weight.mul_(4)
    return made.eval().requires_grad_(False)


@pytest.fixture(scope="session")
def renderers(network):
    """Recipes of the renderer at 64 pixels and of a baker of 17 points: the same programs as at full size."""
    return {recipe.name: recipe for recipe in of_neural(Neural(network), sides=[64], cubes=[17])}


class Small(nn.Module):
    """What has most kinds of layers: a convolution, linear layers, norms, a reduction."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(2)
            self.conv = nn.Conv2d(3, 64, 3, padding=1)
            self.norm = nn.BatchNorm2d(64)
            self.norm.running_mean.normal_()
            self.norm.running_var.uniform_(0.5, 2)
            self.wide, self.layer, self.last = nn.Linear(64, 64), nn.LayerNorm(64), nn.Linear(64, 5)

    def forward(self, x):
        seen = torch.relu(self.norm(self.conv(x))).mean(dim=(2, 3))
        return self.last(nn.functional.gelu(self.layer(self.wide(seen)))).softmax(dim=1)


@pytest.fixture(scope="session")
def small():
    return Small().eval()


@pytest.fixture
def picture():
    return np.random.default_rng(1).random((1, 3, 8, 8), dtype=np.float32)
