"""The network: it starts at the identity, and what is applied is what all its members agree on."""

from __future__ import annotations

import torch

from veraretouch.planners.tiny.network import EDITS, FEATURES, Shape, TinyNetwork


def _filled(members: int = 3) -> TinyNetwork:
    torch.manual_seed(0)
    network = TinyNetwork(Shape(5, members, hidden=16)).eval()
    for member in network.members:
        torch.nn.init.normal_(member.head.weight)
    return network


def test_an_untrained_network_is_the_identity() -> None:
    found = TinyNetwork(Shape(5)).eval()(torch.randn(4, FEATURES))
    assert found.shape == (4, len(EDITS), 5)
    assert not found.any()


def test_each_number_is_the_median_of_the_votes_and_of_almost_as_many_for_nothing() -> None:
    network, some = _filled(), torch.randn(4, FEATURES)
    votes = network(some, votes=True)
    assert votes.shape == (3, 4, len(EDITS), 5)
    nothing = torch.zeros_like(votes[:2])
    found = network(some)
    assert torch.equal(found, torch.cat([votes, nothing]).sort(dim=0).values[2])
    assert 0 < int(found.ne(0).sum()) < found.numel()


@torch.no_grad()
def test_members_who_disagree_make_less_of_it_than_the_mean() -> None:
    network = _filled()
    for member, bias in zip(network.members, (1.0, -0.05, 0.0), strict=True):
        member.head.weight.zero_()
        member.head.bias.fill_(bias)
    found = network(torch.zeros(1, FEATURES))
    mean = network(torch.zeros(1, FEATURES), votes=True).mean(dim=0)
    assert float(found.abs().max()) < float(mean.abs().max())


def test_features_are_scaled_by_their_spread_and_held_within_four_of_it() -> None:
    network = _filled()
    some = 3 + 2 * torch.randn(500, FEATURES, generator=torch.Generator().manual_seed(1))
    network.fit_scale(some)
    scaled = network.scaled(some)
    assert float(scaled.mean().abs()) < 0.01
    assert abs(float(scaled.std()) - 1) < 0.02
    assert float(network.scaled(some * 100).abs().max()) == 4


def test_the_shape_goes_through_its_document() -> None:
    shape = Shape(7, 5, hidden=32, dropout=0.2)
    assert Shape.of(shape.document()) == shape
