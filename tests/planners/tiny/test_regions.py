"""Measurements of things: how much there is of each, and its colour; what is hardly there says little."""

from __future__ import annotations

import torch

from veraretouch.core.color.oklab import oklab
from veraretouch.planners.scene.network import CLASSES
from veraretouch.planners.tiny.regions import REGIONS, THINGS, regions

BLUE, GREEN = torch.tensor([0.3, 0.5, 0.9]), torch.tensor([0.2, 0.5, 0.2])


def _halves() -> tuple[torch.Tensor, torch.Tensor]:
    """A blue sky above a green meadow, and its shares."""
    rgb = torch.cat([BLUE.reshape(3, 1, 1).expand(3, 64, 128), GREEN.reshape(3, 1, 1).expand(3, 64, 128)], dim=1)
    shares = torch.zeros(len(CLASSES), 96, 96)
    shares[CLASSES.index("sky"), :48] = 1
    shares[CLASSES.index("foliage"), 48:] = 1
    return rgb.unsqueeze(0), shares.unsqueeze(0)


def test_shares_and_colours_are_those_of_the_things() -> None:
    found = regions(*_halves())
    assert found.shape == (1, REGIONS)
    assert torch.allclose(found[0, : len(CLASSES)].square().sum(), torch.tensor(1.0), atol=1e-5)
    assert abs(float(found[0, CLASSES.index("sky")]) ** 2 - 0.5) < 1e-6
    colours = found[0, len(CLASSES) + len(THINGS) :].reshape(len(THINGS), 3)
    sky = oklab(BLUE.reshape(1, 3, 1, 1))
    # 512 places of sky weigh 512 / 520.
    assert abs(float(colours[THINGS.index("sky"), 1]) - float(sky.b) * 512 / 520) < 1e-4
    assert torch.equal(colours[THINGS.index("person")], torch.zeros(3))


def test_a_few_places_say_little() -> None:
    rgb, shares = _halves()
    skin = shares.clone()
    skin[:, :, :3, :3] = 0
    skin[:, CLASSES.index("skin"), :3, :3] = 1  # one place of the grid
    full = torch.zeros_like(shares)
    full[:, CLASSES.index("skin")] = 1
    start = len(CLASSES) + len(THINGS) + 3 * THINGS.index("skin")
    little, whole = (regions(rgb, each)[0, start : start + 3].norm() for each in (skin, full))
    assert float(little) < 0.25 * float(oklab(BLUE.reshape(1, 3, 1, 1)).b.abs())
    assert float(whole) > 0


def test_gradients_are_finite() -> None:
    rgb, shares = _halves()
    regions(rgb.requires_grad_(), shares).sum().backward()
    assert rgb.grad is not None
    assert rgb.grad.isfinite().all()
