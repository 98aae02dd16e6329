"""Local adjustments in a plan: the format, what is refused, latents and back."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simple_areas import SIMPLE_AREAS

import veraretouch as vr
from veraretouch.core.errors import InvalidPlan, InvalidRequest
from veraretouch.core.plan.edit import Edit
from veraretouch.core.plan.local import AreaPart, LocalAdjustment
from veraretouch.core.testing.isolation import isolated_registry

SKY = {
    "name": "sky",
    "area": [
        {"id": "acme.top", "version": 1, "params": {"reach": 0.4}},
        {"id": "acme.bright", "version": 1, "params": {"above": 0.7}, "combine": "intersect", "invert": True},
    ],
    "edits": {"exposure": {"version": 1, "params": {"ev": -0.5}}},
    "strength": 0.8,
    "reasoning": {"lighting": {"problem": "The sky is too bright.", "plan": "Darken it."}},
}
PLAN = {
    "schema": "veraretouch.plan/2",
    "mode": "param",
    "edits": {"contrast": {"version": 1, "params": {"amount": 0.2}}},
    "local": [SKY, {"name": "all", "edits": {"exposure": {"version": 1, "params": {"ev": 0.25}}}}],
}


@pytest.fixture(autouse=True, scope="module")
def areas():
    with isolated_registry():
        for area in SIMPLE_AREAS:
            vr.registry.areas.add(area)
        yield


def test_a_plan_with_local_adjustments_is_read_and_written_as_plan_2():
    plan = vr.Plan.load(PLAN)
    assert [entry.name for entry in plan.local] == ["sky", "all"]
    written = json.loads(plan.json())
    assert written["schema"] == "veraretouch.plan/2"
    assert written["local"][0]["area"][0] | {"from": "x"} == SKY["area"][0] | {"from": "x"}
    assert written["local"][0]["reasoning"] == SKY["reasoning"]
    assert vr.Plan.load(plan.json()) == plan


def test_a_plan_without_is_still_written_as_plan_1_and_cannot_hold_local_ones():
    plain = vr.Plan.load({**PLAN, "local": []})
    assert json.loads(plain.json())["schema"] == "veraretouch.plan/1"
    with pytest.raises(InvalidPlan, match="unknown key 'local'"):
        vr.Plan.load({**PLAN, "schema": "veraretouch.plan/1"})


def spoilt(change):
    document = json.loads(json.dumps(PLAN))
    change(document["local"][0])
    return document


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda sky: sky.update(name="all"), r"plan.local\[1\].name: 'all' names two adjustments. Give each a name"),
        (lambda sky: sky.update(name="a/b"), r"plan.local\[0\].name: 'a/b' breaks the rule pattern"),
        (lambda sky: sky.pop("edits"), r"plan.local\[0\]: lacks 'edits'"),
        (lambda sky: sky.update(strength=2), r"plan.local\[0\].strength: 2 is above the maximum 1"),
        (
            lambda sky: sky["area"][0].update(id="lineal"),
            r"plan.local\[0\].area\[0\].id: area 'lineal' is not installed",
        ),
        (
            lambda sky: sky["area"][0].update({"id": "acme.none", "from": "acme-areas 2"}),
            r"area 'acme.none' is not installed \(provided by 'acme-areas 2'\).*pip install acme-areas",
        ),
        (lambda sky: sky["area"][0].update(combine="xor"), r"area\[0\].combine: 'xor' is not one of 'add', 'subtract'"),
        (
            lambda sky: sky["area"][0]["params"].update(reach=3),
            r"plan.local\[0\].area\[0\].params.reach: 3.0 is above the maximum 1.0",
        ),
        (
            lambda sky: sky["area"][0]["params"].update(raech=0.3),
            r"area 'acme.top' has no slot 'raech'. Did you mean 'reach'\?",
        ),
        (
            lambda sky: sky["area"][0].update(version=7),
            r"version 7 of area 'acme.top' cannot be brought to version 1",
        ),
        (
            lambda sky: sky["edits"]["exposure"]["params"].update(ev=9.0),
            r"plan.local\[0\].edits.exposure.params.ev: 9.0 is above the maximum 5.0",
        ),
        (
            lambda sky: sky["edits"].update(exposre=sky["edits"].pop("exposure")),
            r"local\[0\].edits.exposre: op 'exposre'",
        ),
    ],
    ids=lambda value: None if callable(value) else "a message",
)
def test_what_is_wrong_in_an_adjustment_is_named_by_its_path(change, message):
    with pytest.raises(InvalidPlan, match=message):
        vr.Plan.load(spoilt(change))


def test_latents_carry_local_values_and_give_the_plan_back():
    plan = vr.Plan.load(PLAN)
    latents = plan.latents()
    assert float(latents.values["sky#0"]["reach"]) == pytest.approx(0.4)
    assert float(latents.values["sky#"]["strength"]) == pytest.approx(0.8)
    again = vr.Plan.of(latents, mode="param")
    assert [entry.name for entry in again.local] == ["sky", "all"]
    assert again.latents().pack().tolist() == latents.pack().tolist()
    squashed = vr.Latents.squash(latents.schema, latents.unsquash(), present=latents.presence())
    assert np.allclose(squashed.pack(), latents.pack(), atol=1e-5)
    document = json.loads(json.dumps(latents.schema.document()))
    assert vr.Schema.from_document(document) == latents.schema


def test_the_fingerprint_knows_names_order_and_how_parts_join():
    found = {vr.Plan.load(PLAN).schema().fingerprint}
    for change in (
        lambda sky: sky.update(name="heaven"),
        lambda sky: sky["area"].reverse(),
        lambda sky: sky["area"][1].update(combine="subtract"),
        lambda sky: sky["area"][1].update(invert=False),
        lambda sky: sky["area"].pop(),
    ):
        found.add(vr.Plan.load(spoilt(change)).schema().fingerprint)
    found.add(vr.Plan.load({**PLAN, "local": PLAN["local"][::-1]}).schema().fingerprint)
    assert len(found) == 7


def test_a_plan_without_groups_has_those_of_its_local_edits():
    plan = vr.Plan.load(PLAN)
    assert plan.groups == ("lighting", "global_color", "specific_color")
    with pytest.warns(
        UserWarning, match="leave out values of the plan: contrast.amount, sky/exposure.ev, all/exposure"
    ):
        assert plan.only(["global_color"]).groups == ("global_color",)
    with pytest.raises(InvalidRequest, match="no group 'area'"):
        plan.only(["area"])


def test_a_plan_prints_its_adjustments():
    plan = vr.Plan.load(PLAN)
    assert repr(plan) == "<Plan param: contrast(amount=0.2); in 'sky': exposure(ev=-0.5); in 'all': exposure(ev=0.25)>"
    assert "<td>sky: exposure</td>" in plan._repr_html_()


def test_a_picture_of_256_greys_takes_a_byte_a_pixel(tmp_path):
    with isolated_registry() as registry:

        class Drawn(vr.Area):
            """Cover what was drawn."""

            id = "acme.drawn"
            version = 1
            picture = vr.GreyPicture(group="area", doc="The mask.")

            def mask(self, rgb, p):
                return p.picture[:, None].expand(len(rgb), 1, *rgb.shape[2:])

        registry.areas.add(Drawn)
        grey = np.arange(96, dtype=np.float64).reshape(8, 12) / 255
        part = AreaPart("acme.drawn", {"picture": grey})
        plan = vr.Plan(local=(LocalAdjustment("x", (part,), {"exposure": Edit(1, {"ev": np.float64(1)})}),))
        written = json.loads(plan.json())["local"][0]["area"][0]["params"]["picture"]
        assert (written["dtype"], written["shape"]) == ("uint8", [8, 12])
        again = vr.Plan.load(plan.save(tmp_path / "plan.json"))
        assert np.array_equal(again.local[0].area[0].params["picture"], grey)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=5), st.lists, max_leaves=5))
def test_whatever_stands_for_an_adjustment_only_one_error_comes(value):
    for document in ({**PLAN, "local": value}, {**PLAN, "local": [value]}, spoilt(lambda sky: sky.update(area=value))):
        try:
            vr.Plan.load(document)
        except InvalidPlan:
            continue
        assert value in ([], None) or document["local"][0].get("area") == []


def one(reach, ev, strength=1.0, name="sky"):
    part = AreaPart("acme.top", {"reach": np.float64(reach)}, 1)
    return vr.Plan(
        mode="param",
        local=(LocalAdjustment(name, (part,), {"exposure": Edit(1, {"ev": np.float64(ev)})}, strength),),
    )


def test_means_of_plans_mix_adjustments_of_one_name_slot_by_slot():
    mixed = one(0.2, -1.0, 0.6).blend(one(0.6, 1.0), 0.25)
    (sky,) = mixed.local
    assert float(sky.area[0].params["reach"]) == pytest.approx(0.3)
    assert float(sky.edits["exposure"].params["ev"]) == pytest.approx(-0.5)
    assert sky.strength == pytest.approx(0.7)


def test_an_adjustment_that_a_plan_lacks_has_strength_0_there():
    (sky,) = one(0.2, -1.0).blend(vr.Plan(mode="param"), 0.75).local
    assert (sky.strength, float(sky.edits["exposure"].params["ev"])) == (0.25, -1.0)


def test_sums_have_the_adjustments_of_both_and_differences_those_of_the_first():
    a, b = one(0.2, -1.0), one(0.6, 1.0)
    assert [entry.name for entry in (a + b + b).local] == ["sky", "sky 2", "sky 3"]
    assert ((a + b) - a).local == (LocalAdjustment("sky 2", b.local[0].area, b.local[0].edits),)
    with pytest.raises(InvalidPlan, match=r"local adjustment .sky. differs in these plans\. Take a mean"):
        _ = a - b
    with pytest.raises(InvalidPlan, match="local adjustment 'sky' is only in the plan to subtract"):
        _ = vr.Plan(mode="param") - a


def test_areas_of_different_kinds_cannot_be_mixed():
    other = vr.Plan(mode="param", local=(LocalAdjustment("sky", (AreaPart("acme.bright", {}, 1),), {}),))
    with pytest.raises(InvalidPlan, match="the areas of local adjustment 'sky' differ"):
        one(0.2, -1.0).blend(other, 0.5)
