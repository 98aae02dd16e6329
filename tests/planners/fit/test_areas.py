"""Local adjustments recovered from pairs: darkened skies, lifted spots, ranges, and none where there is none."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

import veraretouch as vr
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.photo import open_photo
from veraretouch.core.plan.edit import Edit
from veraretouch.core.plan.local import AreaPart, LocalAdjustment

SAMPLES = Path(__file__).parents[3] / "docs" / "samples"


def photo(name, side=None):
    opened = open_photo(SAMPLES / f"{name}.jpg")
    return np.ascontiguousarray((opened if side is None else opened.resized(side)).working().clip(0, 1))


def as_jpeg(picture):
    file = io.BytesIO()
    Image.fromarray(np.uint8(picture * 255 + 0.5)).save(file, "JPEG", quality=90, subsampling=2)
    return np.array(Image.open(file))


def rendered(before, plan):
    return np.asarray(vr.Renderer().render(before, plan))


def apart(a, b):
    return float(ciede2000(torch.from_numpy(a), torch.from_numpy(b)).mean())


def edits(**values):
    return {op: Edit(1, {slot: np.float64(value)}) for name, value in values.items() for op, slot in [name.split("__")]}


def locally(area, values, edited, whole=None):
    part = AreaPart(area, {slot: np.float64(value) for slot, value in values.items()})
    return vr.Plan(mode="param", edits=whole or {}, local=(LocalAdjustment("x", (part,), edited),))


def in_linear_light(picture, mask, stops):
    """Exposure by plain numpy: nothing of ours."""
    light = np.where(picture <= 0.04045, picture / 12.92, ((picture + 0.055) / 1.055) ** 2.4)
    light = np.clip(light * 2.0 ** (stops * mask[..., None]), 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055).astype(np.float32)


DARK_TOP = {"full_x": 0.5, "full_y": 0.05, "zero_x": 0.5, "zero_y": 0.6}


@pytest.fixture(scope="module")
def dark_top():
    before = photo("lake", 240)
    return before, rendered(before, locally("linear", DARK_TOP, edits(exposure__ev=-1.3, saturation__amount=0.2)))


@pytest.fixture(scope="module")
def found(dark_top):
    before, truth = dark_top
    return vr.fit(before, as_jpeg(truth), ops=["exposure", "contrast", "saturation"], areas=["linear"])


def test_a_darkened_sky_comes_back_as_a_gradient(dark_top, found):
    before, truth = dark_top
    assert apart(rendered(before, found.plan), truth) < 0.8
    assert found.report.error_without_areas > 2.5
    (sky,) = found.plan.local
    assert sky.name == "darker top"
    assert [part.id for part in sky.area] == ["linear"]
    values = sky.area[0].params
    assert float(values["full_y"]) < float(values["zero_y"])


def test_the_plan_says_what_was_found_and_is_read_again(found):
    (sky,) = found.plan.local
    assert "darker" in sky.reasoning["lighting"]["plan"]
    assert vr.Plan.load(found.plan.document()) == found.plan
    assert found.plan.document()["schema"] == "veraretouch.plan/2"
    assert len(found.report.adjustments) == 1
    assert "1 local adjustment" in repr(found)


def test_without_areas_none_is_looked_for(dark_top):
    before, truth = dark_top
    alone = vr.fit(before, truth, ops=["exposure", "saturation"])
    assert not alone.plan.local
    assert alone.report.error_without_areas is None


def test_a_pair_made_by_sliders_for_the_whole_photo_gives_no_adjustment():
    before = photo("beach", 240)
    after = rendered(before, vr.Plan(mode="param", edits=edits(exposure__ev=0.6, saturation__amount=-0.3)))
    made = vr.fit(before, as_jpeg(after), ops=["exposure", "saturation"], areas="auto")
    assert not made.plan.local
    assert made.report.adjustments == ()


@pytest.mark.parametrize(
    ("areas", "said"), [(["linar"], "Did you mean 'linear'"), ("linear", 'Give "auto" or a list of ids')]
)
def test_areas_that_are_not_there_are_refused_with_a_cure(areas, said):
    with pytest.raises(vr.errors.InvalidRequest, match=said):
        vr.fit(photo("beach", 64), photo("beach", 64), areas=areas)


PAIRS = [
    ("barn", "linear", {"full_x": 0.1, "full_y": 0.0, "zero_x": 0.7, "zero_y": 0.7}, {"exposure__ev": -1.5}),
    ("beach", "ellipse", {"x": 0.4, "y": 0.6, "radius_x": 0.35, "radius_y": 0.4}, {"exposure__ev": 1.2}),
    ("lake", "luminance", {"low": 0.65, "high": 1.0, "feather": 0.15}, {"exposure__ev": -1.2}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "area", "values", "edited"), PAIRS)
def test_each_kind_of_area_is_found_beside_sliders_for_the_whole_photo(name, area, values, edited):
    before = photo(name)
    whole = edits(white_balance__temperature=0.2, contrast__amount=0.2)
    truth = rendered(before, locally(area, values, edits(**edited), whole))
    made = vr.fit(before, as_jpeg(truth), areas="auto")
    assert apart(rendered(before, made.plan), truth) < 1.5


@pytest.mark.slow
def test_a_gradient_by_another_program_is_found():
    before = photo("desert")
    ramp = np.clip(1 - np.arange(before.shape[0]) / (0.6 * before.shape[0]), 0, 1)[:, None] * np.ones(before.shape[1])
    truth = in_linear_light(before, ramp, -1.5)
    made = vr.fit(before, as_jpeg(truth), areas=True)
    assert made.plan.local
    assert apart(rendered(before, made.plan), truth) < 1.5


@pytest.mark.slow
def test_the_command_takes_areas(tmp_path, dark_top):
    from veraretouch.core.cli.shell import app

    before, truth = dark_top
    for name, picture in (("before", before), ("after", truth)):
        Image.fromarray(np.uint8(picture * 255 + 0.5)).save(tmp_path / f"{name}.png")
    arguments = [str(tmp_path / "before.png"), str(tmp_path / "after.png"), "--areas", "linear", "--ops", "exposure"]
    done = CliRunner().invoke(app, ["fit", *arguments, "--out", str(tmp_path / "plan.json")])
    assert done.exit_code == 0, done.output
    assert "local: darker top (linear)" in done.output
    assert vr.Plan.load(tmp_path / "plan.json").local
