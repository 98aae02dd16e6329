"""Hue, saturation, mixers, grading and calibration: what must hold of colours."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from veraretouch.core.contract.slots import Bands, Lattice
from veraretouch.core.plugins.registry import registry
from veraretouch.ops.color_grading import region_weights
from veraretouch.ops.hsl import BANDS, CENTRES, band_weights


def test_the_bands_of_hue_are_a_continuous_partition_of_unity():
    degrees = torch.linspace(0, 360, 7201, dtype=torch.float64).reshape(1, 1, 1, -1)
    weights = band_weights(degrees)[0, :, 0]
    assert weights.shape == (len(BANDS), 7201)
    assert float((weights.sum(dim=0) - 1).abs().max()) < 1e-12
    assert float(weights.min()) >= 0
    # 1.5 / 23.6 a degree is the steepest ramp, between red and orange.
    assert float(weights.diff(dim=1).abs().max()) < 1.6 / 23.6 * 0.05
    assert torch.allclose(weights[:, 0], weights[:, -1], atol=1e-12)


def test_each_band_has_its_centre_to_itself():
    weights = band_weights(torch.tensor(CENTRES, dtype=torch.float64).reshape(1, 1, 1, -1))[0, :, 0]
    assert torch.allclose(weights, torch.eye(8, dtype=torch.float64), atol=1e-9)


@pytest.mark.parametrize("slot", ["hue", "saturation", "luminance"])
@pytest.mark.parametrize("amount", [-1.0, 1.0])
def test_the_mixer_leaves_greys_untouched(apply, ramp, slot, amount):
    assert float((apply("hsl", ramp, **{slot: amount}) - ramp).abs().max()) < 1e-6


def band(index: int, amount: float) -> torch.Tensor:
    values = torch.zeros(8, dtype=torch.float64)
    values[index] = amount
    return values


def test_a_band_moves_its_own_colour_and_leaves_the_opposite_one(apply):
    blue, yellow = (torch.tensor([rgb], dtype=torch.float64).T for rgb in ((0.25, 0.35, 0.75), (0.75, 0.7, 0.25)))
    for slot in ("hue", "saturation", "luminance"):
        assert float((apply("hsl", blue, **{slot: band(5, -0.5)}) - blue).abs().max()) > 0.02
        assert torch.allclose(apply("hsl", yellow, **{slot: band(5, -0.5)}), yellow, atol=1e-9)


def test_the_mixer_darkens_and_lightens_as_it_says(apply, wheels, lch):
    before = lch(wheels)[0]
    assert bool((lch(apply("hsl", wheels, luminance=-0.5))[0] < before + 1e-6).all())
    assert bool((lch(apply("hsl", wheels, luminance=0.5))[0] > before - 1e-6).all())


def test_a_sky_that_pales_towards_the_horizon_darkens_without_an_edge(apply, lch):
    share = torch.linspace(0, 1, 400, dtype=torch.float64)
    top, horizon = (torch.tensor([rgb], dtype=torch.float64).T for rgb in ((0.25, 0.5, 0.78), (0.93, 0.94, 0.95)))
    sky = top + (horizon - top) * share
    steps = lch(apply("hsl", sky, luminance=band(5, -1.0) + band(4, -1.0)))[0].diff()
    assert float(steps.min()) > 0
    assert float(steps.max()) < 3.5 * float(lch(sky)[0].diff().max())


def test_full_desaturation_leaves_greys(apply, cube, lch):
    assert float(apply("saturation", cube, amount=-1.0).std(dim=0).max()) < 2e-3
    assert float((lch(apply("saturation", cube, amount=-1.0))[0] - lch(cube)[0]).abs().max()) < 2e-3


SKIN = torch.tensor(
    [[0.87, 0.68, 0.57], [0.78, 0.57, 0.44], [0.60, 0.41, 0.31], [0.42, 0.28, 0.21], [0.95, 0.80, 0.72]],
    dtype=torch.float64,
).T


def test_vibrance_spares_skin(apply, lch):
    def gain(rgb: torch.Tensor) -> torch.Tensor:
        return lch(apply("vibrance", rgb, amount=0.6))[1] / lch(rgb)[1] - 1

    # The same colours with red and blue exchanged: as light, as strong, but of the sky's hue.
    sky = SKIN.flip(0)
    assert float(gain(SKIN).max()) < 0.3
    assert float((gain(SKIN) / gain(sky)).max()) < 0.75


def test_vibrance_strengthens_muted_colours_more_than_strong_ones(apply, lch):
    muted, strong = (torch.tensor([[v], [0.5], [1 - v]], dtype=torch.float64) for v in (0.45, 0.1))
    gains = [float(lch(apply("vibrance", rgb, amount=0.6))[1] / lch(rgb)[1]) for rgb in (muted, strong)]
    assert gains[0] > 1.3
    assert gains[1] < 1.15


@pytest.mark.parametrize("op", ["saturation", "vibrance"])
@pytest.mark.parametrize("amount", [0.1, 0.3, 0.6, 1.0])
def test_more_saturation_never_leaves_the_gamut(apply, cube, op, amount):
    done = apply(op, cube, amount=amount)
    assert float(done.min()) > -1e-3
    assert float(done.max()) < 1 + 1e-3


@pytest.mark.parametrize("op", ["saturation", "vibrance"])
@pytest.mark.parametrize("amount", [-0.3, -0.1, 0.1, 0.3])
def test_saturation_keeps_the_hue_of_every_colour(apply, wheels, turn, op, amount):
    assert float(turn(wheels, apply(op, wheels, amount=amount)).max()) < 3


def test_more_saturation_means_more_chroma_for_all_colours(apply, wheels, lch):
    chromas = torch.stack([lch(apply("saturation", wheels, amount=a))[1] for a in torch.linspace(-1, 1, 9)])
    muted = lch(wheels)[1] < 0.08
    assert float(chromas[:, muted].diff(dim=0).min()) > -1e-6
    # Blues meet the gamut's wall on a bend, where a stronger push gives back a little of what a weaker one had won.
    assert float(chromas.diff(dim=0).min()) > -0.006
    assert float((chromas[5:] - chromas[4]).min()) > -1e-6


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
    assert rises(-shadow)
    assert rises(highlight)
    if blending == 1.0:
        assert torch.allclose(shadow + highlight, torch.ones_like(tone), atol=1e-12)
        assert float(midtone.max()) > 0.9
    else:
        assert float((shadow + midtone + highlight - 1).abs().max()) < 0.06


def rises(values: torch.Tensor) -> bool:
    return bool((values.diff(dim=-1) >= 0).all())


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


@pytest.mark.parametrize("slot", [f"{p}_{w}" for p in ("red", "green", "blue") for w in ("hue", "saturation")])
@pytest.mark.parametrize("amount", [-1.0, 1.0])
def test_calibration_keeps_greys(apply, ramp, slot, amount):
    assert float((apply("calibration", ramp, **{slot: amount}) - ramp).abs().max()) < 1e-6


def test_the_shadow_tint_colours_darks_and_leaves_black_and_white(apply, ramp):
    for amount, greener in ((-0.5, 1), (0.5, -1)):
        tinted = apply("calibration", ramp, shadow_tint=amount)
        green = greener * (tinted[1] - tinted[0])
        assert float(green[1:-1].min()) > 0
        assert float(green[:512].sum()) > 4 * float(green[512:].sum())
        assert float((tinted - ramp)[:, [0, -1]].abs().max()) < 1e-9


def test_a_primary_turns_towards_the_colour_that_its_slot_names(apply):
    colours = {"red": (0.8, 0.2, 0.2), "green": (0.2, 0.8, 0.2), "blue": (0.2, 0.2, 0.8)}
    gaining = {("red", 1): 1, ("red", -1): 2, ("green", 1): 2, ("green", -1): 0, ("blue", 1): 0, ("blue", -1): 1}
    for (name, sign), channel in gaining.items():
        rgb = torch.tensor([colours[name]], dtype=torch.float64).T
        moved = apply("calibration", rgb, **{f"{name}_hue": 0.5 * sign}) - rgb
        other = ({0, 1, 2} - {channel, ("red", "green", "blue").index(name)}).pop()
        assert float(moved[channel, 0]) > float(moved[other, 0]) + 0.03


def test_a_matrix_whose_rows_sum_to_one_keeps_greys(apply, ramp, cube):
    matrix = [[1.4, -0.3, -0.1], [-0.2, 1.3, -0.1], [0.0, -0.4, 1.4]]
    assert float((apply("color_matrix", ramp, matrix=matrix) - ramp).abs().max()) < 1e-6
    assert float((apply("color_matrix", cube, matrix=matrix) - cube).abs().max()) > 0.1


def test_monochrome_gives_equal_channels_whatever_the_bands(apply, cube):
    for bands in (0.0, -1.0, [1.0, -1.0, 1.0, -1.0, 0.5, -0.5, 1.0, 0.0]):
        done = apply("grey_mixer", cube, monochrome=1.0, bands=bands)
        assert float((done.amax(dim=0) - done.amin(dim=0)).max()) < 1e-9
        assert float(done.min()) > -1e-6
        assert float(done.max()) < 1 + 1e-6


def test_a_band_of_the_grey_mixer_lightens_its_colour_alone(apply):
    red, green = (torch.tensor([rgb], dtype=torch.float64).T for rgb in ((0.7, 0.2, 0.2), (0.2, 0.6, 0.2)))
    plain = [apply("grey_mixer", rgb, monochrome=1.0) for rgb in (red, green)]
    lit = [apply("grey_mixer", rgb, monochrome=1.0, bands=band(0, 1.0)) for rgb in (red, green)]
    assert float((lit[0] - plain[0]).min()) > 0.1
    assert torch.allclose(lit[1], plain[1], atol=1e-9)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("op", sorted(set(registry.ops.ids()) - {"neural"}))
def test_small_amounts_flip_no_hue(apply, wheels, lch, turn, op, sign):
    slots = {}
    for name, slot in registry.ops.load(op).slots.items():
        # An offset adds a colour of its own to dark pixels, whatever its size; angles have no amount.
        if isinstance(slot, Lattice) or slot.period is not None or name == "offset":
            continue
        bound = slot.high if sign > 0 else slot.low
        # The tints of a region and of the whole add up: half of it each.
        share = np.full(slot.shape, 0.025 if op == "color_grading" and name.endswith("_saturation") else 0.05)
        if isinstance(slot, Bands) and slot.size == 8:
            share[::2] *= -1  # neighbours against each other: the hardest case
        slots[name] = np.clip(slot.identity + share * np.abs(bound - slot.identity), slot.low, slot.high)
    before = lch(wheels)
    turned = turn(wheels, apply(op, wheels, **slots))[before[1] > 0.05]
    assert float(turned.max()) < 15
