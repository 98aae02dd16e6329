"""Masks of Camera Raw read: each shape, how they join, the older forms, what is not rendered, and what is malformed."""

import contextlib
import json
import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import veraretouch as vr
from veraretouch.core.errors import InvalidDocument, InvalidRequest
from veraretouch.ops.presets import read_preset
from veraretouch.ops.presets.mask_frame import UNTURNED, SensorFrame
from veraretouch.ops.presets.masks import read_corrections

LINEAR = {"What": "Mask/Gradient", "ZeroX": "0.5", "ZeroY": "0.5", "FullX": "0.5", "FullY": "0"}
CIRCLE = {
    "What": "Mask/CircularGradient",
    "Top": "0.2",
    "Left": "0.3",
    "Bottom": "0.6",
    "Right": "0.5",
    "Angle": "0",
    "Midpoint": "50",
    "Roundness": "0",
    "Feather": "40",
    "Flipped": "true",
    "Version": "2",
}
SKY = {"What": "Mask/Image", "MaskSubType": "2"}


def luminance(corners="0.2 0.3 0.6 0.9", **more):
    return {"What": "Mask/RangeMask", "CorrectionRangeMask": {"Type": "2", "LumRange": corners} | more}


def correction(*masks, **more):
    return {"What": "Correction", "LocalExposure2012": "-0.25"} | more | {"CorrectionMasks": list(masks)}


def read(*corrections, key="MaskGroupBasedCorrections", frame=UNTURNED):
    return read_corrections({key: list(corrections)}, frame=frame, source="s")


def parts(*masks, **more):
    """The parts of the area that masks make: id, how it joins, whether it is inverted."""
    found = read(correction(*masks, **more))
    assert found.local, found.unrendered
    return [(part.id, part.combine, part.invert) for part in found.local[0].area]


def taken(mask, *, inverted=False):
    """A mask that is taken away, or, inverted, kept."""
    return mask | {"MaskBlendMode": "1", "MaskValue": "0", "MaskInverted": str(inverted).lower()}


def test_a_gradient_and_its_sliders_are_a_local_adjustment():
    (entry,) = read(
        correction(LINEAR, CorrectionName="Sky", CorrectionAmount="0.5", LocalSaturation="0.25", LocalHue="0")
    ).local
    assert (entry.name, entry.strength) == ("Sky", 0.5)
    assert {op: {slot: float(v) for slot, v in edit.params.items()} for op, edit in entry.edits.items()} == {
        "exposure": {"ev": -1.0},
        "saturation": {"amount": 0.25},
    }
    (part,) = entry.area
    assert {name: float(v) for name, v in part.params.items()} == {
        "full_x": 0.5, "full_y": 0.0, "zero_x": 0.5, "zero_y": 0.5,
    }  # fmt: skip


def test_a_circle_covers_its_inside_where_it_is_flipped():
    (entry,) = read(correction(CIRCLE)).local
    slots = {name: round(float(v), 9) for name, v in entry.area[0].params.items()}
    assert slots == {"x": 0.4, "y": 0.4, "radius_x": 0.1, "radius_y": 0.2, "angle": 0.0, "feather": 0.4}
    assert parts(CIRCLE) == [("ellipse", "add", False)]
    assert parts(CIRCLE | {"Flipped": "false", "MaskInverted": "true"}) == [("ellipse", "add", True)]
    plain = {name: value for name, value in CIRCLE.items() if name != "Flipped"}
    assert parts(plain | {"MaskInverted": "true"}) == [("ellipse", "add", True)]
    assert parts(plain) == [("ellipse", "add", False)]


