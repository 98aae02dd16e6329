"""Local adjustments as Camera Raw's groups of masks: what is written reads back, and a sidecar's own masks stay."""

import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import veraretouch as vr
from veraretouch.core.errors import InvalidRequest
from veraretouch.core.plan.local import AreaPart, LocalAdjustment
from veraretouch.ops.presets import read_preset, write_preset
from veraretouch.ops.presets.local_fields import LOCAL_FIELDS
from veraretouch.ops.presets.mask_frame import SensorFrame
from veraretouch.ops.presets.mask_writing import KEY, corrections_of
from veraretouch.ops.presets.masks import read_corrections
from veraretouch.ops.presets.sidecar import merge_sidecar

TOP = {"full_x": 0.5, "full_y": 0.0, "zero_x": 0.5, "zero_y": 0.4}


def plan_of(*local):
    from veraretouch.core.plan.addresses import read_adjustments

    return vr.Plan("param", {}, local=read_adjustments(list(local)))


def entry(name="top", area=({"id": "linear", "version": 1, "params": TOP},), ev=-0.5, **more):
    edits = {"exposure": {"version": 1, "params": {"ev": ev}}}
    return {"name": name, "area": list(area), "edits": edits} | more


def part(id, combine="add", invert=False, **params):
    return {"id": id, "version": 1, "params": params, "combine": combine, "invert": invert}


def share(low=0.0, high=1.0):
    return st.floats(low, high, allow_nan=False).map(lambda value: min(max(round(value, 7), low), high))


@st.composite
def shapes(draw):
    kind = draw(st.sampled_from(["linear", "ellipse", "luminance", "color"]))
    if kind == "linear":
        return kind, {name: draw(share(-1, 2)) for name in TOP}
    if kind == "ellipse":
        slots = {name: draw(share(-1, 2)) for name in ("x", "y")} | {"angle": draw(share(-179, 180))}
        return kind, slots | {name: draw(share(0, 1)) for name in ("radius_x", "radius_y", "feather")}
    if kind == "luminance":
        low, high = draw(share(0, 0.4)), draw(share(0.5, 1))
        widest = max(0.0, min(low or 1.0, (1 - high) or 1.0) - 0.011)
        return kind, {"low": low, "high": high, "feather": draw(share(0, widest))} if widest else {"low": 0, "high": 1}
    # Colours that sRGB has in every hue.
    return kind, {"lightness": draw(share(0.55, 0.65)), "chroma": draw(share(0.01, 0.08)), "hue": draw(share(0, 359)),
                  "radius": draw(share())}  # fmt: skip


@st.composite
def adjustments(draw):
    area = []
    for index in range(draw(st.integers(1, 3))):
        id, slots = draw(shapes())
        combine = draw(st.sampled_from(["add", "subtract", "intersect"])) if index else "add"
        area.append(part(id, combine, draw(st.booleans()), **slots))
    edits = {}
    for name in draw(st.lists(st.sampled_from(sorted(LOCAL_FIELDS)), min_size=1, max_size=5, unique=True)):
        field = LOCAL_FIELDS[name]
        if field.op in vr.registry.ops and not name.startswith("LocalToning"):
            slot = vr.registry.ops.load(field.op).slots[field.slot]
            low, high = max(slot.low, field.low * field.scale), min(slot.high, field.high * field.scale)
            version = vr.registry.ops.load(field.op).version
            edits.setdefault(field.op, {"version": version, "params": {}})["params"][field.slot] = draw(
                share(low, high)
            )
    return {"name": draw(st.text("abc é", min_size=1, max_size=9)).strip() or "a", "area": area, "edits": edits,
            "strength": draw(share(0.01, 1))}  # fmt: skip


def as_one(area):
    """Parts with what is taken away inverted as kept, and kept inverted as taken away; halves of a range are apart."""
    turned = {"subtract": "intersect", "intersect": "subtract"}
    for each in area:
        if each.combine != "add" and each.invert:
            each = AreaPart(each.id, each.params, each.version, turned[each.combine])
        yield each


