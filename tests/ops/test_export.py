"""The command `export`: tables and decision lists of a plan, how far they are from it, and what they cannot say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from veraretouch import Plan, Renderer
from veraretouch.core.errors import InvalidRequest
from veraretouch.core.lut.cdl_files import read_decision
from veraretouch.core.lut.files import read_table
from veraretouch.ops.export import app

GRADE = {"slope": [1.1, 1.0, 0.9], "offset": [0.01, 0.0, -0.02], "power": [1.0, 1.2, 0.8], "saturation": 0.7}


@pytest.fixture
def plan(tmp_path):
    """Write a plan of these edits."""

    def write(edits: dict[str, dict[str, object]], **facts: object) -> Path:
        document = {
            "schema": "veraretouch.plan/1",
            "mode": "param",
            "planner": {"id": "test", "version": "1"},
            "groups": ["lighting", "global_color", "specific_color"],
            "edits": {op: {"version": 1, "params": params} for op, params in edits.items()},
            "reasoning": {},
        }
        path = tmp_path / "plan.json"
        path.write_text(json.dumps(document | facts))
        return path

    return write


def export(*words: object) -> str:
    """What the command prints; its own errors are raised."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def deviations(said: str) -> tuple[float, ...]:
    return tuple(map(float, re.search(r"median ([0-9.]+), 99 % ([0-9.]+), worst ([0-9.]+)", said).groups()))


def test_a_cube_holds_the_plans_colours_and_says_how_far_it_is(plan, tmp_path):
    path = plan({"exposure": {"ev": 0.5}, "saturation": {"amount": 0.3}})
    said = export("cube", path, tmp_path / "look.cube", "--size", 17)
    assert said.startswith("17 points an axis; CIEDE2000 from the plan: ")
    median, high, worst = deviations(said)
    assert 0 < median < high < worst
    assert median < 0.5
    assert 'TITLE "look"' in (tmp_path / "look.cube").read_text()
    lattice = read_table(tmp_path / "look.cube").lattice
    wanted = Renderer().color_map(Plan.load(path))(np.array([[[0.5, 0.25, 0.75]]], np.float32))
    assert lattice[12, 4, 8].tolist() == pytest.approx(wanted.flatten().tolist(), abs=1e-5)


def test_more_points_are_nearer_and_33_are_the_default(plan, tmp_path):
    path = plan({"hsl": {"saturation": [0.5, 0, -0.5, 0, 0.5, 0, 0, 0]}})
    found = [export("cube", path, tmp_path / f"{n}.cube", *n) for n in (["--size", 9], [])]
    assert found[1].startswith("33 points")
    assert deviations(found[1])[1] < deviations(found[0])[1]


def test_a_title_and_an_existing_file_are_as_asked_for(plan, tmp_path):
    path, out = plan({"exposure": {"ev": 0.5}}), tmp_path / "look.cube"
    export("cube", path, out, "--size", 2, "--title", "Night")
    assert 'TITLE "Night"' in out.read_text()
    before = out.read_bytes()
    with pytest.raises(InvalidRequest, match="exists already"):
        export("cube", path, out, "--size", 3)
    assert out.read_bytes() == before
    export("cube", path, out, "--size", 3, "--overwrite")
    assert "LUT_3D_SIZE 3" in out.read_text()


def test_a_hald_picture_has_its_levels_square_of_points(plan, tmp_path):
    path = plan({"exposure": {"ev": -0.5}})
    assert export("hald", path, tmp_path / "look.png", "--level", 3).startswith("9 points an axis")
    assert read_table(tmp_path / "look.png").lattice.shape == (9, 9, 9, 3)
    with pytest.raises(Exception, match="exists"):
        export("hald", path, tmp_path / "look.png", "--level", 2)


def test_the_op_cdl_alone_becomes_a_decision_list(plan, tmp_path):
    path, out = plan({"cdl": GRADE}), tmp_path / "look.cc"
    export("cdl", path, out)
    found = read_decision(out)
    assert found.slope == pytest.approx(GRADE["slope"])
    assert found.offset == pytest.approx(GRADE["offset"])
    assert found.power == pytest.approx(GRADE["power"])
    assert found.saturation == pytest.approx(0.7)
    with pytest.raises(InvalidRequest, match="exists already"):
        export("cdl", path, out)
    export("cdl", path, out, "--overwrite")


@pytest.mark.parametrize(
    ("edits", "facts", "said"),
    [
        ({"cdl": GRADE, "exposure": {"ev": 0.5}}, {}, "is more than the op cdl: exposure. A look-up table says all"),
        ({"exposure": {"ev": 0.5}}, {}, "is more than the op cdl: exposure"),
        ({"cdl": GRADE}, {"strength": 0.5}, "is more than the op cdl: none of it, or strength"),
        ({}, {}, "none of it, or strength"),
    ],
    ids=["another op beside it", "another op", "strength", "nothing"],
)
def test_what_a_decision_list_cannot_say_is_refused_and_nothing_is_written(plan, tmp_path, edits, facts, said):
    with pytest.raises(InvalidRequest, match=said):
        export("cdl", plan(edits, **facts), tmp_path / "look.cc")
    assert not (tmp_path / "look.cc").exists()


def test_an_op_whose_group_is_off_does_not_stand_in_the_way_of_a_decision_list(plan, tmp_path):
    path = plan({"cdl": GRADE, "exposure": {"ev": 0.5}}, groups=["global_color"])
    export("cdl", path, tmp_path / "look.cc")
    assert read_decision(tmp_path / "look.cc").saturation == pytest.approx(0.7)


def test_a_plan_from_stdin_has_no_name_for_a_preset():
    done = CliRunner().invoke(app, ["xmp", "-"], input="{}")
    assert done.exit_code == 2
    assert "a plan from stdin has no name to write a preset by" in " ".join(done.output.split())
