"""Plans as presets of Lightroom: what is written reads back, other programs read the same,
and foreign content stays.
"""

import json
import math
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import veraretouch as vr
from veraretouch.core.errors import InvalidRequest
from veraretouch.ops.crs import FIELDS
from veraretouch.ops.presets import read_preset, write_preset
from veraretouch.ops.presets.sidecar import merge_sidecar
from veraretouch.ops.presets.writing import settings_of

GREY = [[[0.4, 0.4, 0.4]]]


def plan_of(params):
    import numpy as np

    return vr.retouch(np.array(GREY, np.float32), params=params).plan


def presets_of(numbers):
    """Numbers of Camera Raw's fields as addresses and values."""
    from veraretouch.ops.presets.reading import interpret

    return interpret({name: f"{number:g}" for name, number in numbers.items()}, name="n", source="s").params


@st.composite
def fields(draw):
    chosen = draw(st.lists(st.sampled_from(sorted(FIELDS)), min_size=1, max_size=12, unique=True))
    return {name: draw(st.integers(math.ceil(FIELDS[name].low), int(FIELDS[name].high))) for name in chosen}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields())
def test_every_field_comes_back_to_the_precision_of_the_format(tmp_path, numbers):
    plan = plan_of(presets_of(numbers))
    assume(plan.edits)  # a plan that changes nothing has nothing to write
    path = tmp_path / "a.xmp"
    write_preset(plan, path, overwrite=True, partial=True)
    again = plan_of(read_preset(path).params)
    assert settings_of(again)[0] == settings_of(plan)[0]


def test_only_camera_raws_namespace_is_written(tmp_path):
    write_preset(plan_of({"exposure.ev": 0.5}), tmp_path / "a.xmp")
    text = (tmp_path / "a.xmp").read_text()
    assert 'crs:Exposure2012="+0.50"' in text
    assert "veraretouch" not in text


def test_a_preset_that_is_there_is_not_replaced(tmp_path):
    (tmp_path / "a.xmp").write_text("mine")
    with pytest.raises(InvalidRequest, match="exists already"):
        write_preset(plan_of({"exposure.ev": 0.5}), tmp_path / "a.xmp")
    assert (tmp_path / "a.xmp").read_text() == "mine"


def test_what_xmp_cannot_say_is_refused_or_told(tmp_path):
    plan = plan_of({"cdl.saturation": 1.2, "exposure.ev": 0.5})
    with pytest.raises(InvalidRequest, match="op cdl"):
        write_preset(plan, tmp_path / "a.xmp")
    assert not list(tmp_path.iterdir())
    assert write_preset(plan, tmp_path / "a.xmp", partial=True) == ["op cdl"]


def test_detail_and_effects_go_out_and_come_back(tmp_path):
    given = {
        "clarity.amount": -0.18,
        "texture.amount": 0.2,
        "dehaze.amount": 0.12,
        "sharpening.amount": 0.4,
        "sharpening.radius": 1.4,
        "noise_reduction.luminance": 0.25,
        "vignette.amount": -0.3,
        "vignette.paint": 1.0,
        "grain.amount": 0.25,
        "grain.roughness": 0.6,
    }
    assert write_preset(plan_of(given), tmp_path / "a.xmp") == []
    text = (tmp_path / "a.xmp").read_text()
    for setting in ('Clarity2012="-18"', 'Sharpness="40"', 'SharpenRadius="+1.4"', 'PostCropVignetteStyle="3"'):
        assert f"crs:{setting}" in text
    params = read_preset(tmp_path / "a.xmp").params
    assert {name: params[name] for name in given} == pytest.approx(given)
    half = plan_of({"vignette.amount": -0.3, "vignette.paint": 0.5})
    assert write_preset(half, tmp_path / "b.xmp", partial=True) == ["vignette.paint 0.5, which is 0 or 1 there"]


def test_a_sidecar_keeps_what_is_not_ours(tmp_path):
    path = tmp_path / "IMG.xmp"
    path.write_text(
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
        ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
        ' xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" xmlns:me="urn:me" me:stars="5"'
        ' crs:ProcessVersion="11.0" crs:Exposure2012="-1.00" crs:Contrast2012="+30"'
        ' crs:Dehaze="+7"><me:note>keep</me:note></rdf:Description></rdf:RDF></x:xmpmeta>'
    )
    merge_sidecar(plan_of({"exposure.ev": 0.5}), path, overwrite=True)
    text = path.read_text()
    assert 'me:stars="5"' in text
    assert "<me:note>keep</me:note>" in text
    assert 'crs:Dehaze="+7"' in text
    params = read_preset(path).params
    assert params["exposure.ev"] == 0.5
    assert params["contrast.amount"] == pytest.approx(0.3)


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_exiftool_reads_the_same_values(tmp_path):
    write_preset(
        plan_of({"exposure.ev": 0.5, "vibrance.amount": -0.2, "hsl.hue": [0.1, 0, 0, 0, 0, 0, 0, 0]}),
        tmp_path / "a.xmp",
    )
    done = subprocess.run(["exiftool", "-j", "-XMP-crs:all", tmp_path / "a.xmp"], capture_output=True, text=True)
    (told,) = json.loads(done.stdout)
    assert float(told["Exposure2012"]) == 0.5
    assert float(told["Vibrance"]) == -20
    assert float(told["HueAdjustmentRed"]) == pytest.approx(
        read_preset(tmp_path / "a.xmp").values["hsl"]["hue"][0] * 100, abs=1
    )


def test_on_the_command_line(cli, photos, tmp_path):
    (tmp_path / "plan.json").write_text(cli("plan", "a.jpg", "--set", "exposure.ev=0.5").stdout)
    cli("export", "xmp", "plan.json", "a.jpg", anew=True)
    assert read_preset(tmp_path / "a-preset.xmp").params["exposure.ev"] == 0.5
    cli("export", "xmp", "plan.json", "b.CR3")
    assert read_preset(tmp_path / "b.xmp").params["exposure.ev"] == 0.5
    told = cli("param", "b.jpg", "--preset", "a-preset.xmp", "--out", "c.jpg")
    assert (tmp_path / "c.jpg").exists()
    (tmp_path / "hazy.xmp").write_text(
        (tmp_path / "a-preset.xmp").read_text().replace("crs:Exp", 'crs:VignetteAmount="+60" crs:Exp')
    )
    assert "--partial" in cli("param", "b.jpg", "--preset", "hazy.xmp", "--out", "d.jpg", code=1).stderr
    assert "VignetteAmount" in cli("param", "b.jpg", "--preset", "hazy.xmp", "--partial", "--out", "d.jpg").stderr
    assert told.returncode == 0