@pytest.mark.parametrize(
    ("masks", "joined"),
    [
        ([LINEAR, CIRCLE], [("linear", "add", False), ("ellipse", "add", False)]),
        ([LINEAR, taken(SKY)], [("linear", "add", False), ("sky", "subtract", False)]),
        ([LINEAR, taken(SKY, inverted=True)], [("linear", "add", False), ("sky", "intersect", False)]),
        ([LINEAR, LINEAR | {"MaskValue": "0"}], [("linear", "add", False), ("linear", "subtract", False)]),
        ([LINEAR | {"MaskInverted": "true"}], [("linear", "add", True)]),
        ([LINEAR, SKY | {"MaskActive": "false"}], [("linear", "add", False)]),
        ([luminance()], [("luminance", "add", False), ("luminance", "intersect", False)]),
        ([luminance("0.2 0.3 0.6 0.7")], [("luminance", "add", False)]),
        ([luminance("0 0 0.6 0.9")], [("luminance", "add", False)]),
        ([luminance() | {"MaskInverted": "true"}], [("luminance", "add", True), ("luminance", "add", True)]),
        ([luminance(Invert="true")], [("luminance", "add", True), ("luminance", "add", True)]),
        ([LINEAR, taken(luminance())], [("linear", "add", False), ("luminance", "subtract", False)]),
        (
            [LINEAR, taken(luminance(), inverted=True)],
            [("linear", "add", False), ("luminance", "intersect", False), ("luminance", "intersect", False)],
        ),
        ([{"What": "Mask/Aggregate", "Masks": [LINEAR, SKY]}], [("linear", "add", False), ("sky", "add", False)]),
        (
            [{"What": "Mask/Aggregate", "Masks": [LINEAR, LINEAR | {"MaskValue": "0"}]}],
            [("linear", "add", False), ("linear", "subtract", False)],
        ),
        (
            [CIRCLE, taken({"What": "Mask/Aggregate", "Masks": [LINEAR, SKY]})],
            [("ellipse", "add", False), ("linear", "subtract", False), ("sky", "subtract", False)],
        ),
        (
            [{"What": "Mask/Aggregate", "MaskInverted": "true", "Masks": [LINEAR, SKY]}],
            [("linear", "add", True), ("sky", "subtract", False)],
        ),
        (
            [LINEAR | {"CorrectionRangeMask": {"Type": "2", "LumRange": "0 0 0.5 0.6"}}],
            [("linear", "add", False), ("luminance", "intersect", False)],
        ),
        ([LINEAR | {"CorrectionRangeMask": {"Type": "0"}}], [("linear", "add", False)]),
    ],
)
def test_masks_join_as_the_file_says(masks, joined, request):
    if "sky" in str(joined) and "sky" not in vr.registry.areas:
        pytest.skip("no area sky")
    assert parts(*masks) == joined


def test_a_range_of_luminance_has_a_feather_on_either_side():
    """Two halves make it; the mask itself is looked at, in steps of luma."""
    (entry,) = read(correction(luminance("0.2 0.3 0.6 0.9"))).local
    plan = vr.Plan("param", {}, local=(entry,))
    ramp = np.repeat(np.linspace(0, 1, 101, dtype=np.float32)[None, :, None], 3, axis=2)
    changed = vr.Renderer().render(ramp, plan, engine="exact")
    moved = np.abs(np.asarray(changed) - ramp).max(axis=2)[0] > 1e-3
    assert np.flatnonzero(moved).min() in (21, 22, 23)
    assert np.flatnonzero(moved).max() in (87, 88, 89)


def test_the_older_forms_are_read():
    older = read(correction(LINEAR), key="GradientBasedCorrections").local[0]
    assert (older.name, older.area[0].id) == ("gradient 1", "linear")
    circle = {name: value for name, value in CIRCLE.items() if name != "Version"}
    assert not read(correction(circle), key="CircularGradientBasedCorrections").local[0].area[0].invert
    outside = read(correction(circle | {"Flipped": "false"}), key="CircularGradientBasedCorrections")
    assert outside.local[0].area[0].invert
    ranged = read(
        correction(LINEAR, CorrectionRangeMask={"Type": "2", "LumMin": "0", "LumMax": "0.4", "LumFeather": "0.2"}),
        key="GradientBasedCorrections",
    )
    assert [part.id for part in ranged.local[0].area] == ["linear", "luminance"]
    assert float(ranged.local[0].area[1].params["high"]) == 0.4


@pytest.mark.parametrize("orientation", range(1, 9))
def test_masks_of_a_turned_photo_lie_where_the_sensor_saw_them(orientation):
    """The mask of the sensor's frame, turned as EXIF says, is the mask of the upright photo."""
    from veraretouch.core.contract.op import Frame

    def mask(entry, height, width):
        area = vr.registry.areas.load(entry.area[0].id)
        values = {
            name: torch.tensor([float(value)], dtype=torch.float64) for name, value in entry.area[0].params.items()
        }
        rgb = torch.zeros(1, 3, height, width, dtype=torch.float64)
        frame = Frame(0, 0, height, width, 0)
        return area().mask(rgb, area().params(values, frame, rgb[:, :, :0, :0]))[0, 0].numpy()

    turns = {
        1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud, 5: np.transpose,
        6: lambda a: np.rot90(a, -1), 7: lambda a: np.rot90(a, 2).T, 8: np.rot90,
    }  # fmt: skip
    turned = CIRCLE | {"Angle": "25", "Bottom": "0.7"}
    for shape in (LINEAR | {"FullX": "0.8", "ZeroY": "0.3"}, turned):
        (sensor,) = read(correction(shape), frame=SensorFrame(1.5, 1)).local
        (upright,) = read(correction(shape), frame=SensorFrame(1.5, orientation)).local
        expected = turns[orientation](mask(sensor, 60, 90))
        assert np.abs(mask(upright, *expected.shape) - expected).max() < 1e-9


