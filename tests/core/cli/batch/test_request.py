"""What a batch is asked for, read from the command line and from files."""

import pytest

from veraretouch.core import errors
from veraretouch.core.cli.batch import request
from veraretouch.core.cli.batch.request import BatchRequest, read_params, read_settings
from veraretouch.core.cli.options import EditOptions, PlanOptions, TasteName
from veraretouch.core.contract.request import TASTES


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("exposure.ev", "is not OP.SLOT=VALUE"),
        ("exposure=1", "is not OP.SLOT=VALUE"),
        ("=1", "is not OP.SLOT=VALUE"),
        ("exposure.ev=", "neither a number nor a list"),
        ("exposure.ev=bright", "neither a number nor a list"),
        ("exposure.ev=NaN", "neither a number nor a list"),
        ("exposure.ev=1e999", "neither a number nor a list"),
        ("exposure.ev=.", "neither a number nor a list"),
        ("exposure.ev=1+.5", "neither a number nor a list"),
        ("exposure.ev=-+.5", "neither a number nor a list"),
        ("exposure.ev=1.2.3", "neither a number nor a list"),
        ("exposure.ev=.5x", "neither a number nor a list"),
    ],
)
def test_a_setting_of_another_form_is_refused(setting, message):
    with pytest.raises(errors.InvalidRequest, match=message):
        read_settings([setting])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (".3", 0.3),
        ("-.3", -0.3),
        ("+.3", 0.3),
        ("+2", 2),
        ("1.", 1.0),
        ("1.e2", 100.0),
        (".5e-2", 0.005),
        ("[.1,1., -.2,+3]", [0.1, 1.0, -0.2, 3]),
        ("[[.1,0],[1,.2]]", [[0.1, 0], [1, 0.2]]),
    ],
)
def test_numbers_are_read_as_python_writes_them(text, value):
    assert read_settings([f"film.curve.amount={text}"]) == {"film.curve.amount": value}


def test_a_slot_is_set_once():
    with pytest.raises(errors.InvalidRequest, match="twice"):
        read_settings(["exposure.ev=1", "exposure.ev=2"])


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"a": 1, "a": 2}', '{"a": NaN}', "\ufeff"])
def test_a_parameter_file_that_is_no_object_is_refused_by_its_name(tmp_path, text):
    path = tmp_path / "p.json"
    path.write_text(text)
    with pytest.raises(errors.InvalidDocument, match=r"p\.json"):
        read_params(path)


def test_a_missing_parameter_file_is_refused(tmp_path):
    with pytest.raises(errors.InvalidDocument, match="cannot be read: No such file"):
        read_params(tmp_path / "none.json")


def test_groups_come_repeated_or_with_commas():
    assert EditOptions(groups=["lighting, global_color", "effects"]).chosen_groups() == {
        "lighting",
        "global_color",
        "effects",
    }
    assert EditOptions().chosen_groups() is None


def test_a_plain_word_is_a_value_and_what_follows_it_is_read_too(monkeypatch):
    monkeypatch.setattr(request, "_takes_words", lambda slot: slot == "acme.mode")
    settings = ["exposure.ev=.5", "acme.mode=soft", "hsl.hue=1."]
    assert read_settings(settings) == {"exposure.ev": 0.5, "acme.mode": "soft", "hsl.hue": 1.0}


def test_pictures_are_named_by_words_mode_or_plan():
    options = PlanOptions(planner="p")
    assert (BatchRequest.of(options).words, BatchRequest.of(options).author) == ("auto", "p")
    assert BatchRequest.of(options, style="warm").words == "warm"
    assert BatchRequest.of(options, params={}).words == "param"
    plan = {"mode": "style", "prompt": "cold", "planner": {"id": "maker", "version": "1"}}
    assert (BatchRequest.of(EditOptions(), plan=plan).words, BatchRequest.of(EditOptions(), plan=plan).author) == (
        "cold",
        "maker",
    )
    assert BatchRequest.of(EditOptions(), plan={"mode": "auto"}).author == "plan"


def test_damaged_photos_are_salvaged_only_where_that_is_asked_for():
    assert BatchRequest("p").salvage is False
    assert [BatchRequest.of(EditOptions(salvage=asked)).salvage for asked in (False, True)] == [False, True]


def test_a_taste_travels_with_auto_and_style_and_is_refused_for_exact_values_and_plans():
    options = PlanOptions(planner="p", taste=TasteName.VIVID)
    assert [BatchRequest.of(options, **wish).taste for wish in ({}, {"style": "warm"})] == ["vivid", "vivid"]
    for wish in ({"params": {"exposure.ev": 1}}, {"plan": {"mode": "param"}}):
        with pytest.raises(errors.InvalidRequest, match="taste 'vivid' was given with params: exact values are taken"):
            BatchRequest.of(options, **wish)
    assert BatchRequest.of(EditOptions(), plan={"mode": "auto"}).taste is None


def test_the_command_line_names_every_taste_of_the_contract():
    assert tuple(taste.value for taste in TasteName) == TASTES
