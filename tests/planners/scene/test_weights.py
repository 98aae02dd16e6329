"""Weights in 8 bits: they come back nearly as they were, and what is not this network's is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from veraretouch.core.errors import InvalidDocument
from veraretouch.planners.scene import weights
from veraretouch.planners.scene.network import SceneNetwork
from veraretouch.planners.scene.weights import FILE, dequantised, installed, quantised


@pytest.fixture(scope="module")
def network() -> SceneNetwork:
    torch.manual_seed(0)
    return SceneNetwork()


def test_weights_come_back_within_half_a_step_and_the_rest_exactly(network: SceneNetwork) -> None:
    again = dequantised(quantised(network)).state_dict()
    for name, value in network.state_dict().items():
        if value.ndim > 1:
            step = value.flatten(1).abs().amax(dim=1) / 127
            assert ((again[name] - value).flatten(1).abs().amax(dim=1) <= 0.501 * step).all(), name
        else:
            assert torch.equal(again[name], value), name


def test_packing_twice_changes_nothing(network: SceneNetwork) -> None:
    once = quantised(network)
    twice = quantised(dequantised(once))
    assert all(torch.allclose(once[name].float(), twice[name].float()) for name in once)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda held: held.pop("head.bias"), "lacks 'head.bias'"),
        (lambda held: held.pop("head.weight.scale"), "no scale for each channel"),
        (lambda held: held.update(more=torch.zeros(1)), "does not know 'more'"),
        (lambda held: held.update({"head.bias": torch.zeros(3)}), r"the shape \(3,\), not \(9,\)"),
        (lambda held: held["head.bias"].fill_(float("nan")), "not finite"),
    ],
)
def test_what_is_not_this_networks_is_refused(network: SceneNetwork, spoil, said: str) -> None:
    held = quantised(network)
    spoil(held)
    with pytest.raises(InvalidDocument, match=said):
        dequantised(held)


def test_the_installed_weights_are_read_once_and_take_a_megabyte() -> None:
    assert installed() is installed()
    assert (Path(weights.__file__).with_name("bundle") / FILE).stat().st_size <= 10**6
