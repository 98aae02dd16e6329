"""The commands on photos, each option once, with a stranger's planner: what works for it works for everybody's."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from veraretouch import Photo, registry
from veraretouch.core.cli.shell import app
from veraretouch.core.photo import open_photo
from veraretouch.core.photo.output_sharpening import sharpened_for

PLUGINS = Path(__file__).parents[1] / "data" / "plugins"
BY_FAKE = ("--planner", "fake.brighten")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command in this process, in `tmp_path`, one photo at a time; return its exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(PLUGINS / "fake")
    registry.planners.refresh()

    def invoke(*arguments, code=0):
        jobs = ("--jobs", "1") if arguments[0] in ("auto", "style", "param", "render") else ()
        result = CliRunner().invoke(app, [*map(str, arguments), *jobs])
        assert result.exit_code == code, f"{result.output}\n{result.exception!r}"
        return result

    yield invoke
    registry.planners.refresh()
    sys.modules.pop("fake_planner", None)


def lightness(path):
    return float(open_photo(path).working().mean())


def test_auto_writes_beside_the_photo_and_tells_why(run, photos):
    before = photos[0].read_bytes()
    shown = run("auto", "a.jpg", *BY_FAKE).stdout
    assert shown.splitlines() == [
        "a.jpg -> retouched/a.jpg",
        "  lighting: mean 0.38 [red]x[/red]",
        "    exposure 0.24\\x1b[31m",
    ]
    assert photos[0].read_bytes() == before
    assert lightness("retouched/a.jpg") > lightness("a.jpg") + 0.01


def test_a_folder_is_told_of_line_by_line_and_reasoning_only_when_verbose(run, photos):
    shown = run("auto", ".", *BY_FAKE, "--out", "one")
    assert shown.stdout.splitlines() == ["a.jpg -> one/a.jpg", "b.jpg -> one/b.jpg"]
    assert "2 written in" in shown.stderr
    assert "lighting:" in run("auto", ".", *BY_FAKE, "--out", "two", "--verbose").stdout


def test_style_takes_the_words_first(run, photos):
    run("style", "Warm & bright", "a.jpg", "b.jpg", *BY_FAKE, "--name", "{index}_{stem}_{style}_{planner}.png")
    made = sorted(path.name for path in Path("retouched").glob("*.png"))
    assert made == ["1_a_warm-bright_fake-brighten.png", "2_b_warm-bright_fake-brighten.png"]
    assert "The words come first" in run("style", "a.jpg", "b.jpg", *BY_FAKE, code=2).stderr
    assert "it is empty" in run("style", " ", "b.jpg", *BY_FAKE, code=2).stderr


def test_param_takes_values_by_set_by_file_and_by_plan(run, photos):
    made = json.loads(run("plan", "a.jpg", *BY_FAKE, "--set", "exposure.ev=1.5").stdout)
    assert made["edits"]["exposure"]["params"] == {"ev": 1.5}
    assert made["mode"] == "param"
    Path("values.json").write_text('{"exposure.ev": 1.5}')
    by_file = json.loads(run("plan", "a.jpg", *BY_FAKE, "--params", "values.json").stdout)
    assert by_file["edits"] == made["edits"]
    run("param", "a.jpg", *BY_FAKE, "--set", "exposure.ev=1.5", "--out", "set.png", "--save-plan")
    run("param", "a.jpg", *BY_FAKE, "--params", "values.json", "--out", "file.png")
    assert Path("set.png").read_bytes() == Path("file.png").read_bytes()
    assert json.loads(Path("set.plan.json").read_text())["edits"] == made["edits"]
    run("param", "a.jpg", *BY_FAKE, "--plan", "set.plan.json", "--out", "plan.png")
    assert Path("plan.png").exists()
    assert "--set and --plan were given together" in run(
        "param", "a.jpg", *BY_FAKE, "--plan", "set.plan.json", "--set", "exposure.ev=1", code=2
    ).stderr.replace("\n", " ")
    assert "no values are given" in run("param", "a.jpg", *BY_FAKE, code=2).stderr


def test_plan_prints_json_and_nothing_else_and_render_renders_it(run, photos):
    shown = run(
        "plan", "a.jpg", *BY_FAKE, "--style", "bright", "--groups", "lighting", "--seed", "7", "--strength", "0.5"
    )
    plan = json.loads(shown.stdout)
    facts = {name: plan[name] for name in ("mode", "prompt", "groups", "seed", "strength")}
    assert facts == {"mode": "style", "prompt": "bright", "groups": ["lighting"], "seed": 7, "strength": 0.5}
    assert "a planner that prints" in shown.stderr
    Path("p.json").write_text(shown.stdout)
    run("render", "a.jpg", "--plan", "p.json", "--out", "rendered.png")
    run("style", "bright", "a.jpg", *BY_FAKE, "--groups", "lighting", "--strength", "0.5", "--out", "styled.png")
    assert np.array_equal(open_photo("rendered.png").pixels, open_photo("styled.png").pixels)
    run("render", "a.jpg", "--plan", "p.json", "--strength", "0", "--out", "same.png")
    assert np.array_equal(open_photo("same.png").pixels, open_photo("a.jpg").pixels)
    run("render", "a.jpg", "--plan", "p.json", "--groups", "lighting", "--seed", "3", "--name", "{style}_{planner}.png")
    assert Path("retouched/bright_fake-brighten.png").exists()
    assert "no group 'lihgting'" in run("render", "a.jpg", "--plan", "p.json", "--groups", "lihgting", code=1).stderr


def test_a_plan_that_breaks_a_rule_is_refused_before_work_starts(run, photos):
    Path("bad.json").write_text('{"schema": "veraretouch.plan/1", "mode": "auto", "edits": {"exposre": {}}}')
    told = run("render", ".", "--plan", "bad.json", code=1)
    assert told.stderr.startswith("Error: plan.edits")
    assert told.stdout == ""


def test_sizes_output_sharpening_preview_and_compare(run, photos):
    run("auto", "a.jpg", *BY_FAKE, "--out", "small.png", "--max-size", "80", "--compare")
    small, both = open_photo("small.png"), open_photo("small_compare.jpg")
    assert (small.width, small.height) == (80, 54)
    assert (both.width, both.height) == (80 + 2 + 80, 54)
    halves = np.split(np.delete(both.working(), [80, 81], axis=1), 2, axis=1)
    assert np.abs(halves[0] - open_photo("a.jpg").resized(80).working()).mean() < 0.02
    assert halves[1].mean() > halves[0].mean() + 0.01
    run("auto", "a.jpg", *BY_FAKE, "--out", "sharp.png", "--max-size", "80", "--output-sharpening", "matte-high")
    assert np.array_equal(open_photo("sharp.png").pixels, sharpened_for(small.pixels, "matte-high"))
    run("auto", "a.jpg", *BY_FAKE, "--out", "preview.png", "--preview", "64")
    assert open_photo("preview.png").width == 64


def test_quality_is_the_sources_at_least_92_or_as_asked_for(run, photos):
    run("auto", "a.jpg", *BY_FAKE)
    kept = open_photo("retouched/a.jpg")
    assert kept.quality is not None
    assert abs(kept.quality - 92) <= 1
    assert kept.subsampling == "4:4:4"
    run("auto", "a.jpg", *BY_FAKE, "--quality", "40", "--out", "low.jpg")
    assert Path("low.jpg").stat().st_size < Path("retouched/a.jpg").stat().st_size / 1.5
    assert "--quality" in run("auto", "a.jpg", *BY_FAKE, "--quality", "101", code=2).stderr


def test_color_space_and_metadata(run, tmp_path, photos):
    from PIL import Image

    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8825)[1] = "N"
    with Image.open("a.jpg") as image:
        image.save("meta.jpg", exif=exif)
    run("auto", "meta.jpg", *BY_FAKE, "--out", "p3.jpg", "--color-space", "p3")
    assert open_photo("p3.jpg").profile is not None
    run("auto", "meta.jpg", *BY_FAKE, "--out", "srgb.jpg", "--color-space", "srgb", "--strip", "gps")
    with Image.open("srgb.jpg") as image:
        assert image.getexif()[0x010F] == "Maker"
        assert not image.getexif().get_ifd(0x8825)
    run("auto", "meta.jpg", *BY_FAKE, "--out", "bare.jpg", "--strip", "all")
    with Image.open("bare.jpg") as image:
        assert 0x010F not in image.getexif()


def test_a_photo_larger_than_the_limit_is_refused_by_its_header(run, photos):
    told = run("auto", "a.jpg", *BY_FAKE, "--max-pixels", "1000", code=1).stderr
    assert "160x107" in told
    assert "--max-pixels" in told
    assert "--max-pixels" in run("auto", "a.jpg", *BY_FAKE, "--max-pixels", "1000", "--dry-run", code=1).stderr
    assert "1,000" in run("plan", "a.jpg", *BY_FAKE, "--max-pixels", "1000", code=1).stderr


def test_a_series_gets_the_plan_of_its_median_photo(run, photos):
    dark = open_photo("a.jpg")
    Photo(dark.pixels // 4).save("c.jpg")
    Path("bad.jpg").write_text("text")
    shown = run("auto", ".", *BY_FAKE, "--consistent", "--json", code=1)
    told = {line["input"]: line for line in map(json.loads, shown.stdout.splitlines())}
    plans = {name: line["plan"] for name, line in told.items() if name != "bad.jpg"}
    assert len(plans) == 3
    assert plans["b.jpg"] == plans["a.jpg"] == plans["c.jpg"]
    assert plans["a.jpg"] == json.loads(run("plan", "a.jpg", *BY_FAKE).stdout)
    assert "one plan for all, by a.jpg" in shown.stderr
    assert told["bad.jpg"]["error"]["kind"] == "UnreadablePhoto"


def test_a_dry_run_tells_and_writes_nothing(run, photos):
    Path("bad.jpg").write_text("text")
    shown = run("auto", ".", *BY_FAKE, "--dry-run", code=1)
    assert shown.stdout.splitlines() == [
        "a.jpg would be written: retouched/a.jpg",
        "b.jpg would be written: retouched/b.jpg",
    ]
    assert "bad.jpg" in shown.stderr
    assert "2 planned, 1 failed" in shown.stderr
    assert not Path("retouched").exists()


def test_existing_files_are_replaced_only_when_that_is_allowed(run, photos):
    Path("retouched").mkdir()
    Path("retouched/a.jpg").write_text("precious")
    told = run("auto", ".", *BY_FAKE, code=1)
    assert "'retouched/a.jpg' exists already" in told.stderr
    assert Path("retouched/a.jpg").read_text() == "precious"
    assert Path("retouched/b.jpg").exists()
    assert "exists already" in run("auto", "a.jpg", *BY_FAKE, "--resume", code=1).stderr
    run("auto", ".", *BY_FAKE, "--overwrite")
    assert lightness("retouched/a.jpg") > lightness("a.jpg")


def test_a_photo_is_replaced_only_by_its_own_name_and_leave(run, photos):
    before = photos[0].read_bytes()
    assert "over the input" in run("auto", "a.jpg", *BY_FAKE, "--out", "a.jpg", code=1).stderr
    assert "over the input" in run("auto", ".", *BY_FAKE, "--out", ".", "--overwrite", code=1).stderr
    assert photos[0].read_bytes() == before
    run("auto", "a.jpg", *BY_FAKE, "--out", "a.jpg", "--overwrite")
    assert photos[0].read_bytes() != before


def test_collisions_are_refused_before_work_starts(run, photos):
    shutil.copy("a.jpg", "C.nef")
    shutil.copy("a.jpg", "C.jpg")
    told = run("auto", ".", *BY_FAKE, code=1).stderr
    assert "would write one file" in told
    assert "--pairs" in told
    assert not Path("retouched").exists()
    shown = run("auto", ".", *BY_FAKE, "--pairs", "jpeg", "--dry-run").stdout
    assert [line.partition(" ")[0] for line in shown.splitlines()] == ["C.jpg", "a.jpg", "b.jpg"]


def test_resume_redoes_what_changed_and_leaves_the_rest(run, photos):
    run("auto", ".", *BY_FAKE)
    written = {path.name: path.stat().st_mtime_ns for path in Path("retouched").glob("*.jpg")}

    def statuses(*options):
        shown = run("auto", ".", *BY_FAKE, "--resume", "--json", *options).stdout
        return [json.loads(line)["status"] for line in shown.splitlines()]

    assert statuses() == ["unchanged", "unchanged"]
    assert {path.name: path.stat().st_mtime_ns for path in Path("retouched").glob("*.jpg")} == written
    shutil.copy("b.jpg", "a.jpg")  # another photo of the same name
    assert statuses() == ["written", "unchanged"]
    assert statuses("--quality", "50") == ["written", "written"]
    assert statuses("--quality", "50", "--strength", "0.5") == ["written", "written"]
    assert statuses("--quality", "50", "--strength", "0.5", "--dry-run") == ["unchanged", "unchanged"]
    Path("retouched/a.jpg").unlink()
    assert statuses("--quality", "50", "--strength", "0.5") == ["written", "unchanged"]
    assert statuses("--quality", "50", "--strength", "0.5", "--compare") == ["written", "written"]


def test_a_request_that_is_refused_is_told_once(run, photos):
    for arguments, problem in (
        (
            ("auto", ".", "--planner", "fake.brihten"),
            "no planner or bundle 'fake.brihten'. Did you mean 'fake.brighten'",
        ),
        (("auto", ".", *BY_FAKE, "--groups", "lihgting"), "no group 'lihgting'"),
        (("param", ".", *BY_FAKE, "--set", "exposure.ev=9"), "above the maximum 5"),
    ):
        told = run(*arguments, code=1)
        assert told.stderr.count(problem) == 1
        assert told.stdout == ""
    assert not Path("retouched").exists()


def test_a_planner_that_fails_is_named_and_the_others_go_on(run, photos):
    told = run("style", "raise", ".", *BY_FAKE, "--json", code=1)
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    assert [line["status"] for line in lines] == ["failed", "failed"]
    message = "planner 'fake.brighten' of fake-planner 1.2 failed: ZeroDivisionError: no [bold]light[/bold]"
    assert lines[0]["error"] == {"kind": "ZeroDivisionError", "message": message}
    assert "2 failed" in told.stderr


def test_recursion_keeps_the_structure_of_folders(run, photos):
    Path("deep/er").mkdir(parents=True)
    shutil.copy("a.jpg", "deep/er/d.jpg")
    shown = run("auto", ".", *BY_FAKE, "--recursive", "--out", "made", "--dry-run").stdout
    assert "deep/er/d.jpg would be written: made/deep/er/d.jpg" in shown.splitlines()


def test_a_picture_that_loses_its_alpha_is_told_of(run, photos):
    pixels = open_photo("a.jpg").pixels
    Photo(pixels, alpha=np.full(pixels.shape[:2], 128, dtype=np.uint8)).save("alpha.png")
    assert (
        "Warning: alpha.png: JPEG holds no transparency" in run("auto", "alpha.png", *BY_FAKE, "--out", "x.jpg").stderr
    )


def test_planners_are_listed_with_their_distribution(run):
    shown = run("planners").stdout
    assert "fake.brighten  fake-planner 1.2" in shown
    listed = {row["id"]: row for row in json.loads(run("planners", "--json").stdout)["planners"]}
    assert listed["fake.brighten"]["summary"] == "Brighten photos, by words or values if wished."
    assert listed["rules"]["distribution"] == "veraretouch"
