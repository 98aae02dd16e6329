"""Contrast: midtones spread about the pivot, ends held."""

from __future__ import annotations

import pytest
import torch


@pytest.mark.parametrize("amount", [-1.0, -0.4, 0.4, 1.0])
def test_contrast_is_monotone_and_undone_by_its_opposite(apply, ramp, cube, amount):
    assert float(apply("contrast", ramp, amount=amount)[0].diff().min()) > 0
    there = apply("contrast", cube, amount=amount)
    assert torch.allclose(apply("contrast", there, amount=-amount), cube, atol=1e-5)


def test_contrast_spreads_midtones_and_crushes_neither_end(apply, ramp):
    spread = apply("contrast", ramp, amount=1.0)[0]
    slopes = spread.diff() / ramp[0].diff()
    assert 1.9 < float(slopes.max()) < 2.01
    assert float(slopes.min()) > 0.45
    assert float(spread[0]) == pytest.approx(0, abs=1e-9)
    assert float(spread[-1]) == pytest.approx(1, abs=1e-9)
