"""Plans from stdin, plan values that groups leave out, and exact values for ops with weights."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from bundles import Weighted, bundle_files, lay
from typer.testing import CliRunner

import veraretouch as vr
from veraretouch import Op, Slot, Stage
from veraretouch.core.cli.shell import app
from veraretouch.core.errors import InvalidRequest
from veraretouch.planners.params import plan_with_assets

COMMAND = str(Path(sys.executable).with_name("veraretouch"))


class Glow(Op):
    """Add a glow that a network has learnt."""

    id, version, stage, pointwise = "acme.glow", 1, Stage.TONE, True
    amount = Slot(0.0, low=0.0, high=1.0, group="effects", doc="How much.")

    def apply(self, rgb, p):
        return rgb + 0.1 * p.amount

    @classmethod
    def from_bundle(cls, bundle, *, device, dtype):
        return cls()


@pytest.fixture
def glow(veraretouch_registry):
    veraretouch_registry.ops.add(Glow)
    return veraretouch_registry


def test_a_plan_without_groups_has_every_group_of_its_edits(glow):
    document = {
        "schema": "veraretouch.plan/1",
        "mode": "param",
        "edits": {"acme.glow": {"version": 1, "params": {"amount": 0.5}}},
    }
    plan = vr.Plan.load(document)
    assert plan.groups == ("lighting", "global_color", "specific_color", "effects")
    latents = plan.latents()
    assert bool(latents.present["acme.glow"][0])
    assert float(latents.values["acme.glow"]["amount"]) == 0.5
    assert not bool(vr.Plan.load(document | {"groups": ["lighting"]}).latents().present["acme.glow"][0])


def test_a_value_that_groups_leave_out_is_named(glow):
    plan = vr.Plan.load(
        {
            "schema": "veraretouch.plan/1",
            "mode": "param",
            "edits": {
                "acme.glow": {"version": 1, "params": {"amount": 0.5}},
                "exposure": {"version": 1, "params": {"ev": 0.5}},
            },
        }
    )
    with pytest.warns(UserWarning, match=r"groups lighting leave out values of the plan: acme\.glow\.amount"):
        assert plan.only({"lighting"}).groups == ("lighting",)


def test_values_of_an_op_with_weights_name_their_bundle_wherever_the_plan_goes(glow, tmp_path, monkeypatch):
    glow.planners.add(Weighted)
    lay(tmp_path / "look", bundle_files())
    monkeypatch.chdir(tmp_path)
    plan = plan_with_assets({"acme.glow.amount": 0.5, "exposure.ev": 0.1}, ["acme.glow=./look"])
    asset = plan.edits["acme.glow"].asset
    assert asset["bundle"] == str(tmp_path / "look")
    assert len(asset["sha256"]) == 64
    assert plan.edits["exposure"].asset is None
    monkeypatch.chdir("/")
    assert vr.Renderer().render(np.full((2, 2, 3), 0.5, np.float32), plan).max() > 0.53


@pytest.mark.parametrize(
    ("asset", "said"),
    [
        ("acme.glow", "is not OP=BUNDLE"),
        ("acme.glow=", "is not OP=BUNDLE"),
        ("contrast=look", "no value is set for op 'contrast'"),
        ("exposure=look", "op 'exposure' has no weights"),
    ],
)
def test_each_mistake_with_weights_has_its_own_error(glow, asset, said):
    with pytest.raises(InvalidRequest, match=said):
        plan_with_assets({"acme.glow.amount": 0.5, "exposure.ev": 0.1}, [asset])


def test_a_plan_is_read_from_stdin(veraretouch, photos, tmp_path):
    text = vr.Plan.load('{"schema": "veraretouch.plan/1", "mode": "auto", "edits": {}}').json()
    words = ["render", "a.jpg", "--plan", "-", "--out", "out.jpg"]
    done = veraretouch(*words, input=text)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.jpg").is_file()
    done = veraretouch(*words, input="{")
    assert done.returncode == 1
    assert "not JSON" in done.stderr


def test_exact_values_that_groups_leave_out_are_named(photos, veraretouch):
    done = veraretouch(
        "param", "a.jpg", "--set", "exposure.ev=0.4", "--set", "vibrance.amount=0.3", "--groups", "lighting"
    )
    assert done.returncode == 0, done.stderr
    assert "Warning: a.jpg: groups lighting leave out values of the request: vibrance.amount" in done.stderr
    done = veraretouch("param", "a.jpg", "--set", "exposure.ev=0.4", "--groups", "lighting", "--overwrite")
    assert done.stderr == ""


@pytest.mark.parametrize("planner", ["rules", "tiny"])
def test_exact_values_that_groups_leave_out_are_named_in_python(planner):
    photo = np.full((8, 8, 3), 0.4, np.float32)
    with pytest.warns(UserWarning, match=r"groups lighting leave out values of the request: hsl\.hue"):
        vr.zoo.load(planner).plan(photo, params={"hsl.hue": [0.1] * 8, "exposure.ev": 0.2}, groups={"lighting"})


def test_plans_are_exported_and_combined_from_stdin(veraretouch, tmp_path):
    document = {"schema": "veraretouch.plan/1", "mode": "param"}
    light, vivid = (
        vr.Plan.load(document | {"edits": {op: {"version": 1, "params": {slot: 0.5}}}}).json()
        for op, slot in (("exposure", "ev"), ("vibrance", "amount"))
    )
    (tmp_path / "vivid.json").write_text(vivid)
    done = veraretouch("export", "cube", "-", "look.cube", "--size", "9", input=light)
    assert done.returncode == 0, done.stderr
    assert "LUT_3D_SIZE 9" in (tmp_path / "look.cube").read_text()
    done = veraretouch("combine", "sum", "-", "vivid.json", input=light)
    assert set(json.loads(done.stdout)["edits"]) == {"exposure", "vibrance"}
    done = veraretouch("combine", "sum", "-", "-", input=light)
    assert done.returncode == 2
    assert "stdin holds one" in " ".join(done.stderr.split())
    done = veraretouch("export", "xmp", "-", input=light)
    assert done.returncode == 2
    assert "name the file" in " ".join(done.stderr.split())
    assert veraretouch("export", "xmp", "-", "look.xmp", input=light).returncode == 0


def test_the_plan_of_an_op_with_weights_is_printed(glow, photos, tmp_path, monkeypatch):
    glow.planners.add(Weighted)
    lay(tmp_path / "look", bundle_files())
    monkeypatch.chdir(tmp_path)
    words = ["plan", "a.jpg", "--set", "acme.glow.amount=0.5", "--asset", "acme.glow=./look"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["edits"]["acme.glow"]["asset"]["bundle"] == str(tmp_path / "look")
    for wrong in (words[:2] + words[4:], [*words, "--style", "warm"]):
        assert CliRunner().invoke(app, wrong).exit_code == 2


@pytest.fixture
def veraretouch(environment, tmp_path, prepared_processes):
    """Run the command in the folder."""

    def run(*words, **options):
        return prepared_processes.run([COMMAND, *words], cwd=tmp_path, env=environment, **options)

    return run


def test_a_taste_reaches_pictures_plans_and_the_journal(cli, photos, tmp_path):
    wish = ("auto", "a.jpg", "--planner", "fake.tasteful", "--save-plan", "--json", "--resume", "--taste")
    statuses = [json.loads(cli(*wish, taste).stdout)["status"] for taste in ("natural", "natural", "vivid")]
    assert statuses == ["written", "unchanged", "written"]
    assert vr.Plan.load(tmp_path / "retouched" / "a.plan.json").taste == "vivid"
    ev = {
        taste: json.loads(cli("plan", "a.jpg", "--planner", "fake.tasteful", "--taste", taste).stdout)["edits"][
            "exposure"
        ]["params"]["ev"]
        for taste in ("natural", "vivid")
    }
    assert ev["vivid"] > ev["natural"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("auto", "a.jpg", "--planner", "fake.brighten"),
            "planner 'fake.brighten' has no taste 'vivid'. It plans in one",
        ),
        (
            ("param", "a.jpg", "--set", "exposure.ev=1"),
            "taste 'vivid' was given with params: exact values are taken as",
        ),
        (("plan", "a.jpg", "--set", "exposure.ev=1"), "taste 'vivid' was given with params: exact values are taken as"),
    ],
)
def test_a_taste_that_would_do_nothing_is_one_error_and_nothing_is_written(words, said, cli, photos, tmp_path):
    done = cli(*words, "--taste", "vivid", code=1)
    assert done.stderr.count("vivid") == 1
    assert said in " ".join(done.stderr.split())
    assert not (tmp_path / "retouched" / "a.jpg").exists()
