"""Highlights and shadows of areas: beside the pointwise op, without halos, with their contrast."""

from __future__ import annotations

import math

import pytest
import torch

WIDTH = 600


@pytest.mark.parametrize("slots", [{"shadows": 1.0}, {"highlights": -1.0}, {"shadows": 1.0, "highlights": -1.0}])
def test_a_step_edge_in_tone_overshoots_by_less_than_two_percent(apply, slots):
    photo = torch.full((1, 3, 40, WIDTH), 0.25, dtype=torch.float64)
    photo[..., 301:] = 0.75
    line = apply("local_tone", photo, **slots)[0, 0, 20]
    step = float(line[-1] - line[0])
    assert float(line.max() - line[-1]) < 0.02 * step
    assert float(line[0] - line.min()) < 0.02 * step


def test_areas_move_as_the_pointwise_op_moves_them_and_keep_more_contrast(apply):
    x = 0.2 + 0.04 * torch.sin(torch.arange(WIDTH, dtype=torch.float64) * 2 * math.pi / 12)
    dark = x.expand(1, 3, 120, WIDTH).clone()
    local, pointwise = (apply(op, dark, shadows=1.0) for op in ("local_tone", "tone_regions"))
    assert float(local.mean()) == pytest.approx(float(pointwise.mean()), abs=0.01)
    assert float(local.std()) > 1.1 * float(pointwise.std())
    flat = torch.full((1, 3, 30, 40), 0.7, dtype=torch.float64)
    local, pointwise = (apply(op, flat, highlights=-0.6) for op in ("local_tone", "tone_regions"))
    assert torch.allclose(local, pointwise, atol=1e-9)


def test_a_preview_shows_what_the_full_render_does(preview_error):
    assert preview_error("local_tone", shadows=0.8, highlights=-0.8) < 1.0
