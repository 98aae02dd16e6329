"""Crop, angle and perspective of XMP: the geometry that others found in Lightroom's files, and the way there and
back.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import veraretouch as vr
from veraretouch.core.errors import InvalidDocument, InvalidRequest
from veraretouch.core.photo import as_photo
from veraretouch.core.photo.geometry.lens import LensCorrection
from veraretouch.core.plan.addresses import read_adjustments
from veraretouch.ops.presets import read_preset, write_preset
from veraretouch.ops.presets.crops.settings import read_crop, settings_of_crop
from veraretouch.ops.presets.mask_frame import SensorFrame
from veraretouch.ops.presets.sidecar import merge_sidecar

COLE = {"HasCrop": "True", "CropTop": "0.36916", "CropLeft": "0.374965", "CropBottom": "0.73084"} | {
    "CropRight": "0.925035",
    "CropAngle": "-10",
}
SENSORS = [SensorFrame(1.5, orientation) for orientation in range(1, 9)]


def sizes(sensor: SensorFrame) -> tuple[int, int]:
    return (6000, 4000) if sensor.orientation in (1, 2, 3, 4) else (4000, 6000)


def test_a_stored_crop_is_the_turned_rectangle_that_was_seen():
    """R. Cole: 0.4..0.9 by 0.3..0.8 of a photo of 3:2, turned by 10 on the slider, keeps its size and centre."""
    frame = read_crop(COLE, SensorFrame(1.5), "x")
    assert frame.angle == 10
    left, top, right, bottom = frame.crop
    assert (right - left, bottom - top) == pytest.approx((0.5, 0.5), abs=0.001)  # his photo is not quite 3:2
    placed = frame.placed(6000, 4000)
    width, height = placed.size
    assert (placed.matrix @ (width / 2, height / 2, 1))[:2] == pytest.approx((0.65 * 6000, 0.55 * 4000), abs=2)
    corner = (placed.matrix @ (0, 0, 1))[:2]
    assert corner == pytest.approx((0.374965 * 6000, 0.36916 * 4000), abs=2)


@pytest.mark.parametrize("sensor", SENSORS, ids=lambda sensor: f"orientation {sensor.orientation}")
@pytest.mark.parametrize(
    "frame",
    [
        vr.Framing(crop=(0.1, 0.2, 0.7, 0.95)),
        vr.Framing(crop=(0.3, 0.25, 0.72, 0.7), angle=-7.25),
        vr.Framing(perspective=vr.Perspective(vertical=-23, horizontal=4, rotate=1.5, scale=96, aspect=-12)),
        vr.Framing(crop=(0.3, 0.3, 0.6, 0.6), angle=3, perspective=vr.Perspective(vertical=-10)),
    ],
    ids=["crop", "angle", "perspective", "all"],
)
def test_what_is_written_is_read_back(frame, sensor):
    settings, beyond = settings_of_crop(frame, sensor)
    again = read_crop(settings, sensor, "x")
    assert beyond == []
    assert again.crop == pytest.approx(frame.crop, abs=2e-9)
    assert (again.angle, again.perspective) == (pytest.approx(frame.angle), frame.perspective)


@pytest.mark.parametrize("sensor", SENSORS, ids=lambda sensor: f"orientation {sensor.orientation}")
def test_a_crop_of_the_sensor_is_the_same_part_of_the_upright_photo(sensor):
    """Pixels of the sensor within the stored rectangle are those that the frame shows of the upright photo."""
    from veraretouch.core.photo.assemble import _turned

    stored = np.zeros((400, 600, 3), np.uint8)
    stored[120:360, 60:300] = (np.indices((240, 240)).sum(0) % 200 + 50)[..., None]
    settings = {"HasCrop": "True", "CropLeft": "0.1", "CropTop": "0.3", "CropRight": "0.5", "CropBottom": "0.9"}
    frame = read_crop(settings, sensor, "x")
    upright = vr.Photo(np.ascontiguousarray(_turned(stored, sensor.orientation)))
    assert np.array_equal(upright.framed(frame).pixels, _turned(stored[120:360, 60:300], sensor.orientation))


def test_an_angle_alone_is_written_with_the_crop_that_it_leaves():
    settings, _ = settings_of_crop(vr.Framing(angle=5), SensorFrame(1.5))
    again = read_crop(settings, SensorFrame(1.5), "x")
    assert again.placed(6000, 4000).size == pytest.approx(vr.Framing(angle=5).placed(6000, 4000).size, abs=2)
    assert settings["CropAngle"] == "-5"


def test_a_crop_that_was_taken_back_counts_for_nothing():
    assert read_crop({**COLE, "HasCrop": "False"}, SensorFrame(), "x") is None
    assert read_crop({"HasCrop": "True", "CropAngle": "0"}, SensorFrame(), "x") is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"CropLeft": "x"}, "x: crs:CropLeft: 'x' is not a number"),
        ({"CropRight": "9"}, "9 lies outside -1 to 2"),
        ({"CropAngle": "50"}, "50 lies outside -45 to 45"),
        ({"CropLeft": "0.9", "CropRight": "0.2"}, "the crop has no area"),
        ({"PerspectiveScale": "10"}, "10 lies outside 50 to 150"),
    ],
)
def test_a_malformed_crop_is_refused(wrong, said):
    with pytest.raises(InvalidDocument, match=said):
        read_crop({**COLE, "CropAngle": "0", **wrong}, SensorFrame(), "x")


def test_a_flip_is_what_xmp_cannot_say(tmp_path):
    plan = vr.Plan(frame=vr.Framing(crop=(0.1, 0.1, 0.9, 0.9), flip="horizontal"))
    with pytest.raises(InvalidRequest, match="cannot say what this plan holds: the frame's flip, horizontal"):
        write_preset(plan, tmp_path / "a.xmp")
    assert write_preset(plan, tmp_path / "a.xmp", partial=True) == ["the frame's flip, horizontal"]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_of_quarter_turns_xmp_keeps_the_part_that_is_seen(tmp_path, count):
    seen = vr.Framing(crop=(0.1, 0.3, 0.6, 0.9), angle=6, perspective=vr.Perspective(vertical=-15, aspect=10))
    frame = replace(seen, quarter_turns=count)
    said = write_preset(vr.Plan(frame=frame), tmp_path / "a.xmp", partial=True)
    assert said == [f"the frame's quarter turns, {count}"]
    kept = read_preset(tmp_path / "a.xmp").frame
    photo = as_photo(np.add.outer(np.arange(200), np.arange(300))[..., None].repeat(3, -1).astype(np.uint8) // 2)
    turned = np.rot90(photo.framed(kept).pixels, -count)
    wanted = photo.framed(frame).pixels
    assert np.abs(np.subtract(turned.shape, wanted.shape)).max() <= 1
    both = tuple(slice(0, min(sides)) for sides in zip(turned.shape, wanted.shape, strict=True))
    assert np.abs(turned[both].astype(int) - wanted[both]).mean() < 1.5


def test_a_plan_with_a_frame_and_masks_goes_to_a_sidecar_and_back(tmp_path):
    """Masks are placed in the whole photo there, and in what the frame shows here."""
    path = tmp_path / "IMG.xmp"
    path.write_text(
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:ImageWidth="6000"'
        ' tiff:ImageLength="4000" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
    )
    local = read_adjustments(
        {
            "linear: from top to 0.4": {"exposure.ev": -0.5},
            "ellipse: x=0.4 y=0.6 radius_x=0.2 radius_y=0.1 angle=20": {"exposure.ev": 0.5},
        }
    )
    frame = vr.Framing(crop=(0.2, 0.25, 0.8, 0.7), angle=4)
    merge_sidecar(vr.Plan("param", frame=frame, local=local), path)
    preset = read_preset(path)
    assert preset.frame.crop == pytest.approx(frame.crop, abs=1e-8)
    assert preset.frame.angle == 4
    again = preset.plan(framed=True)
    for before, after in zip(local, again.local, strict=True):
        for name, value in before.area[0].params.items():
            assert float(after.area[0].params[name]) == pytest.approx(float(value), abs=1e-5)
    assert again.frame == preset.frame
    assert preset.plan().frame is None
    apart = float(preset.local[0].area[0].params["zero_y"]) - float(local[0].area[0].params["zero_y"])
    assert abs(apart) > 0.02  # in the whole photo the gradient lies elsewhere


def test_masks_have_no_equivalent_in_perspective(tmp_path):
    path = tmp_path / "p.xmp"
    write_preset(vr.Plan("param", local=read_adjustments({"linear: from top to 0.4": {"exposure.ev": -0.5}})), path)
    text = path.read_text().replace('crs:HasSettings="True"', 'crs:HasSettings="True" crs:PerspectiveVertical="-20"')
    path.write_text(text)
    preset = read_preset(path)
    assert preset.frame == vr.Framing(perspective=vr.Perspective(vertical=-20))
    assert len(preset.local) == 1
    with pytest.raises(InvalidRequest, match=r"'linear.*' of preset 'p' has no equivalent within its frame"):
        preset.plan(framed=True)
    with pytest.raises(InvalidRequest, match="lies elsewhere in the frame"):
        write_preset(vr.Plan("param", frame=preset.frame, local=preset.local), tmp_path / "q.xmp")


@pytest.mark.parametrize(
    ("settings", "lens"),
    [
        ({"LensProfileEnable": "1", "AutoLateralCA": "1"}, LensCorrection()),
        ({"LensProfileEnable": "1"}, LensCorrection(chromatic_aberration=0)),
        ({"LensProfileEnable": "0", "AutoLateralCA": "1"}, LensCorrection(distortion=0, vignetting=0)),
        (
            {"LensProfileEnable": "1", "LensProfileDistortionScale": "80", "LensProfileVignettingScale": "120"},
            LensCorrection(distortion=80, vignetting=120, chromatic_aberration=0),
        ),
        ({"LensProfileEnable": "0", "LensProfileDistortionScale": "80"}, None),
    ],
)
def test_a_lens_correction_is_read_and_written(settings, lens):
    frame = read_crop(settings, SENSORS[0], "x")
    assert frame == (None if lens is None else vr.Framing(lens=lens))
    if lens is not None:
        written, beyond = settings_of_crop(frame, SENSORS[0])
        assert (read_crop(written, SENSORS[0], "x"), beyond) == (frame, [])


def test_what_xmp_cannot_say_of_a_lens_is_told():
    frame = vr.Framing(lens=LensCorrection("Some 50mm", chromatic_aberration=50))
    assert settings_of_crop(frame, SENSORS[0])[1] == [
        "the frame's lens, Some 50mm",
        "the frame's correction of chromatic aberration by 50 %",
    ]


def test_a_lens_field_out_of_range_is_refused():
    with pytest.raises(InvalidDocument, match="crs:LensProfileEnable"):
        read_crop({"LensProfileEnable": "2"}, SENSORS[0], "x")
