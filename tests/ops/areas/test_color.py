"""The range around a colour, by distance in OkLab."""

from __future__ import annotations

import pytest
import torch
from masks import mask_of
from torch import Tensor

from veraretouch.core.color.oklab import chroma, hue, oklab
from veraretouch.ops.areas.color import Color

BLUE = (0.35, 0.55, 0.85)


def photo(*colours: tuple[float, float, float]) -> Tensor:
    """Colours beside each other, (1, 3, 1, N)."""
    return torch.tensor(colours).T.reshape(1, 3, 1, -1)


def around(colour: tuple[float, float, float]) -> dict[str, float]:
    """The slots of a colour."""
    lab = oklab(photo(colour))
    return {"lightness": lab.L.item(), "chroma": chroma(lab).item(), "hue": hue(lab).item()}


def test_it_covers_its_colour_and_no_other() -> None:
    others = [(0.9, 0.6, 0.2), (0.5, 0.5, 0.5), (0.2, 0.6, 0.2), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)]
    found = mask_of(Color, photo(BLUE, *others), **around(BLUE), radius=0.1)[0, 0, 0]
    assert found[0] == 1
    assert found[1:].max() == 0


def test_lightness_counts_as_much_as_is_said() -> None:
    shade = photo((0.18, 0.31, 0.5))
    assert mask_of(Color, shade, **around(BLUE), radius=0.15, feather=0.0, lightness_weight=0.0).item() == 1
    assert mask_of(Color, shade, **around(BLUE), radius=0.15, feather=0.0, lightness_weight=1.0).item() == 0


def test_greys_of_any_tint_are_alike() -> None:
    greys = photo(*((0.5 + 1e-4 * a, 0.5 + 1e-4 * b, 0.5) for a in (-1, 0, 1) for b in (-1, 0, 1)))
    found = mask_of(Color, greys, lightness=0.6, chroma=0.03, hue=10.0, radius=0.05, feather=1.0)
    assert found.min() > 0.1
    assert found.max() - found.min() < 0.02


def test_the_edge_lies_at_the_radius() -> None:
    there = photo(BLUE, (0.35, 0.62, 0.85))
    lab = oklab(there)
    apart = float(
        (
            (lab.L[..., 0] - lab.L[..., 1]) ** 2
            + (lab.a[..., 0] - lab.a[..., 1]) ** 2
            + (lab.b[..., 0] - lab.b[..., 1]) ** 2
        ).sqrt()
    )
    slots = around(BLUE) | {"feather": 0.0, "lightness_weight": 1.0}
    assert mask_of(Color, there, **slots, radius=apart + 0.002)[0, 0, 0, 1] == pytest.approx(1, abs=0.02)
    assert mask_of(Color, there, **slots, radius=apart - 0.006)[0, 0, 0, 1] == pytest.approx(0, abs=0.02)
