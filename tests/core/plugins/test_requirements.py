"""Requirement ranges: what a plugin was written for is compared with what is here, before anything runs."""

import pytest
from distributions import OP, Site
from fade import fade

from veraretouch import registry
from veraretouch.core.errors import BrokenPlugin, IncompatiblePlugin
from veraretouch.core.plugins.requirements import CONTRACT, check_requirements


def version(id):
    return {"exposure": 2}.get(id)


MET = [
    {"contract": ">=1,<2"},
    {"contract": f"=={CONTRACT}"},
    {"contract": "~=1.0"},
    {"exposure": ">=1,<3"},
    {"exposure": "==2", "contract": ">=1"},
    {"exposure": ""},
]


@pytest.mark.parametrize("requires", MET, ids=str)
def test_a_range_that_holds_what_is_here_is_met(requires):
    check_requirements(requires, version)


UNMET = {
    "a later contract": ({"contract": ">=2"}, f"version >=2 of the plugin contract, which is {CONTRACT} here"),
    "an earlier contract": ({"contract": "<1"}, f"version <1 of the plugin contract, which is {CONTRACT} here"),
    "a later op": ({"contract": ">=1", "exposure": ">=3"}, "version >=3 of op 'exposure', which is 2 here"),
    "a missing op": (
        {"acme.gone": ">=1"},
        "op 'acme.gone' >=1, which is not installed. Install what provides acme.gone.",
    ),
}


@pytest.mark.parametrize(("requires", "problem"), UNMET.values(), ids=UNMET.keys())
def test_a_range_that_is_not_met_is_one_error_with_both_versions_and_the_cure(requires, problem):
    with pytest.raises(IncompatiblePlugin, match="Install") as caught:
        check_requirements(requires, version)
    assert problem in str(caught.value)


@pytest.mark.parametrize("requires", [">=1", {"contract": "one"}, {"contract": 1}, {"contract": None}], ids=repr)
def test_what_is_no_range_is_the_plugins_fault(requires):
    with pytest.raises(BrokenPlugin, match=r"requires .* Write"):
        check_requirements(requires, version)


def test_an_op_added_by_hand_is_compared_too():
    op = fade()
    op.requires = {"contract": ">=2"}
    with pytest.raises(IncompatiblePlugin):
        registry.ops.add(op)
    assert op.id not in registry.ops


PLANNER = """
class Half:
    id, version, modes = "acme.half", "1", frozenset({"auto"})
    requires = {"contract": ">=1,<2", "acme.fade": ">=2,<4"}
    def plan(self, photos, requests): raise AssertionError("it ran")
"""


def test_an_installed_op_for_another_contract_is_incompatible_and_the_rest_goes_on(tmp_path):
    site = Site(tmp_path)
    code = OP.format(id="acme.fade").replace("version = 1", 'version = 1\n    requires = {"contract": ">=2"}')
    site.install("acme-film", "1.2", {"acme.fade": "acme_film:Fade"}, module="acme_film", code=code)
    message, state, ids = site.see('tell([error(catalogue.load, "acme.fade"), entry("acme.fade")[0], catalogue.ids()])')
    assert (
        message
        == "IncompatiblePlugin op 'acme.fade' of acme-film 1.2 is incompatible: it was written for version >=2 of the"
        f" plugin contract, which is {CONTRACT} here. Install the veraretouch that it was written for, or a version"
        " of it that was written for this one."
    )
    assert state == "incompatible"
    assert "exposure" in ids


def test_a_planner_for_another_version_of_an_op_ends_the_command_before_a_photo_is_touched(tmp_path, cli, photos):
    site = Site(tmp_path)
    site.fade()
    site.install(
        "acme-plan",
        "3",
        {"acme.half": "acme_plan:Half"},
        group="veraretouch.planners",
        module="acme_plan",
        code=PLANNER,
    )
    told = cli("auto", *photos, "--planner", "acme.half", "--jobs", "1", env={"PYTHONPATH": str(site.path)}, code=1)
    assert told.stderr.startswith(
        "Error: planner 'acme.half' of acme-plan 3 is incompatible: it needs version <4,>=2 of op 'acme.fade', which is"
        " 1 here."
    )
    assert len(told.stderr.splitlines()) == 1
    assert not (photos[0].parent / "retouched").exists() or not list((photos[0].parent / "retouched").glob("*.jpg"))
