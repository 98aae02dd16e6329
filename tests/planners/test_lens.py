"""Correcting a lens, from the words of a command to the written picture: one way for commands, Python and plans."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

import veraretouch as vr
from veraretouch.core.cli.shell import app
from veraretouch.core.errors import InvalidPlan, InvalidRequest
from veraretouch.core.photo import open_photo
from veraretouch.core.photo.geometry.framing import Framing
from veraretouch.core.photo.geometry.lens import LensCorrection
from veraretouch.core.photo.geometry.lens_profiles import LensWarning
from veraretouch.core.plan.frame import frame_text, mean_frame, read_frame, write_frame


@pytest.fixture
def photo(tmp_path):
    """A photo that says which camera and lens took it, at 24 mm and f/4."""
    from PIL import Image
    from PIL.TiffImagePlugin import IFDRational

    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Canon", "Canon EOS 5D Mark III"
    inner = exif.get_ifd(0x8769)
    inner[0xA434], inner[0x920A], inner[0x829D] = "EF24-105mm f/4L IS USM", IFDRational(24), IFDRational(4)
    y, x = np.mgrid[0:200, 0:300]
    pixels = (90 + 60 * ((x // 20 + y // 20) % 2)).astype(np.uint8)[..., None].repeat(3, 2)
    path = tmp_path / "wide.png"
    Image.fromarray(pixels).save(path, exif=exif)
    return path


@pytest.mark.parametrize(
    "frame",
    [
        Framing(lens=LensCorrection()),
        Framing(angle=2.0, lens=LensCorrection("Canon EF 24-105mm f/4L IS USM", 80.0, 0.0, 50.0)),
    ],
)
def test_words_and_json_say_what_a_frame_holds(frame):
    assert read_frame(frame_text(frame)) == frame
    assert read_frame(write_frame(frame)) == frame
    plan = vr.Plan("param", {}, frame=frame)
    assert plan.document()["schema"] == "veraretouch.plan/2"
    assert vr.Plan.load(json.loads(json.dumps(plan.document()))).frame == frame


def test_the_words_of_a_frame_with_a_lens():
    assert frame_text(Framing(lens=LensCorrection(vignetting=50))) == "lens: auto vignetting=50"
    assert read_frame("lens: Some 50mm f/1.8 distortion=0").lens == LensCorrection("Some 50mm f/1.8", distortion=0)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("lens: auto distortion=300", r"frame.lens.distortion is 300\.0\. Give a number from 0 to 200"),
        ("lens: auto vignette=3", r"frame.lens: there is no .*vignetting"),
        ({"lens": "auto"}, r'frame.lens is .*Give \{"profile": "auto"\}'),
        ("lens: distortion=3", r"frame.lens.profile is"),
    ],
)
def test_what_is_no_correction_is_refused(given, problem):
    with pytest.raises(InvalidRequest, match=problem):
        read_frame(given)


def test_plans_that_correct_lenses_differently_have_no_mean():
    one, other = Framing(lens=LensCorrection()), Framing(angle=1.0)
    assert mean_frame([one, replace(one, angle=2.0)], [0.5, 0.5]) == replace(one, angle=1.0)
    with pytest.raises(InvalidPlan, match="correct the lens differently"):
        mean_frame([one, other], [0.5, 0.5])


def test_command_and_python_give_the_same_picture_in_one_resampling(photo):
    pytest.importorskip("lensfunpy", reason="pip install 'veraretouch[lens]'")
    words = "lens: auto; crop: 0 0 0.5 1; angle: 1"
    out = photo.parent / "out.png"
    run = ("param", photo, "--set", "exposure.ev=0.1", "--frame", words, "--out", out, "--jobs", "1")
    done = CliRunner().invoke(app, list(map(str, run)))
    assert done.exit_code == 0, done.output
    by_python = vr.retouch(str(photo), params={"exposure.ev": 0.1}, frame=words).image
    made = open_photo(out).pixels
    assert np.array_equal(made, by_python.pixels)
    plain = vr.retouch(str(photo), params={"exposure.ev": 0.1}, frame="crop: 0 0 0.5 1; angle: 1").image
    assert made.shape == plain.pixels.shape
    assert made[:30, :30].mean() > plain.pixels[:30, :30].mean() + 20  # the corner is no longer dark


def test_a_lens_that_is_not_known_costs_a_warning_not_the_photo(tmp_path):
    pytest.importorskip("lensfunpy", reason="pip install 'veraretouch[lens]'")
    from PIL import Image

    Image.new("RGB", (40, 30), (90, 120, 60)).save(tmp_path / "a.png")
    run = ("param", tmp_path / "a.png", "--set", "exposure.ev=0.1", "--frame", "lens: auto", "--json", "--jobs", "1")
    done = CliRunner().invoke(app, [*map(str, run), "--out", str(tmp_path / "b.png")])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)["warnings"]
    assert said == ["lensfun's database has no profile for no camera with no lens: the lens is not corrected"]


def test_a_tensor_has_no_lens_and_that_is_said():
    import torch

    with pytest.warns(LensWarning, match="a tensor tells no lens: the lens is not corrected"):
        vr.retouch(torch.rand(3, 30, 40), params={"exposure.ev": 0.1}, frame="lens: auto")
