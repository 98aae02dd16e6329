"""The ellipse: full in the middle, gone at its edge, turned in pixels."""

from __future__ import annotations

import pytest
import torch
from masks import at, grey, mask_of, slack_of

from veraretouch.ops.areas.ellipse import Ellipse


def test_it_is_full_within_its_feather_and_gone_at_its_edge() -> None:
    mask = mask_of(Ellipse, grey(200, 300), x=0.5, y=0.5, radius_x=0.4, radius_y=0.2, feather=0.5)
    assert at(mask, 0.5, 0.5) == 1
    assert at(mask, 0.69, 0.5) > 0.999
    assert at(mask, 0.91, 0.5) == 0
    assert at(mask, 0.5, 0.71) == 0
    assert at(mask, 0.8, 0.5) == pytest.approx(0.5, abs=0.02)
    assert at(mask, 0.5, 0.65) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(("feather", "share"), [(0.0, 1.0), (1.0, 0.3)])
def test_its_area_is_what_geometry_says(feather: float, share: float) -> None:
    # The mean of smoothstep over a disc that fades out from its centre is 0.3.
    mask = mask_of(Ellipse, grey(200, 300), radius_x=0.3, radius_y=0.4, feather=feather)
    assert mask.mean() == pytest.approx(torch.pi * 0.3 * 0.4 * share, rel=0.01)


def test_it_turns_clockwise_in_pixels() -> None:
    level = mask_of(Ellipse, grey(120, 200), radius_x=0.3, radius_y=0.1, feather=0.3)
    upright = mask_of(Ellipse, grey(120, 200), radius_x=0.3, radius_y=0.1, feather=0.3, angle=90.0)
    assert torch.allclose(upright[:, :, 10:110, 50:150], level[:, :, 10:110, 50:150].rot90(1, (2, 3)), atol=1e-5)
    tilted = mask_of(Ellipse, grey(200, 200), radius_x=0.4, radius_y=0.1, feather=0.3, angle=30.0)
    assert at(tilted, 0.7, 0.6) > 0.9  # 30 degrees below the horizontal on the right
    assert at(tilted, 0.7, 0.4) == 0


def test_an_ellipse_without_a_radius_covers_nothing() -> None:
    assert mask_of(Ellipse, grey(40, 60), radius_x=0.0, radius_y=0.0).max() == 0
    assert mask_of(Ellipse, grey(40, 60), radius_x=0.0, radius_y=0.5).max() == 0


def test_a_hard_edge_is_a_few_pixels_wide() -> None:
    row = mask_of(Ellipse, grey(1000, 1000), radius_x=0.25, radius_y=0.25, feather=0.0)[0, 0, 500]
    assert 1 <= int(((row > 0.01) & (row < 0.99)).sum()) / 2 <= 3


@pytest.mark.parametrize("angle", [0.0, 30.0, -75.0])
def test_its_bounds_lie_close_around_it(angle: float) -> None:
    slack = slack_of(Ellipse, 200, 300, x=0.45, y=0.5, radius_x=0.3, radius_y=0.15, angle=angle, feather=0.0)
    assert -0.006 < min(slack) <= max(slack) < 0.011
