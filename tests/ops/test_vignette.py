"""The vignette: where it lies, how it fades, what it spares; plans of `lens.vignette` are brought to it."""

from __future__ import annotations

import pytest
import torch

from veraretouch.core.color.srgb import linear_to_srgb, srgb_to_linear
from veraretouch.ops.vignette import Vignette


def grey(height=60, width=90, value=0.5):
    return torch.full((1, 3, height, width), value, dtype=torch.float64)


def stops(before, after):
    return torch.log2(srgb_to_linear(after) / srgb_to_linear(before))[0, 0]


def test_corners_darken_by_three_stops_and_the_middle_stays(apply):
    change = stops(grey(), apply("vignette", grey(), amount=-1.0))
    assert change[30, 45] == pytest.approx(0, abs=1e-6)
    assert change[0, 0] == pytest.approx(-3, abs=0.1)
    corners = change[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert float(corners.max() - corners.min()) < 1e-6
    assert float(change[30, 45:].diff().max()) <= 1e-9


def test_light_corners_stay_below_white_and_keep_their_colour(apply):
    blue = torch.tensor([0.3, 0.5, 0.8], dtype=torch.float64).reshape(1, 3, 1, 1).expand(1, 3, 40, 60).clone()
    done = apply("vignette", blue, amount=1.0)
    assert float(done.max()) <= 1
    light = srgb_to_linear(done[0, :, 0, 0]) / srgb_to_linear(blue[0, :, 0, 0])
    assert float(light.max() - light.min()) < 1e-6
    assert float(light.mean()) > 1.4


@pytest.mark.parametrize("highlights", [0.5, 1.0])
def test_highlights_are_spared_by_their_light_up_to_white(apply, highlights):
    """A share of light b(2 - b), so that white is spared in full and half of its light by three quarters."""

    def corner(light):
        photo = linear_to_srgb(grey(value=light))
        return float(stops(photo, apply("vignette", photo, amount=-1.0, highlights=highlights))[0, 0])

    for light in (0.25, 0.5, 1.0):
        assert corner(light) / corner(1e-6) == pytest.approx(1 - highlights * light * (2 - light), abs=2e-3)


def test_a_midpoint_farther_out_darkens_less_and_feather_softens(apply):
    near, far = (apply("vignette", grey(), amount=-0.5, midpoint=at)[0, 0] for at in (0.1, 0.9))
    assert float((far - near).min()) >= -1e-9
    hard, soft = (apply("vignette", grey(), amount=-0.5, feather=at)[0, 0] for at in (0.0, 1.0))
    assert float(hard.diff(dim=1).abs().max()) > 4 * float(soft.diff(dim=1).abs().max())


def test_roundness_goes_from_the_frame_to_a_circle(apply):
    def ends(roundness):
        """How dark the middles of the right and of the top edge are, against the corner."""
        change = stops(grey(), apply("vignette", grey(), amount=-0.5, roundness=roundness, feather=0.3))
        return float(change[30, -1] / change[0, 0]), float(change[0, 45] / change[0, 0])

    (right, top), (oval_right, oval_top), (round_right, round_top) = ends(-1.0), ends(0.0), ends(1.0)
    assert right == pytest.approx(top, abs=0.02)
    assert right > oval_right
    assert oval_right == pytest.approx(oval_top, abs=0.02)
    assert round_right > 3 * round_top


def test_highlights_are_spared_where_corners_darken(apply):
    for value, least, most in ((0.98, 0.0, 0.05), (0.2, 0.8, 1.0)):
        photo = grey(value=value)
        plain, spared = (stops(photo, apply("vignette", photo, amount=-0.5, highlights=share)) for share in (0.0, 1.0))
        assert least <= float(spared[0, 0] / plain[0, 0]) <= most


def test_paint_covers_with_black_or_white(apply):
    assert float(apply("vignette", grey(), amount=-1.0, paint=1.0, midpoint=0.2)[0, :, 0, 0].max()) < 0.02
    assert float(apply("vignette", grey(), amount=1.0, paint=1.0, midpoint=0.2)[0, :, 0, 0].min()) > 0.98


def test_values_of_the_older_op_keep_their_corners():
    assert Vignette.migrate({"amount": -0.6, "midpoint": 0.3}, 1) == pytest.approx(
        {"amount": -0.4, "midpoint": 0.5, "feather": 0.5238, "roundness": 1.0}, abs=1e-3
    )
    assert Vignette.migrate({"amount": 0.3, "radius": 0.2}, 1) is None
