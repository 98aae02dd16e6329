"""Sliders recovered from pairs of pictures: real photos, JPEG, crops, and what the report says."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import veraretouch as vr
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.photo import open_photo

SAMPLES = Path(__file__).parents[3] / "docs" / "samples"
OPS = ["white_balance", "exposure", "contrast", "saturation", "tone_regions"]
EDIT = {"exposure.ev": 0.6, "white_balance.temperature": 0.35, "saturation.amount": -0.3}


def photo(name="beach"):
    return open_photo(SAMPLES / f"{name}.jpg").working().clip(0, 1)


def edited(before, values):
    return np.asarray(vr.zoo.load("rules")(before, params=values, engine="exact").image)


def as_jpeg(picture):
    file = io.BytesIO()
    Image.fromarray(np.uint8(picture * 255 + 0.5)).save(file, "JPEG", quality=90, subsampling=2)
    return np.array(Image.open(file))


def apart(a, b):
    return float(ciede2000(torch.from_numpy(a), torch.from_numpy(b)).mean())


@pytest.fixture(scope="module")
def pair():
    before = photo()
    return before, edited(before, EDIT)


@pytest.fixture(scope="module")
def found(pair):
    return vr.fit(pair[0], as_jpeg(pair[1]), ops=OPS)


def value(plan, address):
    op, slot = address.split(".")
    return float(plan.edits[op].params[slot])


def test_sliders_come_back_from_a_jpeg_file(found):
    for address, wanted in EDIT.items():
        assert value(found.plan, address) == pytest.approx(wanted, abs=0.05), address


def test_the_fits_picture_is_nearer_to_the_truth_than_the_jpeg_file_is(pair, found):
    before, truth = pair
    made = np.asarray(vr.Renderer().render(before, found.plan))
    assert apart(made, truth) < min(0.8, apart(np.float32(as_jpeg(truth) / 255), truth))


def test_sliders_that_were_not_used_are_exactly_at_rest(found):
    assert "contrast" not in found.plan.edits
    at_rest = [slot for slot, v in found.plan.edits["white_balance"].params.items() if float(v) == 0]
    assert at_rest == ["tint"]


def test_the_report_tells_errors_moves_and_where_something_is_left(found):
    report = found.report
    assert report.error_before > 5 > report.error_after > 0
    assert {move.slider for move in report.moves} == set(EDIT)
    assert report.residuals.shape == (64, 64)
    assert report.document()["error_after"] == report.error_after
    assert "3 sliders" in repr(found)


def test_a_crop_of_two_pixels_and_a_retouched_place_do_not_mislead(pair):
    before, truth = pair
    after = truth.copy()
    side = int((0.05 * after.shape[0] * after.shape[1]) ** 0.5)
    after[160 : 160 + side, 280 : 280 + side] = after[160 : 160 + side, 280 : 280 + side] ** 2.2
    fit = vr.fit(before, as_jpeg(after[2:-2, 2:-2]), ops=OPS)
    assert fit.report.shift == (2, 2)
    assert fit.report.retouched == pytest.approx(0.05, abs=0.02)
    assert any("retouching" in warning for warning in fit.report.warnings)
    assert apart(np.asarray(vr.Renderer().render(before, fit.plan)), truth) < 1.2


def test_an_after_of_half_the_size_is_compared_at_that_size(pair):
    before, truth = pair
    small = vr.Photo(np.uint8(truth * 255 + 0.5)).resized(max(truth.shape) // 2)
    fit = vr.fit(before, small, ops=OPS)
    assert fit.report.scale == pytest.approx(2, abs=0.02)
    assert value(fit.plan, "exposure.ev") == pytest.approx(0.6, abs=0.08)


def test_bounds_hold_where_the_edit_goes_beyond_them(pair):
    before, _ = pair
    fit = vr.fit(before, np.clip(before * 0.05, 0, 1), ops=["contrast", "saturation"])
    fit.plan.latents().check()


def test_groups_limit_what_may_move(pair):
    fit = vr.fit(pair[0], pair[1], ops=OPS, groups=["lighting"])
    assert set(fit.plan.edits) <= {"exposure", "contrast", "tone_regions"}


def test_colours_that_the_photo_lacks_are_named():
    orange = np.random.default_rng(0).normal((0.8, 0.45, 0.2), 0.03, (40, 40, 3)).clip(0, 1).astype(np.float32)
    before = orange.repeat(8, 0).repeat(8, 1)
    fit = vr.fit(before, edited(before, {"exposure.ev": 0.3}), ops=["exposure", "hsl"])
    assert any("hardly any" in text and "blue" in text for text in fit.report.warnings)
    hsl = fit.plan.edits.get("hsl")
    assert hsl is None or float(hsl.params["hue"][5]) == 0


def test_sliders_that_do_the_same_to_this_photo_are_said_to_trade():
    grey = np.linspace(0.2, 0.8, 64, dtype=np.float32)[None, :, None].repeat(64, 0).repeat(3, 2)
    fit = vr.fit(grey, edited(grey, {"exposure.ev": 0.5}), ops=["exposure", "saturation"])
    assert any("hardly show" in text and "saturation.amount" in text for text in fit.report.warnings)


def test_two_scenes_are_noticed(pair):
    fit = vr.fit(pair[0], photo("barn"), ops=["exposure"])
    assert any("hardly show the same scene" in text for text in fit.report.warnings)


def test_a_black_and_white_conversion_is_recovered():
    before = photo()[::3, ::3].copy()
    bands = [0.0, 0.4, 0.0, -0.3, 0.0, -0.5, 0.0, 0.0]
    after = edited(before, {"grey_mixer.monochrome": 1.0, "grey_mixer.bands": bands})
    fit = vr.fit(before, after, ops=["exposure", "contrast", "grey_mixer"])
    assert float(fit.plan.edits["grey_mixer"].params["monochrome"]) == pytest.approx(1, abs=0.02)
    assert fit.report.error_after < 0.6


def test_the_same_pair_gives_the_same_plan(pair):
    small = [picture[::3, ::3].copy() for picture in pair]
    one, two = (vr.fit(*small, ops=["exposure", "saturation"]).plan for _ in range(2))
    assert one == two


@pytest.mark.parametrize(
    ("ops", "said"),
    [
        (["exposre"], "Did you mean 'exposure'"),
        (["neural"], "has weights and no sliders"),
        ("exposure", "Give a list of ids"),
        ([], "no op with a slider"),
    ],
)
def test_ops_that_cannot_be_fitted_are_refused_with_a_cure(pair, ops, said):
    with pytest.raises(vr.errors.InvalidRequest, match=said):
        vr.fit(pair[0], pair[1], ops=ops)


@pytest.mark.parametrize("groups", [[], ["nope"], ["specific_color"]])
def test_groups_that_leave_no_slider_are_refused_with_a_cure(pair, groups):
    with pytest.raises(
        vr.errors.InvalidRequest, match=r"exposure in (no group|nope|specific_color)\. Name more groups"
    ):
        vr.fit(pair[0], pair[1], ops=["exposure"], groups=groups)
