"""Presets, CDL files, tables, style packs and combined plans through the real command line."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import veraretouch as vr
from veraretouch.core.errors import InvalidDocument, InvalidRequest
from veraretouch.core.lut.cdl_files import ColorDecision, read_decision, write_decision
from veraretouch.ops.presets.pack import StylePack
from veraretouch.planners.combining import app
from veraretouch.planners.styles import plan_by_name

PRESETS = Path(__file__).parents[1] / "data" / "presets"
GRADE = ColorDecision((1.1, 1.0, 0.9), (0.02, 0.0, -0.02), (1.0, 1.1, 1.2), 0.8, "shot1")


def test_a_decision_list_goes_in_and_out(cli, photos, tmp_path):
    write_decision(GRADE, tmp_path / "grade.ccc")
    cli("param", "a.jpg", "--cdl", "grade.ccc#shot1", "--save-plan", "--out", "a.png")
    (plan,) = tmp_path.glob("*.plan.json")
    with Image.open(tmp_path / "a.png") as picture:
        assert np.array_equal(
            np.asarray(picture), np.asarray(vr.retouch(Image.open(tmp_path / "a.jpg"), params=GRADE.params).image)
        )
    cli("export", "cdl", plan, "again.cc")
    again = read_decision(tmp_path / "again.cc")
    assert again.slope + again.offset + again.power == pytest.approx(GRADE.slope + GRADE.offset + GRADE.power)
    assert again.saturation == pytest.approx(GRADE.saturation)
    with pytest.raises(InvalidRequest, match="exists already"):
        write_decision(again, tmp_path / "again.cc")


@pytest.mark.slow
def test_a_prompt_calls_a_preset_of_a_folder_by_name(cli, photos, tmp_path):
    told = cli("style", "mecabify but brighter", "a.jpg", "--styles", PRESETS, "--save-plan", "--out", "a.png")
    assert "Clarity2012" not in told.stderr
    (path,) = tmp_path.glob("*.plan.json")
    plan = vr.Plan.load(path)
    own = vr.read_preset(PRESETS / "mecabify.xmp").values
    assert float(plan.edits["vibrance"].params["amount"]) == pytest.approx(float(own["vibrance"]["amount"]))
    assert float(plan.edits["clarity"].params["amount"]) == pytest.approx(-0.18)
    assert float(plan.edits["exposure"].params["ev"]) > 0
    assert "exposure" not in own
    assert plan.reasoning["preset"]["problem"] == "Asked for the preset mecabify."


def test_plans_and_presets_are_combined(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(PRESETS / "mecabify.xmp", tmp_path)
    vr.Plan(edits={"vibrance": vr.Edit(1, {"amount": np.array(0.8)})}).save("vivid.json")
    own = float(vr.read_preset("mecabify.xmp").values["vibrance"]["amount"])
    printed = cli("combine", "blend", "mecabify.xmp", "vivid.json", "--weight", "0.25", anew=True).stdout
    assert amount(json.loads(printed)) == pytest.approx(0.75 * own + 0.2)
    assert combine("difference", "mecabify.xmp", "vivid.json", "--out", "more.json") == "more.json\n"
    assert amount(json.loads(combine("sum", "mecabify.xmp", "more.json"))) == pytest.approx(0.8)
    average = combine("average", "vivid.json", "mecabify.xmp", "--weights", "3,1")
    assert amount(json.loads(average)) == pytest.approx(0.75 * 0.8 + 0.25 * own)


def combine(*arguments):
    """What the command prints, in this process."""
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def amount(document):
    return document["edits"]["vibrance"]["params"]["amount"]


def test_weights_that_are_no_numbers_are_refused():
    told = CliRunner().invoke(app, ["average", "a.json", "--weights", "2,x"])
    assert told.exit_code == 2
    assert "not numbers such as" in told.output


@pytest.mark.slow
def test_a_table_with_a_shaper_goes_in(cli, photos, tmp_path):
    rows = "\n".join(f"{r} {g} {b}" for b in (0, 1) for g in (0, 1) for r in (0, 1))
    (tmp_path / "log.cube").write_text(f"LUT_1D_SIZE 3\nLUT_3D_SIZE 2\n0 0 0\n0.75 0.75 0.75\n1 1 1\n{rows}\n")
    cli("param", "a.jpg", "--lut", "log.cube", "--engine", "exact", "--out", "a.png")
    with Image.open(tmp_path / "a.jpg") as before, Image.open(tmp_path / "a.png") as after:
        wanted = np.interp(np.asarray(before) / 255, [0, 0.5, 1], [0, 0.75, 1]) * 255
        assert np.abs(np.asarray(after) - wanted).max() <= 0.51


def test_the_longest_name_in_a_prompt_is_the_one_that_counts():
    pack = StylePack.of(PRESETS)
    preset, rest = pack.choose("Mecabify Portrait, a little warmer")
    assert preset.name == "mecabify-portrait"
    assert rest == ", a little warmer"
    assert pack.choose("something else") is None


def test_a_prompt_that_names_no_preset_says_so(capsys):
    assert plan_by_name("moody", PRESETS) is None
    assert "no preset of" in capsys.readouterr().err


def test_a_folder_without_presets_and_two_of_one_name_are_refused(tmp_path):
    with pytest.raises(InvalidRequest, match="holds no preset"):
        StylePack.of(tmp_path)
    for name in ("a", "b"):
        shutil.copy(PRESETS / "mecabify.xmp", tmp_path / f"{name}.xmp")
    with pytest.raises(InvalidRequest, match=r"a\.xmp and b\.xmp are both named"):
        StylePack.of(tmp_path)


def with_slope(slope):
    """A correction that is right but for its slope."""
    return (
        f"<ColorCorrection id='a'><SOPNode><Slope>{slope}</Slope><Offset>0 0 0</Offset><Power>1 1"
        " 1</Power></SOPNode></ColorCorrection>"
    )


BROKEN = {
    "nothing": ("", "holds no colour correction"),
    "binary": (bytes(range(256)) * 40, "holds no colour correction"),
    "another XML": ("<svg/>", "holds no colour correction"),
    "an entity": ('<!DOCTYPE x [<!ENTITY a "1">]>' + with_slope("&a; 1 1"), "document type"),
    "an outside entity": ('<!DOCTYPE x SYSTEM "http://127.0.0.1/x">' + with_slope("1 1 1"), "document type"),
    "text for numbers": (with_slope("a 1 1"), "'a' is not a number"),
    "NaN": (with_slope("nan 1 1"), "'nan' is not a number"),
    "infinity": (with_slope("1e999 1 1"), "'1e999' is not a number"),
    "an underscore": (with_slope("1_0 1 1"), "'1_0' is not a number"),
    "full-width digits": (with_slope("１ 1 1"), "'１' is not a number"),
    "two numbers": (with_slope("1 1"), "holds no colour correction"),
    "a slope below 0": (with_slope("-1 1 1"), "holds no colour correction"),
    "cut off": (with_slope("1 1 1")[:60], "holds no colour correction"),
    "50 MB": ("<ColorCorrection>" + " " * 50_000_000, "more than 4,194,304 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_malformed_decision_list_is_refused_in_one_line(case, tmp_path):
    data, said = BROKEN[case]
    (tmp_path / "a.cc").write_bytes(data if isinstance(data, bytes) else data.encode())
    with pytest.raises(InvalidDocument, match=said) as caught:
        read_decision(tmp_path / "a.cc")
    assert "\n" not in str(caught.value)


def test_a_file_that_was_changed_is_read_anew(tmp_path):
    path = tmp_path / "a.cc"
    for slope in ("1 1 1", "2 1 1"):
        path.write_text(with_slope(slope))
        assert read_decision(path).slope == tuple(map(float, slope.split()))


def test_a_correction_that_is_not_there_is_named(tmp_path):
    write_decision(GRADE, tmp_path / "a.ccc")
    with pytest.raises(InvalidRequest, match=r"no correction 'shot2'.*It has: shot1"):
        read_decision(tmp_path / "a.ccc", id="shot2")
    with pytest.raises(InvalidDocument, match="cannot be read"):
        read_decision(tmp_path / "none.cc")
