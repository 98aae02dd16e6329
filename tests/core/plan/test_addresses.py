"""Local values as people give them: areas in words, or adjustments."""

import os
from threading import Thread

import numpy as np
import pytest

import veraretouch as vr
from veraretouch.core.errors import InvalidPlan, InvalidRequest, OutOfBounds
from veraretouch.core.plan.addresses import read_adjustments
from veraretouch.core.plan.local import LocalAdjustment


def test_areas_in_words_hold_values_by_address():
    found = read_adjustments({"linear: from top to 0.4": {"exposure.ev": -0.5}, "ellipse": {"hsl.hue": [0.1] * 8}})
    assert [entry.name for entry in found] == ["linear: from top to 0.4", "ellipse"]
    assert float(found[0].edits["exposure"].params["ev"]) == -0.5
    assert found[1].edits["hsl"].params["hue"].shape == (8,)


def test_names_are_cut_cleaned_and_numbered():
    long = "ellipse: x=0.1" + " " * 100
    found = read_adjustments({"ellipse": {"exposure.ev": 1}, " ellipse ": {"exposure.ev": 1}, long: {"exposure.ev": 1}})
    assert [entry.name for entry in found] == ["ellipse", "ellipse 2", "ellipse: x=0.1"]


def test_adjustments_and_their_json_are_taken_as_they_are():
    made = LocalAdjustment("all", (), {})
    given = {"name": "some", "area": [{"id": "ellipse", "version": 1}], "edits": {}}
    assert [entry.name for entry in read_adjustments([made, given])] == ["all", "some"]


@pytest.mark.parametrize(
    ("local", "error", "message"),
    [
        ({"ellipse": {}}, InvalidRequest, "local.'ellipse': no values. Give some, such as"),
        ({"ellipse": 3}, InvalidRequest, "no values"),
        ({"ellipse": {"exposre.ev": 1}}, InvalidRequest, "no op 'exposre' is installed. Did you mean 'exposure'?"),
        ({"ellipse": {"exposure.ve": 1}}, InvalidRequest, "op 'exposure' has no slot 've'. Known: exposure.ev"),
        ({"ellipse": {"exposure.ev": 9}}, OutOfBounds, "local['ellipse'].exposure.ev: 9.0 is above the maximum 5"),
        ("skin", InvalidRequest, "local is 'skin'"),
        ([3], InvalidRequest, "local: 3 is no adjustment"),
        ([{"name": "a"}], InvalidPlan, "lacks 'edits'"),
        ([LocalAdjustment("a"), LocalAdjustment("a")], InvalidPlan, "'a' names two adjustments"),
    ],
)
def test_what_is_wrong_is_one_error(local, error, message):
    with pytest.raises(error) as caught:
        read_adjustments(local)
    assert message in str(caught.value)


def test_retouch_takes_local_values_over_any_mode():
    photo = np.full((40, 30, 3), 0.4, dtype="float32")
    result = vr.retouch(photo, params={}, local={"linear: from top to 0.5": {"exposure.ev": -1}})
    assert np.array_equal(result.image[25:], photo[25:])
    assert (result.image[0] < 0.3).all()
    assert result.plan.mode == "param"
    styled = vr.retouch(photo, style="warmer", local={"ellipse": {"exposure.ev": 0.5}})
    assert styled.plan.edits
    assert styled.plan.mode == "style"
    assert [entry.name for entry in styled.plan.local] == ["ellipse"]
    again = vr.retouch(photo, params=styled.plan.json())
    assert np.allclose(again.image, styled.image, atol=1e-6)


def test_groups_that_are_not_asked_for_leave_local_values_out_and_say_so():
    photo = np.full((40, 30, 3), 0.4, dtype="float32")
    local = {"ellipse": {"exposure.ev": 0.5, "saturation.amount": 0.2}}
    with pytest.warns(UserWarning, match=r"leave out values of local adjustments: ellipse/saturation.amount"):
        plan = vr.retouch(photo, params={}, local=local, groups={"lighting"}).plan
    assert "global_color" not in plan.groups


def test_exact_values_are_read_once_so_that_a_pipe_can_give_them(tmp_path):
    pipe = tmp_path / "values"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_text, args=('{"exposure.ev": 0.5}',), daemon=True)
    writer.start()
    photo = np.full((4, 4, 3), 0.4, dtype="float32")
    assert float(vr.retouch(photo, params=pipe).plan.edits["exposure"].params["ev"]) == 0.5
