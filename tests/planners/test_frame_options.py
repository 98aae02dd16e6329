"""`--frame` and `--level` on the command line: sizes, metadata, series, resuming, photos in their own place."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import veraretouch as vr
from veraretouch.ops.presets import write_preset

FRAME = "crop: 0.1 0 0.9 1; angle: 2"


def size_of(path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def pixels_of(path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.fixture
def photo(tmp_path):
    """A photo with what a crop makes untrue: an orientation, sizes, a thumbnail, an earlier crop, a face's place."""
    path = tmp_path / "photo.jpg"
    y, x = np.mgrid[0:120, 0:180]
    pixels = np.stack([x, 2 * y, 255 - x], -1).astype(np.uint8)
    image = Image.fromarray(pixels)
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769).update({0xA002: 180, 0xA003: 120, 0x9214: (90, 60, 20, 20), 0x9003: "2024:01:02 03:04:05"})
    crs, regions = (
        "http://ns.adobe.com/camera-raw-settings/1.0/",
        "http://www.metadataworkinggroup.com/schemas/regions/",
    )
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" xmlns:crs="{crs}" xmlns:r="{regions}" crs:HasCrop="True" crs:CropTop="0.1"'
        ' crs:Exposure2012="+0.50" crs:PerspectiveVertical="-5"><r:Regions>face</r:Regions></rdf:Description>'
        "</rdf:RDF></x:xmpmeta>"
    )
    image.save(path, exif=exif, xmp=xmp.encode(), quality=95)
    return path


def test_every_command_on_photos_takes_a_frame_and_writes_what_is_true_of_the_picture(cli, photo, tmp_path):
    out = tmp_path / "out.jpg"
    cli("param", photo, "--set", "exposure.ev=0.2", "--frame", FRAME, "--out", out, "--save-plan", "--compare")
    plan = vr.Plan.load(tmp_path / "out.plan.json")
    assert plan.frame == vr.Framing(crop=(0.1, 0, 0.9, 1), angle=2)
    expected = plan.frame.placed(120, 180).size  # upright: the tag turns it
    with Image.open(out) as image:
        assert image.size == expected
        tags = image.getexif()
        assert tags[0x0112] == 1
        photo_tags = tags.get_ifd(0x8769)
        assert (photo_tags[0xA002], photo_tags[0xA003]) == expected
        assert 0x9214 not in photo_tags
        assert photo_tags[0x9003] == "2024:01:02 03:04:05"
        packet = image.info["xmp"]
    assert b"HasCrop" not in packet
    assert b"CropTop" not in packet
    assert b"PerspectiveVertical" not in packet
    assert b"Regions" not in packet
    assert b"Exposure2012" in packet
    with Image.open(tmp_path / "out_compare.jpg") as both:
        assert both.height == expected[1]

    again = tmp_path / "again.jpg"
    cli("render", photo, "--plan", tmp_path / "out.plan.json", "--out", again)
    assert np.array_equal(pixels_of(again), pixels_of(out))
    cli("render", photo, "--plan", tmp_path / "out.plan.json", "--frame", "{}", "--out", again, "--overwrite")
    assert size_of(again) == (120, 180)
    for command in (("auto", photo), ("style", "warmer", photo)):
        cli(*command, "--planner", "rules", "--frame", "crop: 0 0 0.5 1", "--out", again, "--overwrite")
        assert size_of(again) == (60, 180)


def test_sizes_are_those_of_the_framed_photo_and_resume_knows_the_frame(cli, photo, tmp_path):
    words = ("param", photo, "--set", "exposure.ev=0.2", "--out", tmp_path / "made", "--resume", "--json")
    assert json.loads(cli(*words, "--frame", "crop: 0 0 1 0.5", "--max-size", "60").stdout)["status"] == "written"
    assert size_of(tmp_path / "made" / "photo.jpg") == (60, 45)
    assert json.loads(cli(*words, "--frame", "crop: 0 0 1 0.5", "--max-size", "60").stdout)["status"] == "unchanged"
    assert json.loads(cli(*words, "--frame", "crop: 0 0 1 0.4", "--max-size", "60").stdout)["status"] == "written"
    cli(*words, "--frame", "crop: 0 0 1 0.5", "--preview", "30")
    assert size_of(tmp_path / "made" / "photo.jpg") in {(30, 22), (30, 23)}


def test_a_photo_in_its_own_place_is_cropped_only_if_it_may_lose_something(cli, photo):
    words = ("param", photo, "--set", "exposure.ev=0.2", "--out", photo, "--overwrite")
    before = photo.read_bytes()
    for more in ((), ("--dry-run",)):
        told = cli(*words, "--frame", "crop: 0 0 0.5 1", *more, code=1)
        assert "would be replaced by less than it holds: its frame leaves some of it out" in told.stderr
    assert photo.read_bytes() == before
    cli(*words, "--frame", "flip: horizontal")
    assert size_of(photo) == (120, 180)
    cli(*words, "--frame", "crop: 0 0 0.5 1", "--lossy")
    assert size_of(photo) == (60, 180)


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--frame", "angle: 60"), 1, "frame.angle is 60.0. Give a number from -45 to 45."),
        (("--frame", "turn: 3"), 1, "frame: there is no 'turn'."),
        (("--frame", "preset"), 2, "'preset' is the frame of a --preset, and none is given"),
    ],
)
def test_a_slip_is_said_before_any_photo_is_opened(cli, tmp_path, options, code, message):
    done = cli("param", tmp_path / "absent.png", "--set", "exposure.ev=1", *options, code=code)
    assert message in " ".join(done.stderr.split())


def test_the_frame_of_a_preset_is_taken_only_when_it_is_asked_for(cli, photo, tmp_path):
    preset, out = tmp_path / "crop.xmp", tmp_path / "out.png"
    edits = vr.retouch(np.zeros((1, 1, 3), np.uint8), params={"exposure.ev": 0.5}).plan.edits
    write_preset(vr.Plan("param", edits=edits, frame="crop: 0.25 0 0.75 0.5"), preset)
    told = cli("param", photo, "--preset", preset, "--out", out)
    assert "its frame is that of another photo: take it by --frame preset" in " ".join(told.stderr.split())
    assert size_of(out) == (120, 180)
    cli("param", photo, "--preset", preset, "--frame", "preset", "--out", out, "--overwrite")
    assert size_of(out) == (60, 90)


def test_tables_are_written_without_the_frame_and_presets_with_it(cli, tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text(vr.Plan("param", frame="crop: 0.1 0.2 0.9 0.8").json())
    told = cli("export", "cube", plan, tmp_path / "a.cube")
    assert "the plan's frame (crop: 0.1 0.2 0.9 0.8) is not in it" in " ".join(told.stderr.split())
    cli("export", "xmp", plan, tmp_path / "a.xmp")
    assert vr.read_preset(tmp_path / "a.xmp").frame == vr.Framing(crop=(0.1, 0.2, 0.9, 0.8))


def test_a_series_levels_each_photo_by_itself(cli, tmp_path):
    """One plan for all, and horizons of their own: here none is seen, which each plan says."""
    for name in ("a", "b"):
        Image.fromarray(np.full((60, 90, 3), 120, np.uint8)).save(tmp_path / f"{name}.png")
    words = ("--planner", "rules", "--consistent", "--level", "--out", tmp_path / "out", "--json")
    lines = cli("auto", tmp_path / "a.png", tmp_path / "b.png", *words).stdout.splitlines()
    for line in lines:
        plan = json.loads(line)["plan"]
        assert plan["reasoning"]["frame"]["problem"] == "No clear horizon was seen."
        assert "frame" not in plan
