"""Photos of one scene, spoilt as a camera would by light and exposure, end closer once they are matched."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import veraretouch as vr
from veraretouch.core.cli.batch.matching import matched, tones_of
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.photo import as_photo
from veraretouch.ops.presets import read_preset

DATA = Path(__file__).parents[3] / "data"
NAMES = ("kodak-05", "kodak-08")
# Exposure in EV, and the light's red, green and blue: brighter, darker, warmer, cooler, greener.
LIGHTS = ((-1.0, (1, 1, 1)), (-0.5, (1.25, 1, 0.75)), (0.4, (0.8, 1, 1.3)), (-1.5, (1.1, 1, 0.8)), (0.0, (1, 1.12, 1)))


def picture(name):
    with Image.open(DATA / "photos" / f"{name}.jpg") as image:
        image.thumbnail((160, 160))
        return np.asarray(image.convert("RGB"))


def in_light(pixels, ev, light):
    """Sensor light scaled and cut off at white, in 8 bits: none of our ops."""
    encoded = pixels / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    spoilt = (linear * 2.0**ev * np.array(light)).clip(0, 1)
    again = np.where(spoilt <= 0.0031308, spoilt * 12.92, 1.055 * spoilt ** (1 / 2.4) - 0.055)
    return (again * 255).round().astype(np.uint8)


def apart(a, b):
    left, right = (torch.from_numpy(one.reshape(1, -1, 3).astype(np.float32) / 255) for one in (a, b))
    return float(ciede2000(left, right).mean())


def brought(pixels, reference, plan=None):
    plan = matched(plan or vr.Plan(mode="param"), as_photo(pixels), tones_of(as_photo(reference)))
    return vr.Renderer().render(pixels, plan), plan


def test_spoilt_photos_end_less_than_half_as_far_from_the_reference():
    """Measured on 60 pairs of 10 photos: 0.17 of the distance on the median, 0.42 in nine of ten,
    0.83 at worst, where lights are cut off.
    """
    shares = []
    for name in NAMES:
        reference = picture(name)
        for ev, light in LIGHTS:
            spoilt = in_light(reference, ev, light)
            shares.append(apart(brought(spoilt, reference)[0], reference) / apart(spoilt, reference))
    assert np.median(shares) < 0.3, shares
    assert max(shares) < 0.5, shares


def test_a_photo_that_lost_its_lights_still_ends_closer():
    for name in NAMES:
        reference = picture(name)
        spoilt = in_light(reference, 0.7, (1, 1, 1))
        assert apart(brought(spoilt, reference)[0], reference) < 0.8 * apart(spoilt, reference)


def test_the_reference_itself_stays_as_it_is():
    reference = picture("kodak-05")
    assert apart(brought(reference, reference)[0], reference) < 0.05


@pytest.mark.parametrize("other", ["kodak-08", "pop-os-jared-evans-119758"])
def test_photos_of_other_things_are_moved_within_reason(other):
    _, plan = brought(picture(other), picture("kodak-05"))
    values = [float(value) for edit in plan.edits.values() for value in edit.params.values()]
    assert max(map(abs, values)) < 2


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_even_picture_gives_finite_values(level):
    even = np.full((64, 64, 3), level, np.uint8)
    done, plan = brought(even, picture("kodak-05"))
    assert np.isfinite([float(v) for edit in plan.edits.values() for v in edit.params.values()]).all()
    assert done.shape == even.shape


def test_the_correction_comes_on_top_of_the_plans_own_values_and_is_told():
    reference = picture("kodak-05")
    spoilt = in_light(reference, -1.0, (1, 1, 1))
    own = vr.Plan(mode="param", edits={"exposure": vr.Edit(1, {"ev": np.array(0.5)})}, prompt="mine")
    (_, alone), (_, both) = brought(spoilt, reference), brought(spoilt, reference, own)
    ev = [float(plan.edits["exposure"].params["ev"]) for plan in (alone, both)]
    assert ev[1] == pytest.approx(ev[0] + 0.5)
    assert both.prompt == "mine"
    assert f"exposure.ev {ev[0]:+.2f}" in both.reasoning["series"]["plan"]


@pytest.mark.parametrize("ev", [-0.6, 0.3])
def test_an_exposure_by_our_own_op_is_found(ev):
    photo = picture("kodak-05")
    reference = vr.Renderer().render(photo, vr.Plan(mode="param", edits={"exposure": vr.Edit(1, {"ev": np.array(ev)})}))
    _, plan = brought(photo, reference)
    assert float(plan.edits["exposure"].params["ev"]) == pytest.approx(ev, abs=0.02)
    assert abs(float(plan.edits["white_balance"].params["temperature"])) < 0.02


def test_however_far_apart_two_photos_are_no_value_leaves_its_slot():
    green, magenta, blue, brown, black, white = (
        np.full((24, 24, 3), colour, np.uint8)
        for colour in ((60, 120, 60), (120, 60, 120), (40, 60, 120), (120, 60, 40), (8, 7, 8), (240, 246, 240))
    )
    for photo, reference, address, end in (
        (magenta, green, "white_balance.tint", -1),
        (green, magenta, "white_balance.tint", 1),
        (blue, brown, "white_balance.temperature", 1),
        (black, white, "exposure.ev", 3),
    ):
        _, plan = brought(photo, reference)
        op, _, name = address.partition(".")
        assert float(plan.edits[op].params[name]) == pytest.approx(end, abs=1e-4)
        plan.latents().check()


def test_groups_that_are_off_stay_off():
    reference = picture("kodak-05")
    light = dataclasses.replace(vr.Plan(mode="param"), groups=("lighting",))
    _, plan = brought(in_light(reference, -1.0, (1.25, 1, 0.75)), reference, light)
    assert plan.groups == ("lighting",)
    assert bool(plan.latents().present["exposure"][0])
    assert not any(bool(row[0]) for id, row in plan.latents().present.items() if id == "white_balance")


def neutral_16_bit():
    grey = np.asarray(Image.open(DATA / "cases" / "grey-portrait.jpg").convert("L")).astype(np.uint16) * 257
    return np.dstack([grey] * 3)


@pytest.mark.parametrize("make", [lambda: DATA / "cases" / "grey-portrait.jpg", neutral_16_bit], ids=["file", "16 bit"])
def test_a_black_and_white_photo_stays_so_beside_a_colour_photo(make):
    photo = as_photo(make())
    reference = tones_of(as_photo(in_light(picture("kodak-08"), -0.5, (1.25, 1, 0.75))))
    plan = matched(vr.Plan(mode="param"), photo, reference)
    assert set(plan.edits) == {"exposure"}
    assert "white_balance" not in plan.reasoning["series"]["plan"]
    done = vr.Renderer().render(photo, plan)
    assert done.fits_one_channel
    assert np.ptp(done.pixels, axis=-1).max() == 0
    assert abs(done.working().mean() - photo.working().mean()) > 0.01


def test_a_colour_photo_keeps_its_colours_beside_a_black_and_white_one():
    photo = as_photo(in_light(picture("kodak-08"), -1.0, (1.25, 1, 0.75)))
    plan = matched(vr.Plan(mode="param"), photo, tones_of(as_photo(DATA / "cases" / "grey-portrait.jpg")))
    assert set(plan.edits) == {"exposure"}


@pytest.mark.slow
def test_a_folder_with_one_preset_looks_alike(cli, tmp_path):
    """The command: three photos of one scene, 9bichrome on all; the pictures end closer than without,
    and each plan exports as XMP.
    """
    scene = picture("kodak-08")
    (tmp_path / "in").mkdir()
    for name, (ev, light) in {"a": (0.0, (1, 1, 1)), "b": (-1.0, (1.1, 1, 0.85)), "c": (-0.5, (0.9, 1, 1.15))}.items():
        Image.fromarray(in_light(scene, ev, light)).save(tmp_path / "in" / f"{name}.png")
    preset = ("--preset", DATA / "presets" / "9bichrome.xmp")
    cli("param", "in", *preset, "--out", "plain", "--jobs", "1")
    told = cli("param", "in", *preset, "--match-to", "in/a.png", "--save-plan", "--out", "matched", "--jobs", "1")
    assert "exposure and white balance matched to in/a.png" in told.stderr
    far, near = (
        np.mean(
            [apart(*(np.asarray(Image.open(tmp_path / kind / f"{n}.png")) for n in ("a", other))) for other in "bc"]
        )
        for kind in ("plain", "matched")
    )
    assert near < far / 2, (near, far)
    cli("export", "xmp", "matched/b.plan.json", "b.xmp")
    params = read_preset(tmp_path / "b.xmp").params
    assert params["exposure.ev"] > read_preset(preset[1]).params["exposure.ev"] + 0.5
