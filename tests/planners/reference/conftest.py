"""The reference planner with the golden weights."""

import golden
import pytest

from veraretouch.ops.neural import Neural, RetouchNetwork
from veraretouch.planners.reference.encoder import ReferenceEncoder
from veraretouch.planners.reference.planner import Reference


@pytest.fixture
def encoder():
    return ReferenceEncoder.from_tensors(golden.weights("encoder"))


@pytest.fixture
def planner(encoder):
    network = RetouchNetwork()
    network.load_state_dict(golden.weights("decoder"))
    return Reference(encoder, Neural(network.requires_grad_(False)))


@pytest.fixture
def small(monkeypatch):
    """The encoder is shown 64 pixels a side instead of 512, which takes a sixtieth of the time."""
    monkeypatch.setattr("veraretouch.planners.reference.planner.SIDE", 64)