def test_a_sidecar_says_how_its_photo_lies(tmp_path):
    head = (
        'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6" tiff:ImageWidth="6000" tiff:ImageLength="4000"'
    )
    (entry,) = read_preset(file_of(tmp_path, correction(LINEAR), head=head)).local
    slots = {name: float(value) for name, value in entry.area[0].params.items()}
    assert slots == {"full_x": 1.0, "full_y": 0.5, "zero_x": 0.5, "zero_y": 0.5}


def xml_of(value):
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "<rdf:Seq>" + "".join(f"<rdf:li>{xml_of(item)}</rdf:li>" for item in value) + "</rdf:Seq>"
    attributes = " ".join(f'crs:{name}="{text}"' for name, text in value.items() if isinstance(text, str))
    inside = "".join(f"<crs:{name}>{xml_of(v)}</crs:{name}>" for name, v in value.items() if not isinstance(v, str))
    return f"<rdf:Description {attributes}>{inside}</rdf:Description>"


def file_of(tmp_path, *corrections, head="", key="MaskGroupBasedCorrections"):
    path = tmp_path / "a.xmp"
    path.write_text(
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" {head}>'
        f"<crs:{key}>{xml_of(list(corrections))}</crs:{key}></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    return path


def test_a_template_holds_masks_as_xmp_does(tmp_path):
    path = tmp_path / "a.lrtemplate"
    lua = json.dumps([correction(LINEAR)]).replace("[", "{").replace("]", "}")
    for name in ("What", "LocalExposure2012", "CorrectionMasks", "ZeroX", "ZeroY", "FullX", "FullY"):
        lua = lua.replace(f'"{name}":', f"{name} =")
    path.write_text(f's = {{ title = "a", value = {{ settings = {{ MaskGroupBasedCorrections = {lua} }} }} }}')
    assert read_preset(path).local == tuple(read(correction(LINEAR)).local)


def test_the_rows_of_attributes_and_of_elements_are_read_alike(tmp_path):
    path = file_of(tmp_path, correction(LINEAR, CIRCLE))
    text = path.read_text()
    first = read_preset(path).local
    gradient = "".join(f"<crs:{name}>{value}</crs:{name}>" for name, value in LINEAR.items())
    attributes = " ".join(f'crs:{name}="{value}"' for name, value in LINEAR.items())
    for spelt in (f'<rdf:li rdf:parseType="Resource">{gradient}</rdf:li>', f"<rdf:li {attributes}/>"):
        path.write_text(text.replace(f"<rdf:li>{xml_of(LINEAR)}</rdf:li>", spelt))
        assert path.read_text() != text
        assert read_preset(path).local == first


@pytest.mark.parametrize(
    ("masks", "sliders", "why", "essential"),
    [
        ([{"What": "Mask/Polygon"}], {}, "masks of the kind 'Mask/Polygon' are not rendered", True),
        ([{"What": "Mask/Image", "MaskSubType": "3", "MaskSubCategoryID": "6"}], {}, "network finds lips", True),
        ([{"What": "Mask/Image", "MaskSubType": "0", "Gesture": []}], {}, "an object that was pointed at", True),
        ([luminance() | {"CorrectionRangeMask": {"Type": "3"}}], {}, "ranges of depth are not rendered", True),
        ([LINEAR, CIRCLE | {"MaskBlendMode": "7"}], {}, "blend mode '7'", True),
        ([LINEAR | {"ZeroY": "50"}], {}, "reaches beyond what our area 'linear' can cover", True),
        ([], {}, "it has no mask", True),
        ([LINEAR], {"LocalHue": "0.3"}, "LocalHue 0.3: no op of ours does this", False),
        ([LINEAR], {"LocalMadeUp": "0.3"}, "LocalMadeUp 0.3: it is not known here", False),
    ],
)
def test_what_is_not_rendered_is_named(masks, sliders, why, essential):
    (item,) = read(correction(*masks, CorrectionName="Mine", **sliders)).unrendered
    assert str(item).startswith("MaskGroupBasedCorrections 'Mine': ")
    assert why in str(item)
    assert item.essential == essential


def test_what_does_nothing_is_idle():
    still = [
        correction(LINEAR, CorrectionActive="false"),
        correction(LINEAR, CorrectionAmount="0"),
        correction(
            LINEAR, LocalExposure2012="0.000000", LocalPointColors=["-1.000000"], LocalCurveRefineSaturation="100"
        ),
    ]
    still[2]["LocalPointColors"] = ["-1"]
    found = read(*still)
    assert (found.local, found.unrendered, found.idle) == ([], [], ["MaskGroupBasedCorrections"])


def test_an_amount_above_one_is_in_the_values():
    (entry,) = read(correction(LINEAR, CorrectionAmount="2", LocalContrast2012="0.7")).local
    assert entry.strength == 1
    assert float(entry.edits["exposure"].params["ev"]) == -2
    found = read(correction(LINEAR, CorrectionAmount="2", LocalContrast2012="0.7"))
    assert float(entry.edits["contrast"].params["amount"]) == 1
    assert any("contrast.amount goes from -1 to 1" in note for note in found.notes)


def test_two_corrections_of_one_name_are_two_adjustments():
    found = read(correction(LINEAR, CorrectionName="a/b"), correction(CIRCLE, CorrectionName="a/b"))
    assert [entry.name for entry in found.local] == ["a b", "a b 2"]


def test_a_preset_with_masks_renders_them(tmp_path):
    preset = read_preset(file_of(tmp_path, correction(LINEAR)))
    photo = np.full((40, 40, 3), 0.5, np.float32)
    result = np.asarray(vr.retouch(photo, params=preset.plan()).image)
    assert result[0].mean() < 0.38
    assert np.allclose(result[-1], 0.5, atol=1e-3)


def test_the_command_renders_the_masks_of_a_preset_and_names_what_it_leaves(tmp_path):
    from veraretouch.planners.styles import preset_params

    path = file_of(tmp_path, correction(LINEAR), correction({"What": "Mask/Polygon"}, CorrectionName="Mine"))
    with pytest.raises(InvalidRequest, match="MaskGroupBasedCorrections 'Mine': masks of the kind"):
        preset_params(path)
    document = preset_params(path, partial=True)
    assert [entry["name"] for entry in document["local"]] == ["mask 1"]


MALFORMED = {
    "NaN": (correction(LINEAR | {"ZeroX": "NaN"}), "'NaN' is not a number"),
    "no corner": (correction({"What": "Mask/Gradient"}), "'None' is not a number"),
    "a slider beyond its range": (correction(LINEAR, LocalContrast2012="1.5"), "1.5 lies outside -1 to 1"),
    "a list for a slider": (correction(LINEAR, LocalContrast2012=["1"]), "is not a number"),
    "a list for a truth": (correction(LINEAR, CorrectionActive=["1"]), "neither True nor False"),
    "corners that fall": (correction(luminance("0.9 0.5 0.2 0.1")), "do not rise from 0 to 1"),
    "three corners": (correction(luminance("0.1 0.2 0.3")), "no list of numbers"),
    "an amount": (correction(LINEAR, CorrectionAmount="-1"), "CorrectionAmount"),
    "a text for masks": (correction() | {"CorrectionMasks": "masks"}, "is no list of masks"),
    "texts for masks": (correction() | {"CorrectionMasks": ["a", "b"]}, "is no list of masks"),
    "texts for corrections": ("text", "is no list of corrections"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_masks_are_one_clear_error(case, tmp_path):
    given, said = MALFORMED[case]
    with pytest.raises(InvalidDocument, match=said) as caught:
        read_preset(file_of(tmp_path, given))
    assert str(caught.value).startswith(str(tmp_path / "a.xmp"))
    assert "\n" not in str(caught.value)


def test_many_corrections_masks_and_levels_are_refused_in_time():
    start = time.process_time()
    with pytest.raises(InvalidDocument, match="201 corrections"):
        read(*[correction(LINEAR)] * 201)
    assert "more than 100 masks" in read(correction(*[LINEAR] * 5000)).unrendered[0].why
    nested = LINEAR
    for _ in range(90):
        nested = {"What": "Mask/Aggregate", "Masks": [nested]}
    assert "nested deeper" in read(correction(nested)).unrendered[0].why
    assert time.process_time() - start < 2


words = st.one_of(st.text(max_size=8), st.integers(-3, 3).map(str), st.floats().map(str))
trees = st.recursive(
    words, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3))
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_stands_in_a_correction_is_read_or_refused_by_one_error(data):
    mask = data.draw(st.sampled_from([LINEAR, CIRCLE, SKY, luminance()]))
    spoilt = mask | {data.draw(st.sampled_from([*mask, "MaskValue", "MaskBlendMode", "Masks"])): data.draw(trees)}
    more = {
        data.draw(st.sampled_from(["LocalHue", "LocalTint", "CorrectionName", "CorrectionRangeMask"])): data.draw(trees)
    }
    with contextlib.suppress(InvalidDocument):
        read(correction(spoilt, **more))
