"""Colour grading: regions, tints, lightness."""

from __future__ import annotations

import pytest
import torch
from colours import rises

from veraretouch.ops.color_grading import region_weights

TINTED = [
    {f"{region}_hue": hue, f"{region}_saturation": 1.0, "balance": balance, "blending": blending}
    for region in ("shadow", "midtone", "highlight", "global")
    for hue, balance, blending in ((30.0, -1.0, 0.0), (210.0, 1.0, 1.0), (300.0, 0.0, 0.5))
]


@pytest.mark.parametrize("tint", TINTED)
def test_grading_keeps_black_and_white_pure(apply, tint):
    ends = torch.tensor([[0.0, 1.0]] * 3, dtype=torch.float64)
    assert float((apply("color_grading", ends, **tint) - ends).abs().max()) < 1e-4


@pytest.mark.parametrize("balance", [-1.0, 0.0, 1.0])
@pytest.mark.parametrize("blending", [0.0, 0.5, 1.0])
def test_the_regions_of_grading_meet_and_at_full_blending_overlap(blending, balance):
    tone = torch.linspace(0, 1, 500, dtype=torch.float64).reshape(1, 1, 1, -1)
    at = [torch.full((1, 1, 1, 1), value, dtype=torch.float64) for value in (blending, balance)]
    shadow, midtone, highlight = region_weights(tone, *at)
    assert all(float(weight.min()) >= 0 and float(weight.max()) <= 1 for weight in (shadow, midtone, highlight))
    assert rises(-shadow, 0)
    assert rises(highlight, 0)
    if blending == 1.0:
        assert torch.allclose(shadow + highlight, torch.ones_like(tone), atol=1e-12)
        assert float(midtone.max()) > 0.9
    else:
        assert float((shadow + midtone + highlight - 1).abs().max()) < 0.06


@pytest.mark.parametrize(("region", "tone"), [("shadow", 0.2), ("midtone", 0.5), ("highlight", 0.8)])
def test_grading_tints_its_own_region_most_in_the_hue_it_names(apply, ramp, lch, region, tone):
    tinted = apply("color_grading", ramp, **{f"{region}_hue": 240.0, f"{region}_saturation": 0.5})
    chroma = lch(tinted)[1]
    assert abs(float(ramp[0][chroma.argmax()]) - tone) < 0.2
    strongest = tinted[:, int(chroma.argmax())]
    assert int(strongest.argmax()) == 2
    assert abs(float(strongest[0] - strongest[1])) < 0.12


@pytest.mark.parametrize("blending", [0.0, 0.5, 1.0])
def test_grading_lightens_monotonically(apply, ramp, blending):
    for region in ("shadow", "midtone", "highlight", "global"):
        for amount in (-1.0, 1.0):
            done = apply("color_grading", ramp, blending=blending, **{f"{region}_luminance": amount})
            assert float(done[0].diff().min()) > -1e-9, (region, amount)
            assert float((done[0] - done[2]).abs().max()) < 1e-6
