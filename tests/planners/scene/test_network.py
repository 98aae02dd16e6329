"""The network of the scene: its sizes, and what folding its normalisation changes."""

from __future__ import annotations

import torch
from torch import nn

from veraretouch.planners.scene.network import CLASSES, GRID, SIDE, Pointwise, SceneNetwork, folded, quick


def test_folding_the_normalisation_changes_nothing() -> None:
    torch.manual_seed(0)
    network = SceneNetwork()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 2)
            nn.init.uniform_(layer.weight, 0.5, 1.5)
    picture = torch.rand(1, 3, SIDE, SIDE)
    ready, fast = folded(network), quick(network)
    with torch.no_grad():
        made, wanted, soon = ready(picture), network.eval()(picture), fast(picture)
    assert made.shape == (1, len(CLASSES), GRID, GRID)
    assert torch.allclose(made, wanted, atol=1e-4 * float(wanted.abs().max()))
    assert torch.allclose(soon, made, atol=1e-4 * float(wanted.abs().max()))
    assert sum(isinstance(layer, Pointwise) for layer in fast.modules()) == 29
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in [*ready.modules(), *fast.modules()])
    assert not any(weight.requires_grad for weight in ready.parameters())


def test_gradients_reach_every_weight() -> None:
    network = SceneNetwork().train()
    network(torch.rand(2, 3, 64, 64)).square().mean().backward()
    assert [name for name, weight in network.named_parameters() if weight.grad is None] == []


def test_the_network_is_small() -> None:
    assert sum(weight.numel() for weight in SceneNetwork().parameters()) < 800_000
