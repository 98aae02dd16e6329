"""The table of Camera Raw's fields: each drives a slot that exists, within its bounds, on the scale that XMP and
parameter files have.
"""

from __future__ import annotations

import numpy as np
import pytest

from veraretouch.core.color.hue_bands import BANDS
from veraretouch.core.plugins.registry import registry
from veraretouch.ops.crs import CURVES, FIELDS, LEGACY_BLENDING, PARAMETER_FILE


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_drives_a_slot_from_one_of_its_bounds_to_the_other(name):
    field = FIELDS[name]
    slot = registry.ops.load(field.op).slots[field.slot]
    assert (field.index is not None) == bool(slot.shape)
    low, high = float(np.min(slot.low)), float(np.max(slot.high))
    assert field.from_xmp(field.low) == pytest.approx(low)
    assert field.from_xmp(field.high) == pytest.approx(high)
    units = {"Exposure2012": "EV", "SharpenRadius": "pixel"}
    units |= dict.fromkeys(("DefringePurpleAmount", "DefringeGreenAmount"), "twentieth")
    assert field.unit == units.get(name, "degree" if high == 360 else "percent")


@pytest.mark.parametrize("name", FIELDS)
def test_a_value_comes_back_from_xmp_and_from_the_parameter_file(name):
    field = FIELDS[name]
    value = field.from_xmp(field.high) * 0.5
    assert field.from_xmp(float(field.to_xmp(value))) == pytest.approx(value, abs=field.scale / 2)
    assert field.from_parameter_file(field.to_parameter_file(value)) == pytest.approx(value)
    assert field.to_parameter_file(field.from_xmp(field.high)) == pytest.approx(100)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("Exposure2012", 0.347, "+0.35"),
        ("Exposure2012", -1.5, "-1.50"),
        ("Contrast2012", 0.2, "+20"),
        ("Contrast2012", -0.0, "+0"),
        ("ParametricShadowSplit", 0.25, "25"),
        ("SplitToningShadowHue", 215.4, "215"),
        ("HueAdjustmentAqua", -0.31, "-31"),
        ("Clarity2012", 0.09, "+9"),
        ("Sharpness", 0.4, "40"),
        ("SharpenRadius", 1.0, "+1.0"),
        ("PostCropVignetteMidpoint", 0.5, "50"),
        ("GrainFrequency", 0.5, "50"),
        ("DefringePurpleAmount", 0.35, "7"),
    ],
)
def test_a_field_is_printed_as_camera_raw_prints_it(name, value, text):
    assert FIELDS[name].to_xmp(value) == text


def test_the_parameter_files_hundred_is_the_sliders_end():
    assert FIELDS["Exposure2012"].from_parameter_file(30) == pytest.approx(1.5)
    assert FIELDS["Vibrance"].from_parameter_file(-40) == pytest.approx(-0.4)


def test_bands_are_named_in_their_order():
    for form, op, slot in (
        ("HueAdjustment{}", "hsl", "hue"),
        ("SaturationAdjustment{}", "hsl", "saturation"),
        ("LuminanceAdjustment{}", "hsl", "luminance"),
        ("GrayMixer{}", "grey_mixer", "bands"),
    ):
        fields = [FIELDS[form.format(band.capitalize())] for band in BANDS]
        assert [(field.op, field.slot, field.index) for field in fields] == [(op, slot, i) for i in range(8)]


def test_no_slot_is_driven_by_two_fields():
    driven = [(field.op, field.slot, field.index) for field in FIELDS.values()]
    assert len(driven) == len(set(driven)) == len(FIELDS)


def test_the_parameter_file_has_the_published_groups_in_their_order():
    assert {group: len(names) for group, names in PARAMETER_FILE.items()} == {
        "lighting": 10,
        "global_color": 4,
        "specific_color": 24,
    }
    assert PARAMETER_FILE["lighting"][0] == "Exposure2012"
    assert PARAMETER_FILE["specific_color"][8] == "SaturationAdjustmentRed"
    for group, names in PARAMETER_FILE.items():
        assert {registry.ops.load(FIELDS[name].op).slots[FIELDS[name].slot].group for name in names} == {group}


def test_curves_name_the_slots_of_the_tone_curve():
    assert set(CURVES.values()) == set(registry.ops.load("tone_curve").slots)
    assert CURVES["ToneCurvePV2012"] == "luma"
    assert LEGACY_BLENDING == 1.0
