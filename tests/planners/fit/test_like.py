"""The planner `fit` and the commands `fit`, `explain` and `like`."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

import veraretouch as vr
from veraretouch.core.cli.shell import app
from veraretouch.core.color.oklab import chroma, hue, oklab
from veraretouch.core.photo import open_photo
from veraretouch.ops.presets.reading import read_preset

DATA = Path(__file__).parents[2] / "data" / "photos"
SAMPLES = Path(__file__).parents[3] / "docs" / "samples"


@pytest.fixture
def pair(tmp_path):
    """a.png and b.png: a photo before, and after half a stop and less colour; photo.jpg: another photo."""
    before = open_photo(DATA / "kodak-08.jpg")
    after = vr.retouch(before, params={"exposure.ev": 0.5, "saturation.amount": -0.4}, planner="rules").image
    before.save(tmp_path / "a.png")
    after.save(tmp_path / "b.png")
    shutil.copy(DATA / "kodak-03.jpg", tmp_path / "photo.jpg")


@pytest.fixture
def run(pair, tmp_path, monkeypatch):
    """Run a command in this process, in `tmp_path`; processes of their own would spend their time on importing
    torch.
    """
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments, code=0):
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == code, f"{result.output}\n{result.exception!r}"
        return result

    return invoke


FEW = ("--ops", "exposure,saturation")


def test_fit_writes_a_plan_and_says_what_moved(cli, pair, tmp_path):
    told = cli("fit", "a.png", "b.png", *FEW, "--out", "plan.json", anew=True)
    plan = vr.Plan.load(tmp_path / "plan.json")
    assert float(plan.edits["exposure"].params["ev"]) == pytest.approx(0.5, abs=0.05)
    assert "exposure.ev" in told.stdout


def test_fit_writes_a_preset_that_reads_back(run):
    told = json.loads(run("fit", "a.png", "b.png", *FEW, "--out", "look.xmp", "--json").stdout)
    assert told["error_after"] < 1 < told["error_before"]
    ev = float(read_preset("look.xmp").values["exposure"]["ev"])
    assert ev == pytest.approx(told["plan"]["edits"]["exposure"]["params"]["ev"], abs=0.006)


@pytest.mark.parametrize(("out", "said"), [("x.txt", "Use .json"), ("a.png", "exists already")])
def test_fit_refuses_to_write_what_or_where_it_should_not(run, out, said):
    assert said in run("fit", "a.png", "b.png", "--ops", "exposure", "--out", out, code=1).stderr


def test_explain_says_what_was_reached_where_it_is_not_enough(run):
    run("fit", "a.png", "b.png", *FEW, "--out", "plan.json")
    run("explain", "plan.json", *FEW, "--out", "same.json")
    worse = run("explain", "plan.json", "--ops", "contrast", "--within", "0.5", code=1)
    assert "were reached, not 0.5" in worse.stderr


def test_like_gives_a_photo_what_the_pair_got(run, tmp_path):
    run("like", "photo.jpg", "--before", "a.png", "--after", "b.png", "--out", "out.png", "--groups", "lighting")
    made, was = (open_photo(tmp_path / name).working().mean() for name in ("out.png", "photo.jpg"))
    assert made > was + 0.03


def test_like_a_target_warms_a_photo_towards_a_warm_picture(run, tmp_path):
    warm = np.asarray(Image.open(tmp_path / "photo.jpg").convert("RGB")) / 255.0 * (1.15, 0.95, 0.6)
    Image.fromarray(np.uint8(warm.clip(0, 1) * 255)).save(tmp_path / "warm.png")
    run("like", "photo.jpg", "--target", "warm.png", "--out", "out.png")
    made, was = (open_photo(tmp_path / name).working().mean(axis=(0, 1)) for name in ("out.png", "photo.jpg"))
    assert made[0] / made[2] > was[0] / was[2] * 1.05


@pytest.mark.parametrize(
    "options", [(), ("--before", "a.png"), ("--target", "a.png", "--before", "a.png", "--after", "b.png")]
)
def test_like_asks_for_one_example(run, options):
    run("like", "photo.jpg", *options, code=2)


def test_skin_keeps_its_hue_whatever_the_target():
    portrait = open_photo(SAMPLES / "portrait.jpg").resized(256)
    blue = np.clip(portrait.working() * (0.6, 0.8, 1.3), 0, 1).astype(np.float32)
    made = vr.retouch(portrait, reference=vr.Photo(blue), planner="fit").image
    labs = [oklab(torch.from_numpy(p.working()).permute(2, 0, 1).unsqueeze(0)) for p in (portrait, made)]
    skin = (chroma(labs[0]) > 0.05) & ((hue(labs[0]) - 55).abs() < 12)
    turned = (hue(labs[1])[skin] - hue(labs[0])[skin]).abs().median()
    assert skin.double().mean() > 0.05
    assert turned < 12


def test_an_example_is_fitted_once_for_a_folder(monkeypatch):
    from veraretouch.planners.fit import planner as module

    calls = []
    real = module.explain_pictures
    monkeypatch.setattr(module, "explain_pictures", lambda *given: calls.append(1) or real(*given))
    photos = [open_photo(DATA / f"kodak-0{n}.jpg").resized(96) for n in (3, 8)]
    request = vr.Request.of(reference=(photos[0], photos[0]))
    proposal = module.FitPlanner().plan(photos, [request] * 2)
    assert len(calls) == 1
    assert proposal.latents.batch == 2


def test_without_a_reference_the_planner_says_what_it_needs():
    with pytest.raises(vr.errors.InvalidRequest, match="without a reference"):
        vr.registry.planners.load("fit")().plan([vr.Photo(np.zeros((4, 4, 3), np.uint8))], [vr.Request()])
