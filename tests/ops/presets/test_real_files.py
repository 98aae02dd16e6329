"""Every setting of every real file is rendered, listed as not rendered, or named as one that does nothing:
none is lost.
"""

from pathlib import Path

import pytest
from lxml import etree

from veraretouch.core.errors import InvalidRequest
from veraretouch.ops.crs import CURVES, FIELDS
from veraretouch.ops.presets import read_preset
from veraretouch.ops.presets.crops.settings import FIELDS_OF_FRAME
from veraretouch.ops.presets.lrtemplate import read_lua
from veraretouch.planners.styles import preset_params

DATA = Path(__file__).parents[2] / "data"
XMP = sorted([*(DATA / "presets").glob("*.xmp"), *(DATA / "xmp").glob("*.xmp")])
TEMPLATES = sorted((DATA / "presets").glob("*.lrtemplate"))
CRS = "{http://ns.adobe.com/camera-raw-settings/1.0/}"
RENDERED = {*FIELDS, *CURVES, "ConvertToGrayscale", "PostCropVignetteStyle"}


def settings_in(path):
    """The names of the settings that a file holds, read without the code under test where the format allows it."""
    if path.suffix == ".lrtemplate":
        return set(read_lua(path.read_text(encoding="utf-8-sig"), path.name)["value"]["settings"])
    tops = etree.parse(path).iterfind(".//{*}RDF/{*}Description")
    names = [
        name for top in tops for name in (*top.attrib, *(child.tag for child in top if isinstance(child.tag, str)))
    ]
    return {name.removeprefix(CRS) for name in names if name.startswith(CRS)}


@pytest.mark.parametrize("path", XMP + TEMPLATES, ids=lambda path: path.name)
def test_no_setting_of_a_real_file_is_lost(path):
    preset = read_preset(path)
    told = {item.name for item in preset.unrendered} | set(preset.idle)
    # What makes a frame is taken where it is asked for.
    assert settings_in(path) == told | (settings_in(path) & (RENDERED | FIELDS_OF_FRAME))
    assert not told & RENDERED


def test_the_files_of_the_toolkit_are_there_and_one_of_them_holds_settings():
    assert len(XMP) == 7
    assert {path.name for path in XMP if len(settings_in(path)) > 1} == {"9bichrome.xmp", "mecabify.xmp", "test1.xmp"}


def test_a_file_of_an_older_camera_raw_lists_what_it_holds():
    preset = read_preset(DATA / "xmp" / "test1.xmp")
    assert {item.name for item in preset.unrendered} == {"ToneCurve"}
    assert {"Exposure", "Shadows", "Brightness", "Contrast"} <= set(preset.idle)  # at rest
    preset.demand_whole()


def test_sliders_of_older_versions_that_are_moved_are_what_a_look_depends_on(tmp_path):
    moved = tmp_path / "old.xmp"
    moved.write_text((DATA / "xmp" / "test1.xmp").read_text().replace(">+50<", ">+80<"))
    with pytest.raises(InvalidRequest, match=r"Brightness \+80: it belongs to an older process version"):
        read_preset(moved).demand_whole()


@pytest.mark.parametrize("name", ["BlueSquare", "BlueSquare450", "sig05-002a", "sig05-003a"])
def test_a_file_without_settings_is_refused_by_reason(name):
    path = DATA / "xmp" / f"{name}.xmp"
    with pytest.raises(InvalidRequest, match=rf"{name}\.xmp' sets nothing that is rendered here"):
        preset_params(path)
