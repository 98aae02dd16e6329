"""Weights of 8 bits: within half a step, vectors exactly, and names that only look like scales stay."""

import pytest
import torch

from veraretouch.core.contract.quantisation import dequantised, quantised
from veraretouch.core.errors import InvalidDocument

TENSORS = {
    "a.weight": torch.randn(5, 3, 2, generator=torch.Generator().manual_seed(0)),
    "a.bias": torch.tensor([0.1, -2.0]),
    "norm.scale": torch.ones(4),
    "zero": torch.zeros(2, 2),
}


def test_weights_come_back_within_half_a_step_and_vectors_exactly():
    again = dequantised(quantised(TENSORS | {"count": torch.tensor(3)}), path="file")
    assert again.keys() == TENSORS.keys()
    step = TENSORS["a.weight"].flatten(1).abs().amax(dim=1)[:, None, None] / 127
    assert ((again["a.weight"] - TENSORS["a.weight"]).abs() <= 0.501 * step).all()
    for name in ("a.bias", "norm.scale", "zero"):
        assert torch.equal(again[name], TENSORS[name])


def test_tensors_that_were_never_quantised_are_as_they_were():
    assert dequantised(TENSORS, path="file") == TENSORS


def test_a_weight_without_its_scale_is_refused_by_name():
    held = quantised(TENSORS)
    del held["a.weight.scale"]
    with pytest.raises(InvalidDocument, match=r"file: 'a\.weight' has no scale"):
        dequantised(held, path="file")
