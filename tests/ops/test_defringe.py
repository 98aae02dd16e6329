"""Defringe: a fringe beside an edge goes, its luma and the colours of things stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from veraretouch.core.color.ciede2000 import ciede2000

SAMPLES = Path(__file__).parents[2] / "docs" / "samples"
PURPLE, GREEN = (0.45, 0.2, 0.6), (0.3, 0.55, 0.3)


def branch(fringe):
    """A dark branch before a bright sky, with a fringe of four pixels on one side."""
    photo = torch.full((1, 3, 60, 120), 0.92, dtype=torch.float64)
    photo[..., 50:70] = 0.06
    photo[..., 70:74] = torch.tensor(fringe, dtype=torch.float64).reshape(3, 1, 1)
    return photo


def colour(rgb):
    return float((rgb.amax(dim=1) - rgb.amin(dim=1)).max())


def luma(rgb):
    return (rgb * torch.tensor([0.2126, 0.7152, 0.0722], dtype=rgb.dtype).reshape(1, 3, 1, 1)).sum(dim=1)


@pytest.mark.parametrize(("fringe", "slot", "other"), [(PURPLE, "purple", "green"), (GREEN, "green", "purple")])
def test_a_fringe_goes_by_its_own_slot_and_its_luma_stays(apply, fringe, slot, other):
    photo = branch(fringe)
    done, half = apply("defringe", photo, **{slot: 1.0}), apply("defringe", photo, **{slot: 0.5})
    assert colour(done[..., 70:74]) < 0.5 * colour(photo[..., 70:74])
    assert colour(done[..., 70:74]) < colour(half[..., 70:74]) < colour(photo[..., 70:74])
    assert torch.allclose(luma(done), luma(photo), atol=1e-9)
    assert torch.allclose(done[..., :46], photo[..., :46], atol=1e-9)
    assert torch.allclose(apply("defringe", photo, **{other: 1.0}), photo, atol=1e-9)


def test_a_purple_flower_keeps_its_colour_away_from_edges(apply):
    photo = torch.full((1, 3, 160, 160), 0.25, dtype=torch.float64)
    photo[..., 30:130, 30:130] = torch.tensor((0.55, 0.25, 0.7), dtype=torch.float64).reshape(3, 1, 1)
    done = apply("defringe", photo, purple=1.0, green=1.0)
    assert torch.allclose(done[..., 60:100, 60:100], photo[..., 60:100, 60:100], atol=1e-9)


@pytest.mark.parametrize("name", ["barn", "portrait", "stream", "desert"])
def test_photos_without_fringes_hardly_move(apply, name):
    picture = Image.open(SAMPLES / f"{name}.jpg").convert("RGB")
    photo = torch.from_numpy(np.asarray(picture)[:300, :400].copy()).permute(2, 0, 1)[None] / 255
    done = apply("defringe", photo, purple=1.0, green=1.0)
    moved = ciede2000(*(each.permute(0, 2, 3, 1).double().clamp(0, 1) for each in (done, photo)))
    assert float(moved.mean()) < 0.4


def test_greys_stay(apply):
    photo = branch((0.4, 0.4, 0.4))
    assert torch.allclose(apply("defringe", photo, purple=1.0, green=1.0), photo, atol=1e-9)


def test_a_preview_shows_what_the_full_render_does(preview_error):
    assert preview_error("defringe", purple=1.0, green=1.0) < 1.0
