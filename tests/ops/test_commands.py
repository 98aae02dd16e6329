"""The commands `ops` and `areas`: a list from metadata alone, and the slots of one."""

import json

from typer.testing import CliRunner

from veraretouch import registry
from veraretouch.core.cli.shell import app


def test_the_list_survives_broken_plugins_and_says_where_each_comes_from(cli):
    lines = cli("ops", plugins="broken").stdout.splitlines()
    assert lines[0].split() == ["ID", "DISTRIBUTION", "STATE", "SUMMARY"]
    rows = {line.split()[0]: line for line in lines[1:]}
    assert set(rows) == {*registry.ops.ids(), "acme.missing", "acme.raises"}
    assert "acme-film 0.3" in rows["acme.raises"]
    assert "Look [bold]broken[/bold]." in rows["acme.raises"]
    assert "Scale light by a power of two" in rows["exposure"]


def test_the_list_as_json_has_a_summary_of_every_op(cli):
    listed = json.loads(cli("ops", "--json").stdout)["ops"]
    assert {row["id"] for row in listed} == set(registry.ops.ids())
    assert all(row["summary"] for row in listed)
    assert {row["state"] for row in listed} == {"available"}


def test_a_blocked_op_is_listed_with_the_reason(cli):
    shown = cli("ops", env={"VERARETOUCH_BLOCK": "acme-film"}, plugins="broken").stdout
    assert "blocked    VERARETOUCH_BLOCK names it" in shown


def test_one_op_is_shown_with_unit_bounds_identity_group_and_doc(cli):
    shown = cli("ops", "exposure").stdout
    assert "exposure 1 (veraretouch" in shown
    for part in ("ev", "scalar", "EV", "-5 .. 5", "0", "lighting", "Exposure: +1 doubles"):
        assert part in shown.splitlines()[-1]
    document = json.loads(CliRunner().invoke(app, ["ops", "hsl", "--json"]).stdout)
    assert document["slots"]["hue"]["shape"] == [8]
    assert document["pointwise"] is True


def test_an_op_that_is_unknown_or_broken_is_one_error(cli):
    assert "no op 'exposre' is installed. Did you mean 'exposure'?" in cli("ops", "exposre", code=1).stderr
    assert "acme-film 0.3 is broken: ImportError" in cli("ops", "acme.raises", plugins="broken", code=1).stderr


def test_areas_are_listed_and_one_is_shown_with_its_slots(cli):
    listed = json.loads(cli("areas", "--json").stdout)["areas"]
    assert {row["id"] for row in listed} == set(registry.areas.ids())
    assert all(row["summary"].startswith("Cover ") for row in listed)
    shown = cli("areas", "ellipse").stdout
    assert "ellipse 1 (veraretouch" in shown
    assert "looks at each pixel and its place" in shown
    for part in ("angle", "degree", "-180 .. 180", "area", "Turn the ellipse clockwise."):
        assert part in shown
    document = json.loads(CliRunner().invoke(app, ["areas", "sky", "--json"]).stdout)
    assert document["view"] is True
    assert document["slots"]["grow"]["group"] == "area"
    assert "no area 'elipse' is installed. Did you mean 'ellipse'?" in cli("areas", "elipse", code=1).stderr
