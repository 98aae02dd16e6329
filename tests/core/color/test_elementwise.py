"""Smooth functions of single values."""

from __future__ import annotations

import pytest
import torch

from veraretouch.core.color.elementwise import at_least_single, power, smoothstep


@pytest.mark.parametrize("exponent", [2.4, 1 / 2.4, -0.5, 0.0])
def test_power_is_torchs_own(exponent):
    base = torch.logspace(-6, 2, 500, dtype=torch.float64)
    assert torch.allclose(power(base, exponent), base**exponent, rtol=1e-9)
    assert torch.allclose(power(base, torch.full_like(base, exponent)), base**exponent, rtol=1e-9)


def test_smoothstep_rests_at_both_ends_and_rises_by_perlins_cubic_between():
    x = torch.tensor([-3.0, 0.2, 0.3, 0.4, 0.5, 0.6, 9.0], dtype=torch.float64)
    assert smoothstep(0.2, 0.6, x).tolist() == pytest.approx([0, 0, 0.15625, 0.5, 0.84375, 1, 1])


def test_smoothstep_has_no_corner_at_its_ends():
    x = torch.tensor([0.2, 0.4, 0.6], dtype=torch.float64, requires_grad=True)
    smoothstep(0.2, 0.6, x).sum().backward()
    assert x.grad.tolist() == pytest.approx([0, 1.5 / 0.4, 0], abs=1e-9)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (torch.float16, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_half_precision_alone_is_widened(given, kept):
    assert at_least_single(torch.ones(2, dtype=given)).dtype == kept
