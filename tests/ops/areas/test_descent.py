"""Descent finds where an edit was: position, radius and feather are recovered from rendered pictures alone."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from veraretouch import Area, Frame, Slot
from veraretouch.core.photo import as_photo
from veraretouch.core.testing import sample
from veraretouch.ops.areas.ellipse import Ellipse
from veraretouch.ops.areas.linear import Linear

STARTS = 20
STEPS = 250
CLOSE = 0.02  # of the frame
RANGES = {"x": (0.2, 0.8), "y": (0.2, 0.8), "radius_x": (0.15, 0.5), "radius_y": (0.15, 0.5), "feather": (0.2, 1.0)}
SOFT_STARTS = {"x": (0.3, 0.7), "y": (0.3, 0.7), "radius_x": (0.3, 0.6), "radius_y": (0.3, 0.6), "feather": (0.5, 1.0)}


@pytest.fixture(scope="module")
def photo() -> Tensor:
    """A portrait (1, 3, 36, 48) or so."""
    rgb = as_photo(sample("portrait")).resized(96).tensor()[None]
    return interpolate(rgb, size=(36, 48), mode="bilinear", antialias=True)


def renderer(area: type[Area], photo: Tensor, names: tuple[str, ...]) -> Callable[[Tensor], Tensor]:
    """What a photo looks like, a third darker within the mask, by slots (N, S)."""
    made = area()

    def rendered(found: Tensor) -> Tensor:
        rgb = photo.expand(len(found), -1, -1, -1)
        values = dict(zip(names, found.unbind(1), strict=True))
        rest = {name: torch.zeros(len(found)) for name in area.slots if name not in names}
        params = made.params({**values, **rest}, Frame(0, 0, *photo.shape[2:]), rgb[:, :, :0, :0])
        return rgb - 0.3 * rgb * made.mask(rgb, params)

    return rendered


def apart(pictures: Tensor, goal: Tensor) -> Tensor:
    """The root of the mean square of differences, (N,)."""
    return (pictures - goal).square().mean(dim=(1, 2, 3)).add(1e-6).sqrt()


def descended(
    area: type[Area], rendered: Callable[[Tensor], Tensor], goal: Tensor, start: Tensor, step: float
) -> Tensor:
    """The slots (N, S) that descent comes to, within their bounds."""
    slots: list[Slot] = [area.slots[name] for name in area.slots if name != "angle"]
    low, high = torch.tensor([[float(slot.low), float(slot.high)] for slot in slots]).T
    found = start.clone().requires_grad_()
    adam = torch.optim.Adam([found], lr=step)
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(adam, STEPS)
    for _ in range(STEPS):
        adam.zero_grad()
        apart(rendered(found), goal).sum().backward()
        adam.step()
        slower.step()
        with torch.no_grad():
            found.copy_(found.clamp(low, high))
    return found.detach()


def drawn(ranges: dict[str, tuple[float, float]], generator: torch.Generator) -> Tensor:
    low, high = torch.tensor(list(ranges.values())).T
    return low + (high - low) * torch.rand(STARTS, len(ranges), generator=generator)


@pytest.mark.slow
def test_centre_radii_and_feather_of_an_ellipse_are_recovered_from_nine_of_ten_starts(photo: Tensor) -> None:
    generator = torch.Generator().manual_seed(0)
    target, start = drawn(RANGES, generator), drawn(SOFT_STARTS, generator)
    rendered = renderer(Ellipse, photo, tuple(RANGES))
    found = descended(Ellipse, rendered, rendered(target), start, 0.03)
    assert float(((found - target).abs() < CLOSE).all(dim=1).float().mean()) >= 0.9


@pytest.mark.slow
def test_both_lines_of_a_gradient_are_recovered_from_nine_of_ten_starts(photo: Tensor) -> None:
    generator = torch.Generator().manual_seed(0)
    target = torch.rand(STARTS, 4, generator=generator)
    middle = 0.3 + 0.4 * torch.rand(STARTS, 2, generator=generator)
    rendered = renderer(Linear, photo, tuple(Linear.slots))
    goal = rendered(target)
    # Descent cannot turn a gradient round, as it would have to pass through a mask of one value: of four ways to begin,
    # at right angles, the nearest is taken.
    first = 2 * math.pi * torch.rand(STARTS, 1, generator=generator)
    ways = []
    for quarter in range(4):
        turn = first + quarter * math.pi / 2
        reach = 0.15 * torch.cat([turn.cos(), turn.sin()], dim=1)
        ways.append(torch.cat([middle + reach, middle - reach], dim=1))
    nearest = torch.stack([apart(rendered(way), goal) for way in ways]).argmin(dim=0)
    start = torch.stack(ways)[nearest, torch.arange(STARTS)]
    found = descended(Linear, rendered, goal, start, 0.06)
    # Points may lie anywhere on their line: what counts is how far they are from it, and how it is turned.
    shape = torch.tensor([1.0, photo.shape[2] / photo.shape[3]])
    full, zero = (end * shape for end in target.split(2, dim=1))
    found_full, found_zero = (end * shape for end in found.split(2, dim=1))
    normal, found_normal = (torch.nn.functional.normalize(ends) for ends in (full - zero, found_full - found_zero))
    errors = [
        ((found_full - full) * normal).sum(1),
        ((found_zero - zero) * normal).sum(1),
        (found_normal - normal).norm(dim=1),
    ]
    assert float((torch.stack(errors).abs() < CLOSE).all(dim=0).float().mean()) >= 0.9


def test_a_gradient_whose_points_have_met_finds_a_direction_again() -> None:
    found = torch.full((4,), 0.5, requires_grad=True)
    area, rgb = Linear(), torch.zeros(1, 3, 8, 8)
    values = dict(zip(area.slots, found.unsqueeze(1), strict=True))
    mask = area.mask(rgb, area.params(values, Frame(0, 0, 8, 8), rgb[:, :, :0, :0]))
    (mask * torch.linspace(-1, 1, 8).reshape(1, 1, 8, 1)).sum().backward()
    assert found.grad is not None
    assert bool(found.grad.isfinite().all())
    assert found.grad[1] > 0 > found.grad[3]
