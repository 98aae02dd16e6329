"""Brush strokes: capsules within a stroke by their maximum, strokes over each other, in bounded time."""

from __future__ import annotations

import time

import pytest
import torch
from masks import at, grey, mask_of
from torch import Tensor

from veraretouch import Frame
from veraretouch.core.testing.inputs.pixels import scene
from veraretouch.ops.areas import brush
from veraretouch.ops.areas.brush import Brush


def strokes(*points: tuple[float, ...]) -> Tensor:
    """Points of x, y, radius, hardness, flow, joined."""
    return torch.tensor(points)


def test_a_hard_dab_is_a_disc_of_its_radius_in_shares_of_the_long_side() -> None:
    mask = mask_of(Brush, grey(400, 600), strokes=strokes((0.5, 0.5, 0.1, 1.0, 1.0, 0.0)))
    assert mask.mean() * 400 * 600 == pytest.approx(torch.pi * 60**2, rel=0.04)
    assert at(mask, 0.5, 0.5) == 1
    assert at(mask, 0.5, 0.5 + 56 / 400) == 1
    assert at(mask, 0.5, 0.5 + 62 / 400) == 0


def test_a_soft_dab_fades_from_where_its_hardness_ends() -> None:
    mask = mask_of(Brush, grey(400, 400), strokes=strokes((0.5, 0.5, 0.2, 0.5, 0.8, 0.0)))
    assert at(mask, 0.59, 0.5) == pytest.approx(0.8, abs=0.01)
    assert at(mask, 0.65, 0.5) == pytest.approx(0.4, abs=0.03)
    assert at(mask, 0.71, 0.5) == 0


def test_joined_points_make_a_line_that_does_not_add_up_where_it_turns() -> None:
    line = strokes((0.2, 0.5, 0.1, 0.5, 0.5, 0.0), (0.8, 0.5, 0.1, 0.5, 0.5, 1.0), (0.2, 0.52, 0.1, 0.5, 0.5, 1.0))
    mask = mask_of(Brush, grey(200, 200), strokes=line)
    assert at(mask, 0.5, 0.5) == pytest.approx(0.5, abs=1e-6)
    assert mask.max() <= 0.5 + 1e-6
    apart = line.clone()
    apart[:, 5] = 0
    assert at(mask_of(Brush, grey(200, 200), strokes=apart), 0.5, 0.5) == 0


def test_strokes_paint_over_each_other() -> None:
    twice = strokes((0.5, 0.5, 0.2, 1.0, 0.5, 0.0), (0.5, 0.5, 0.2, 1.0, 0.4, 0.0))
    assert at(mask_of(Brush, grey(90, 90), strokes=twice), 0.5, 0.5) == pytest.approx(0.7)


def test_radius_hardness_and_flow_change_along_a_line() -> None:
    mask = mask_of(Brush, grey(300, 300), strokes=strokes((0.1, 0.5, 0.02, 1, 1, 0), (0.9, 0.5, 0.2, 1, 0.5, 1)))
    assert at(mask, 0.5, 0.5) == pytest.approx(0.75, abs=0.02)
    assert at(mask, 0.15, 0.6) == 0
    assert at(mask, 0.85, 0.6) > 0.5


def test_a_point_without_radius_or_flow_or_outside_the_photo_paints_nothing() -> None:
    nothing = strokes((0.5, 0.5, 0, 1, 1, 0), (0.5, 0.5, 0.2, 1, 0, 0), (-0.9, -0.9, 0.2, 1, 1, 0))
    assert mask_of(Brush, grey(40, 60), strokes=nothing).max() == 0
    assert mask_of(Brush, grey(40, 60)).max() == 0


def test_gradients_see_the_mask_that_is_seen_without_them() -> None:
    generator = torch.Generator().manual_seed(0)
    points = torch.rand(12, 6, generator=generator) * torch.tensor([1, 1, 0.2, 1, 1, 1.4])
    rgb = grey(60, 80)
    plain = mask_of(Brush, rgb, strokes=points.clamp(max=1))
    wanted = points.clamp(max=1).requires_grad_()
    seen = mask_of(Brush, rgb, strokes=wanted)
    assert torch.allclose(seen, plain, atol=1e-5)
    (gradient,) = torch.autograd.grad(seen.sum(), wanted)
    assert bool(gradient.isfinite().all())
    assert bool((gradient[:, 2:5].abs().sum(dim=0) > 0).all())


@pytest.mark.slow
def test_a_dab_is_moved_to_where_it_should_be_by_descent() -> None:
    rgb, goal = grey(48, 64), strokes((0.6, 0.4, 0.25, 0.2, 0.9, 0.0))
    target = mask_of(Brush, rgb, strokes=goal)
    found = strokes((0.45, 0.55, 0.2, 0.5, 0.5, 0.0)).requires_grad_()
    adam = torch.optim.Adam([found], lr=0.03)
    for step in range(120):
        adam.param_groups[0]["lr"] = 0.03 * (1 - step / 120)
        adam.zero_grad()
        (mask_of(Brush, rgb, strokes=found) - target).square().mean().sqrt().backward()
        adam.step()
    assert torch.allclose(found[:, :3], goal[:, :3], atol=0.02)


def test_refining_keeps_paint_on_its_side_of_an_edge() -> None:
    rgb = grey(200, 300, 0.2)
    rgb[..., 150:] = 0.9
    over = strokes((0.45, 0.5, 0.08, 0.9, 1.0, 0.0))
    plain, sharp = (mask_of(Brush, rgb, strokes=over, refine=refine) for refine in (0.0, 1.0))
    spilt = (0, 0, slice(95, 105), slice(151, 156))
    assert plain[spilt].min() > 0.99
    assert sharp[spilt].mean() < 0.7
    assert sharp[0, 0, 100, 126] > 0.85


@pytest.mark.parametrize("radius", [0.01, 1.0])
def test_many_points_take_seconds_at_most(radius: float) -> None:
    generator = torch.Generator().manual_seed(0)
    points = torch.rand(800, 6, generator=generator)
    points[:, 2] = radius
    start = time.process_time()
    mask = mask_of(Brush, grey(576, 768), strokes=points)
    assert time.process_time() - start < 6
    assert mask.shape == (1, 1, 576, 768)


def test_strokes_that_are_painted_on_a_coarser_grid_look_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    points = torch.rand(30, 6, generator=torch.Generator().manual_seed(1)) * torch.tensor([1, 1, 0.3, 0.5, 1, 1])
    fine = mask_of(Brush, grey(300, 400), strokes=points)
    monkeypatch.setattr(brush, "MOST_PIXELS", 1e5)
    coarse = mask_of(Brush, grey(300, 400), strokes=points)
    assert 0 < (fine - coarse).abs().mean() < 0.02


def test_edges_in_a_large_photo_are_smooth() -> None:
    area, frame = Brush(), Frame(1000, 1900, 2600, 4000)
    values = {"strokes": strokes((0.5, 0.5, 0.05, 1.0, 1.0, 0.0))[None], "refine": torch.zeros(1)}
    whole = Frame(0, 0, 2600, 4000)
    p = area.params(values, whole, scene(499, 768, dtype=torch.float32))
    tile = area.mask(torch.zeros(1, 3, 300, 300), p.at(frame))
    assert tile.diff(dim=2).abs().max() < 0.2
    assert tile.max() == 1
