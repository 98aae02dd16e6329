"""Exact values: every form that is read, and every mistake with its own clear error."""

from __future__ import annotations

import json

import numpy as np
import pytest

import veraretouch as vr
from veraretouch.core.errors import InvalidDocument, InvalidRequest, OutOfBounds, VeraRetouchError
from veraretouch.planners.params import describe, read_params
from veraretouch.planners.vera.prompts import prompt_for

PLAN = {
    "schema": "veraretouch.plan/1",
    "mode": "param",
    "edits": {"exposure": {"version": 1, "params": {"ev": 0.35}}},
}


@pytest.mark.parametrize(
    "source",
    [
        {"exposure.ev": 0.35},
        {"Exposure2012": {"value": 7}},
        {"Exposure2012": 7},
        PLAN,
        json.dumps(PLAN),
        '{"exposure.ev": 0.35}',
        vr.Plan.load(PLAN),
    ],
    ids=["address", "published", "crs number", "plan object", "plan text", "text", "Plan"],
)
def test_each_form_gives_the_same_values(source) -> None:
    values = read_params(source)
    assert list(values) == ["exposure"]
    assert float(values["exposure"]["ev"]) == pytest.approx(0.35)


def test_a_path_is_read(tmp_path) -> None:
    file = tmp_path / "look.json"
    file.write_text('{"contrast.amount": -0.2}')
    for source in (file, str(file)):
        assert float(read_params(source)["contrast"]["amount"]) == pytest.approx(-0.2)


def test_bands_of_one_slot_come_together_from_several_fields() -> None:
    values = read_params({"SaturationAdjustmentRed": 50, "SaturationAdjustmentBlue": -100})
    expected = np.zeros(8)
    expected[0], expected[5] = 0.5, -1.0
    np.testing.assert_allclose(values["hsl"]["saturation"], expected)


@pytest.mark.parametrize(
    ("source", "error", "says"),
    [
        ({}, InvalidRequest, "params are empty"),
        ({1: 2}, InvalidRequest, "params.1 is not a name"),
        ({"exposur.ev": 1}, InvalidRequest, "exposure"),
        ({"exposure2012": 10}, InvalidRequest, "Did you mean 'Exposure2012'"),
        ({"": 10}, InvalidRequest, "no crs field '' is known"),
        (
            {"exposure.ev": 0.3, "Exposure2012": 10},
            InvalidRequest,
            "params.Exposure2012 and params.exposure.ev are the same",
        ),
        ({"exposure.evv": 1}, InvalidRequest, "exposure.ev"),
        ({"exposure": 1}, InvalidRequest, "params.exposure"),
        ({"Exposur2012": 1}, InvalidRequest, "Exposure2012"),
        ({"Exposure2012": 101}, InvalidRequest, "-100 to 100"),
        ({"Exposure2012": True}, InvalidRequest, "-100 to 100"),
        ({"Exposure2012": "7"}, InvalidRequest, "-100 to 100"),
        ({"Exposure2012": {"values": 7}}, InvalidRequest, '{"value": 30}'),
        ({"exposure.ev": 50}, OutOfBounds, "params.exposure.ev"),
        ({"exposure.ev": float("nan")}, OutOfBounds, "params.exposure.ev"),
        ("{nonsense", InvalidDocument, "not JSON"),
    ],
    ids=lambda value: repr(value)[:40] if not isinstance(value, type) else "",
)
def test_each_mistake_has_its_own_error(source, error, says) -> None:
    with pytest.raises(error) as caught:
        read_params(source)
    assert says in str(caught.value)


def test_a_missing_file_is_told_by_its_name(tmp_path) -> None:
    with pytest.raises(VeraRetouchError) as caught:
        read_params(tmp_path / "absent.json")
    assert "absent.json" in str(caught.value)


def test_values_are_described_in_one_line() -> None:
    values = read_params({"exposure.ev": 0.35, "hsl.saturation": [0.1] * 8})
    assert describe(values) == "exposure.ev +0.35, hsl.saturation 8 values"


AUTHORS_OWN = {
    "Exposure2012": {"value": 30, "min": -100, "max": 100, "initial": 0, "sigma": 12.5},
    "Contrast2012": {"value": -10},
}


def test_what_the_authors_own_tool_writes_beside_a_value_is_read_over(tmp_path) -> None:
    file = tmp_path / "params.json"
    file.write_text(json.dumps(AUTHORS_OWN))
    for source in (AUTHORS_OWN, file):
        values = read_params(source)
        assert float(values["exposure"]["ev"]) == pytest.approx(1.5)
        assert float(values["contrast"]["amount"]) == pytest.approx(-0.1)


def test_unknown_fields_of_a_parameter_file_are_left_out_and_named(tmp_path) -> None:
    file = tmp_path / "params.json"
    file.write_text(
        json.dumps({"LensBlur": {"value": 3}, "Vibrance": {"value": 10, "note": 1}, "Grain2012": 4, "image": "a.jpg"})
    )
    with pytest.warns(UserWarning, match=r"'LensBlur', 'Vibrance.note', 'Grain2012', 'image'"):
        values = read_params(file)
    assert {op: list(slots) for op, slots in values.items()} == {"vibrance": ["amount"]}


@pytest.mark.parametrize("name", ["Exposure2012", "HueAdjustmentRed"])
def test_numbers_beyond_a_slider_are_one_error_by_bounds_or_go_to_the_model_as_they_are(name) -> None:
    with pytest.raises(InvalidRequest, match=rf"params.{name}: 130 is not from -100 to 100, which is .* the bounds of"):
        read_params({name: {"value": 130}})
    prompt = prompt_for(vr.Request.of(params={name: {"value": 130}}))
    assert f"'{name}': 1.3" in str(prompt)


def test_exposure_is_rounded_as_it_stands_in_the_file() -> None:
    assert "'Exposure2012': -0.997" in str(prompt_for(vr.Request.of(params={"Exposure2012": {"value": -99.65}})))
