"""The plan of one photo: by the batch's planner, or the plan that is there already with the caller's own wishes."""

import sys
from pathlib import Path

import numpy as np
import pytest

import veraretouch as vr
from veraretouch.core import errors
from veraretouch.core.cli.batch.planning import make_plan
from veraretouch.core.cli.batch.request import BatchRequest
from veraretouch.core.plugins.blame import blamed_plugin

PLUGINS = Path(__file__).parents[3] / "data" / "plugins"
PHOTO = vr.Photo(np.full((6, 8, 3), 60, dtype=np.uint8), path=Path("a.jpg"))
PLAN = {
    "schema": "veraretouch.plan/1",
    "mode": "param",
    "seed": 4,
    "strength": 0.5,
    "groups": ["lighting", "global_color"],
    "edits": {
        "exposure": {"version": vr.registry.ops.load("exposure").version, "params": {"ev": 1.0}},
        "saturation": {"version": vr.registry.ops.load("saturation").version, "params": {"amount": 0.5}},
    },
}


@pytest.fixture
def _fake(monkeypatch):
    monkeypatch.syspath_prepend(PLUGINS / "fake")
    vr.registry.planners.refresh()
    yield
    vr.registry.planners.refresh()
    sys.modules.pop("fake_planner", None)


def test_a_plan_that_is_there_is_taken_as_it_is_or_with_the_callers_wishes():
    made = make_plan(BatchRequest("", plan=PLAN), PHOTO)
    assert (made.strength, made.seed, made.groups) == (0.5, 4, ("lighting", "global_color"))
    with pytest.warns(UserWarning, match=r"leave out values of the plan: saturation\.amount"):
        made = make_plan(BatchRequest("", plan=PLAN, strength=0.0, seed=0, groups=frozenset({"lighting"})), PHOTO)
    assert (made.strength, made.seed, made.groups) == (0.0, 0, ("lighting",))
    with pytest.raises(errors.InvalidRequest, match="no group 'lihgting'"):
        make_plan(BatchRequest("", plan=PLAN, groups=frozenset({"lihgting"})), PHOTO)


@pytest.mark.usefixtures("_fake")
def test_a_planner_gets_the_wishes_and_is_loaded_once(capsys):
    request = BatchRequest("fake.brighten", style="bright", strength=0.25, seed=3, groups=frozenset({"lighting"}))
    made = make_plan(request, PHOTO)
    assert (made.prompt, made.strength, made.seed, made.groups) == ("bright", 0.25, 3, ("lighting",))
    assert (
        make_plan(BatchRequest("fake.brighten", params={"exposure.ev": 1.5}), PHOTO).edits["exposure"].params["ev"]
        == 1.5
    )
    assert (make_plan(BatchRequest("fake.brighten"), PHOTO).strength, made.planner["id"]) == (1.0, "fake.brighten")
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("a planner that prints") == 3


@pytest.mark.usefixtures("_fake")
def test_a_planner_that_ends_the_program_is_an_error_of_that_planner():
    with pytest.raises(RuntimeError, match=r"it called sys\.exit\(0\)") as failure:
        make_plan(BatchRequest("fake.brighten", style="exit"), PHOTO)
    assert blamed_plugin(failure.value) == "planner 'fake.brighten' of fake-planner 1.2"


@pytest.mark.usefixtures("_fake")
def test_a_taste_reaches_the_planner_and_one_that_has_none_refuses_it():
    with pytest.raises(
        errors.InvalidRequest, match=r"planner 'fake\.brighten' has no taste 'vivid'. It plans in one way"
    ):
        make_plan(BatchRequest("fake.brighten", taste="vivid"), PHOTO)
    made = make_plan(BatchRequest("fake.tasteful", taste="vivid"), PHOTO)
    assert (made.taste, made.document()["taste"]) == ("vivid", "vivid")
    assert (
        made.edits["exposure"].params["ev"]
        > make_plan(BatchRequest("fake.tasteful"), PHOTO).edits["exposure"].params["ev"]
    )


def test_a_plan_that_is_given_for_a_series_leaves_a_grey_photo_grey_unless_its_values_are_exact():
    grey = vr.Photo(np.repeat(np.arange(120, dtype=np.uint8).reshape(10, 12, 1), 3, axis=2))
    tones = tuple((level,) * 3 for level in (0.1, 0.2, 0.3, 0.5, 0.6, 0.7, 0.8))
    for mode, groups in (("auto", ("lighting",)), ("param", ("lighting", "global_color"))):
        made = make_plan(BatchRequest("", plan=PLAN | {"mode": mode}, tones=tones), grey)
        assert made.groups == groups
        assert "series" in made.reasoning
    assert make_plan(BatchRequest("", plan=PLAN | {"mode": "auto"}), grey).groups == ("lighting", "global_color")