def near(before, after):
    """Whether two adjustments are alike to 1e-6 in every value."""
    assert (before.name, before.edits.keys()) == (after.name, after.edits.keys())
    assert abs(before.strength - after.strength) < 1e-6
    for op, edit in before.edits.items():
        for slot, value in edit.params.items():
            assert abs(float(value) - float(after.edits[op].params[slot])) < 1e-6
    left, right = list(as_one(before.area)), list(as_one(after.area))
    assert [(p.id, p.combine, p.invert) for p in left] == [(p.id, p.combine, p.invert) for p in right]
    for one, two in zip(left, right, strict=True):
        for slot, value in one.params.items():
            if one.id == "luminance" and slot == "feather" and (one.params["low"], one.params["high"]) == (0, 1):
                continue  # a range of everything has no edge to fade
            apart = abs(float(value) - float(two.params[slot]))
            assert min(apart, abs(apart - 360)) < 1e-6 * (360 if slot in ("hue", "angle") else 1), (one.id, slot)


def moving(plan):
    """Its adjustments without edits that rest."""
    for each in plan.local:
        edits = {}
        for op, edit in each.edits.items():
            slots = vr.registry.ops.load(op).slots
            params = {slot: v for slot, v in edit.params.items() if float(v) != float(slots[slot].identity)}
            if params:
                edits[op] = vr.Edit(edit.version, params)
        if edits:
            yield LocalAdjustment(each.name, each.area, edits, each.strength)


FRAMES = st.builds(SensorFrame, st.sampled_from([1.5, 4 / 3, 2 / 3]), st.integers(1, 8))


@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(adjustments(), FRAMES)
def test_a_plan_comes_back_from_xmp_and_its_numbers_do_too(given_entry, frame):
    plan = plan_of(given_entry)
    written, beyond = corrections_of(plan, frame)
    assert beyond == []
    again = read_corrections({KEY: written}, frame=frame, source="s")
    assert again.unrendered == []
    expected = list(moving(plan))
    assert len(again.local) == len(expected)
    for before, after in zip(expected, again.local, strict=True):
        near(before, after)
    twice, _ = corrections_of(vr.Plan("param", {}, local=tuple(again.local)), frame)
    for one, two in zip(written, twice, strict=True):
        same(one, two)


def same(one, two):
    """Whether two corrections hold the same numbers, to the nine decimals that are written."""
    if isinstance(one, dict):
        assert one.keys() == two.keys()
        for key in one:
            same(one[key], two[key])
    elif isinstance(one, list):
        for left, right in zip(one, two, strict=True):
            same(left, right)
    elif one != two:
        for left, right in zip(one.split(), two.split(), strict=True):
            apart = abs(float(left) - float(right))
            assert min(apart, abs(apart - 360)) < 2e-6


def test_two_halves_of_a_range_are_one_range_again():
    corners = {"Type": "2", "LumRange": "0.2 0.3 0.6 0.9"}
    mask = {"What": "Mask/RangeMask", "CorrectionRangeMask": corners}
    found = read_corrections({KEY: [{"CorrectionMasks": [mask], "LocalTint": "0.5"}]}, frame=SensorFrame(), source="s")
    ((written,), beyond) = corrections_of(vr.Plan("param", {}, local=tuple(found.local)), SensorFrame())
    assert beyond == []
    (again,) = written["CorrectionMasks"]
    assert again["CorrectionRangeMask"]["LumRange"] == "0.2 0.3 0.6 0.9"


def test_a_preset_holds_the_masks_and_exiftool_reads_them(tmp_path):
    path = tmp_path / "a.xmp"
    area = [part("linear", **TOP), part("ellipse", "subtract", x=0.5, y=0.2, radius_x=0.1, radius_y=0.2, angle=30)]
    assert write_preset(plan_of(entry(area=area)), path) == []
    (again,) = read_preset(path).local
    assert [each.combine for each in again.area] == ["add", "subtract"]
    if shutil.which("exiftool") is None:
        pytest.skip("no exiftool")
    seen = subprocess.run(["exiftool", "-struct", "-j", path], capture_output=True, text=True, check=True).stdout
    assert '"CorrectionName": "top"' in seen
    assert '"LocalExposure2012": -0.125' in seen
    assert '"What": "Mask/CircularGradient"' in seen


