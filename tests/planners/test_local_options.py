"""`--in` and `--set` on the command line: what follows an area is local to it."""

import json

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(np.full((40, 60, 3), 120, np.uint8)).save(path)
    return path


def test_set_after_in_is_local_and_before_it_global(cli, photo, tmp_path):
    out = tmp_path / "out.png"
    top = ("--in", "linear: from top to 0.5", "--set", "exposure.ev=-1", "--set=contrast.amount=0.1")
    low = ("--in=linear: from bottom to 0.2", "--set", "saturation.amount=0.2")
    cli("param", photo, "--set", "exposure.ev=0.5", *top, *low, "--out", out, "--save-plan")
    plan = json.loads((tmp_path / "out.plan.json").read_text())
    assert plan["schema"] == "veraretouch.plan/2"
    assert plan["edits"]["exposure"]["params"] == {"ev": 0.5}
    assert [list(entry["edits"]) for entry in plan["local"]] == [["exposure", "contrast"], ["saturation"]]
    pixels = np.asarray(Image.open(out)).astype(int)
    assert pixels[0].max() < 120 < pixels[-1].min()


def test_local_values_alone_and_plans_rendered_again(cli, photo, tmp_path):
    out, again = tmp_path / "out.png", tmp_path / "again.png"
    cli("param", photo, "--in", "ellipse", "--set", "exposure.ev=1", "--out", out, "--save-plan")
    for command in ("render", "param"):
        cli(command, photo, "--plan", tmp_path / "out.plan.json", "--out", again, "--overwrite")
        assert np.array_equal(np.asarray(Image.open(out)), np.asarray(Image.open(again)))
    printed = json.loads(cli("plan", photo, "--in", "ellipse", "--set", "exposure.ev=1").stdout)
    assert printed["local"][0]["name"] == "ellipse"


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--in", "ellipse"), 2, "'ellipse' has no values. Put --set OP.SLOT=VALUE after it"),
        (("--in", "elipse", "--set", "exposure.ev=1"), 1, "Did you mean 'ellipse'?"),
        (
            ("--in", "ellipse", "--set", "exposure.ev=1", "--in", "ellipse", "--set", "exposure.ev=1"),
            2,
            "'ellipse' was given twice",
        ),
        (("--in", "ellipse", "--set", "exposure.ev=9"), 1, "exposure.ev: 9.0 is above the maximum 5"),
    ],
)
def test_a_slip_is_said_before_any_photo_is_opened(cli, tmp_path, options, code, message):
    done = cli("param", tmp_path / "absent.png", *options, code=code)
    assert message in " ".join(done.stderr.split())


def test_tables_and_presets_for_others_refuse_local_edits_by_name(cli, photo, tmp_path):
    plan = tmp_path / "plan.json"
    plan.write_text(cli("plan", photo, "--in", "ellipse", "--set", "exposure.ev=1").stdout)
    for kind, file in (("cube", "x.cube"), ("hald", "x.png"), ("cdl", "x.cdl")):
        done = cli("export", kind, plan, tmp_path / file, code=1)
        assert "'ellipse'" in done.stderr, kind
        assert not (tmp_path / file).exists()
