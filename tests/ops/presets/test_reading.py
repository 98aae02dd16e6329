"""Presets of Lightroom: what real files hold is read, what is not rendered is listed.
What is malformed: test_malformed.py.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import veraretouch as vr
from veraretouch.core.color.ciede2000 import ciede2000
from veraretouch.core.errors import InvalidRequest
from veraretouch.ops.presets import read_preset

PRESETS = Path(__file__).parents[2] / "data" / "presets"
FILES = sorted([*PRESETS.glob("*.xmp"), *PRESETS.glob("*.lrtemplate")])
PAIRS = sorted(path.name.removesuffix("-before.jpg") for path in PRESETS.glob("*-before.jpg"))


def packet(attributes="", inside="", head=""):
    return (
        f'{head}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" {attributes}>{inside}'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    )


def read(tmp_path, data, name="a.xmp"):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_preset(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_real_preset_is_read_and_tells_what_is_not_rendered(path):
    preset = read_preset(path)
    assert preset.name == path.stem
    assert len(preset.params) > 10
    assert "noise_reduction.color" in preset.params
    vr.retouch(np.full((4, 4, 3), 0.4, np.float32), params=preset.params)


def test_both_forms_of_a_preset_say_the_same():
    new, old = (read_preset(PRESETS / f"9bichrome.{kind}").params for kind in ("xmp", "lrtemplate"))
    same = [name for name in new if name in old and np.allclose(new[name], old[name])]
    assert len(same) >= 30


def test_lightrooms_own_pictures_are_nearer_than_doing_nothing():
    """Mean CIEDE2000 falls to the half of doing nothing on the median.
    One constant of colour grading was set by these five.
    """
    params = read_preset(PRESETS / "9bichrome.xmp").params
    shares = []
    for name in PAIRS:
        before, after = (np.asarray(Image.open(PRESETS / f"{name}-{when}.jpg")) for when in ("before", "after"))
        made = vr.retouch(before, params=params).image
        ours, idle = (apart(picture, after) for picture in (made, before))
        shares.append(ours / idle)
    assert len(PAIRS) == 5
    assert np.median(shares) < 0.5, shares
    assert max(shares) < 0.8, shares


def apart(a, b):
    left, right = (torch.from_numpy(picture.reshape(1, -1, 3).astype(np.float32) / 255) for picture in (a, b))
    return float(ciede2000(left, right).mean())


def test_attributes_and_elements_say_the_same(tmp_path):
    as_attribute = read(tmp_path, packet('crs:ProcessVersion="11.0" crs:Exposure2012="+0.50" crs:Vibrance="10"'))
    as_element = read(
        tmp_path, packet(inside="<crs:Exposure2012>+0.50</crs:Exposure2012><crs:Vibrance>10</crs:Vibrance>")
    )
    assert as_attribute.params == as_element.params == {"exposure.ev": 0.5, "vibrance.amount": pytest.approx(0.1)}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_and_marks_are_understood(tmp_path, encoding):
    assert read(tmp_path, packet('crs:Exposure2012="1"').encode(encoding)).params == {"exposure.ev": 1.0}


def test_what_is_absent_stays_unchanged(tmp_path):
    assert read(tmp_path, packet('crs:Contrast2012="-20"')).params == {"contrast.amount": pytest.approx(-0.2)}


def test_kelvin_on_a_rendered_photo_is_reported_and_not_applied(tmp_path):
    preset = read(tmp_path, packet('crs:Temperature="4500" crs:Tint="+9" crs:Exposure2012="0.1"'))
    assert set(preset.params) == {"exposure.ev"}
    assert {"Temperature", "Tint"} <= {item.name for item in preset.unrendered}


def test_facts_about_a_preset_are_no_settings(tmp_path):
    facts = "Treatment RequiresRenditionBehavior ShowInPresets ShowInQuickActions AsShotTemperature AsShotTint"
    attributes = " ".join(f'crs:{name}="1"' for name in facts.split())
    preset = read(tmp_path, packet('crs:Exposure2012="+0.50" ' + attributes))
    assert preset.unrendered == ()
    assert set(facts.split()) <= set(preset.idle)


@pytest.mark.parametrize("said", ["", 'crs:ConvertToGrayscale="False"', 'crs:ConvertToGrayscale="True"'])
def test_the_profile_of_photos_in_black_and_white_makes_them_so(tmp_path, said):
    look = '<crs:Look><rdf:Description crs:Name="Adobe Monochrome" crs:Amount="1"/></crs:Look>'
    preset = read(tmp_path, packet(said, look))
    assert preset.unrendered == ()
    assert preset.values["grey_mixer"]["monochrome"] == 1


def test_a_title_that_lightroom_translates_is_read_in_its_own_words(tmp_path):
    title = 'ZSTR "$$$/AgDevelop/Preset/Soft=Soft Skin"'
    data = f"s = {{ title = {title}, value = {{ settings = {{ Exposure2012 = 0.5 }} }} }}"
    assert read(tmp_path, data.encode(), "a.lrtemplate").name == "Soft Skin"


def test_a_look_that_depends_on_what_is_not_rendered_is_refused(tmp_path):
    preset = read(tmp_path, packet('crs:PerspectiveVertical="60" crs:VignetteAmount="60" crs:Exposure2012="0.1"'))
    with pytest.raises(InvalidRequest, match=r"VignetteAmount 60.*--partial"):
        preset.demand_whole()
    read_preset(PRESETS / "mecabify.xmp").demand_whole()


def test_a_variance_of_colour_without_samples_and_a_blur_that_is_off_do_nothing(tmp_path):
    variance = "<crs:ColorVariance><rdf:Seq><rdf:li>-50.000000</rdf:li></rdf:Seq></crs:ColorVariance>"
    blur = '<crs:LensBlur crs:Version="1" crs:Active="false" crs:BlurAmount="50"/>'
    preset = read(tmp_path, packet('crs:Exposure2012="+0.50"', variance + blur))
    preset.demand_whole()
    assert preset.unrendered == ()
    with pytest.raises(InvalidRequest, match="ColorVariance"):
        read(tmp_path, packet("", variance.replace("-50.000000", "-50.000000, 20"))).demand_whole()
    with pytest.raises(InvalidRequest, match="LensBlur"):
        read(tmp_path, packet("", blur.replace("false", "true"))).demand_whole()


def test_point_colour_at_rest_is_read_and_point_colour_at_work_is_refused(tmp_path):
    data = (Path(__file__).parents[2] / "data" / "cases" / "pointcolor-rest.xmp").read_text()
    preset = read(tmp_path, data)
    preset.demand_whole()
    assert preset.params == {"exposure.ev": 0.5}
    with pytest.raises(InvalidRequest, match="PointColors"):
        read(tmp_path, data.replace("<rdf:li>-1.000000", "<rdf:li>0.583333")).demand_whole()