@pytest.mark.parametrize(
    ("given_entry", "said"),
    [
        (entry(area=[]), "local adjustment 'top': it has no area"),
        (entry(area=[part("luminance", low=0.1, high=0.9, feather=0.9)]), "fades out beyond black or white"),
        (entry(area=[part("color", chroma=0.4)]), "lies outside sRGB"),
        (entry(area=[part("color", chroma=0.05, feather=0.1)]), "XMP cannot say its feather"),
        (entry(ev=5), "exposure.ev 5, of which 4 is most there, of local adjustment 'top'"),
        (entry(edits={"vibrance": {"version": 1, "params": {"amount": 0.3}}}), "vibrance.amount of local adjustment"),
    ],
)
def test_what_xmp_cannot_say_is_named_and_left_out_only_when_that_is_asked_for(given_entry, said, tmp_path):
    plan = plan_of(given_entry)
    with pytest.raises(InvalidRequest, match=said):
        write_preset(plan, tmp_path / "a.xmp")
    assert list(tmp_path.iterdir()) == []
    assert any(said in item for item in write_preset(plan, tmp_path / "a.xmp", partial=True))


def test_a_group_that_is_off_is_not_written():
    plan = vr.Plan("param", {}, local=plan_of(entry()).local, groups=("global_color",))
    assert corrections_of(plan, SensorFrame()) == ([], [])


FOREIGN = (
    '<rdf:li><rdf:Description crs:What="Correction" crs:CorrectionName="Eyes" crs:CorrectionSyncID="AB"'
    ' crs:LocalExposure2012="0.1"><crs:CorrectionMasks><rdf:Seq><rdf:li crs:What="Mask/Image" crs:MaskSubType="3"'
    ' crs:MaskSubCategoryID="3" crs:MaskDigest="C0FFEE"/></rdf:Seq></crs:CorrectionMasks></rdf:Description></rdf:li>'
)


@pytest.fixture
def sidecar(tmp_path):
    path = tmp_path / "IMG.xmp"
    path.write_text(
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"'
        ' xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="8" crs:Contrast2012="+5">'
        f"<crs:MaskGroupBasedCorrections><rdf:Seq>{FOREIGN}</rdf:Seq></crs:MaskGroupBasedCorrections>"
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    return path


def test_a_sidecars_own_masks_stay_and_ours_come_beside_them(sidecar):
    merge = merge_sidecar(plan_of(entry()), sidecar)
    assert merge.changes == ("MaskGroupBasedCorrections 'top'",)
    assert FOREIGN in sidecar.read_text()
    (ours,) = read_preset(sidecar).local
    assert {name: round(float(v), 9) for name, v in ours.area[0].params.items()} == TOP
    assert merge_sidecar(plan_of(entry()), sidecar).changes == ()


def test_our_own_mask_is_replaced_only_when_that_is_asked_for(sidecar):
    merge_sidecar(plan_of(entry(), entry("other")), sidecar)
    before = sidecar.read_bytes()
    with pytest.raises(InvalidRequest, match="MaskGroupBasedCorrections 'top' replaced"):
        merge_sidecar(plan_of(entry(ev=0.25)), sidecar)
    assert sidecar.read_bytes() == before
    merge = merge_sidecar(plan_of(entry(ev=0.25)), sidecar, overwrite=True, backup=True)
    assert merge.changes == ("MaskGroupBasedCorrections 'top' replaced",)
    assert merge.backup.read_bytes() == before
    assert {each.name: float(each.edits["exposure"].params["ev"]) for each in read_preset(sidecar).local} == {
        "top": 0.25, "other": -0.5,
    }  # fmt: skip
    assert FOREIGN in sidecar.read_text()


def test_a_plan_without_local_adjustments_leaves_masks_alone(sidecar):
    plan = vr.retouch(np.full((1, 1, 3), 0.4, np.float32), params={"exposure.ev": 0.5}).plan
    assert merge_sidecar(plan, sidecar).changes == ("Exposure2012 +0.50",)
    assert FOREIGN in sidecar.read_text()
