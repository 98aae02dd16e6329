"""Slots without gradients: what they accept, how plans write them, and that an op gets them rounded."""

import json

import pytest
import torch
from jsonschema import Draft202012Validator

import veraretouch as vr
from veraretouch.core.contract.slot_kinds import slot_from_document
from veraretouch.core.errors import InvalidPlan, InvalidSlot, OutOfBounds
from veraretouch.core.testing import check_op
from veraretouch.core.testing.isolation import isolated_registry

WORDS = {"group": "effects", "doc": "Something that it does."}


class Frames(vr.Op):
    """Darken rows of a photo in one of three ways."""

    id = "acme.frames"
    version = 1
    stage = vr.Stage.EFFECTS
    pointwise = True
    amount = vr.Slot(0.0, low=0.0, high=1.0, **WORDS)
    times = vr.Whole(1, low=1, high=4, **WORDS)
    way = vr.Choice(["plain", "warm", "cold"], **WORDS)
    inverted = vr.Switch(**WORDS)

    def apply(self, rgb, p):
        tint = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.9, 0.8], [0.8, 0.9, 1.0]], dtype=rgb.dtype, device=rgb.device)
        colour = tint[p.way.flatten().long()][:, :, None, None]
        shade = 0.1 * p.amount * p.times * colour
        return rgb + torch.where(p.inverted > 0, -shade, shade) * rgb * (1 - rgb)


SLOTS = {name: slot for name, slot in Frames.slots.items() if name != "amount"}
each = pytest.mark.parametrize("slot", SLOTS.values(), ids=SLOTS.keys())


@each
def test_they_say_that_they_have_no_gradient_and_survive_as_documents(slot):
    assert not slot.differentiable
    again = slot_from_document(json.loads(json.dumps(slot.document())))
    assert again.facts() == slot.facts()
    schema = slot.json_schema()
    Draft202012Validator.check_schema(schema)
    assert schema["x-differentiable"] is False
    Draft202012Validator(schema).validate(schema["default"])


@pytest.mark.parametrize(
    ("slot", "value", "held"),
    [("times", 3, 3), ("times", 3.0, 3), ("way", "cold", 2), ("way", 1, 1), ("inverted", True, 1), ("inverted", 0, 0)],
)
def test_values_by_number_and_by_word(slot, value, held):
    assert SLOTS[slot].check(value, path="here").tolist() == held


@pytest.mark.parametrize(
    ("slot", "value", "message"),
    [
        ("times", 2.5, "here: 2.5 is not whole. Give a number from 1 to 4"),
        ("times", 5, "here: 5.0 is above the maximum 4"),
        ("times", True, "here: True is not made of numbers"),
        ("way", "colt", "here: 'colt' is not an option. Did you mean 'cold'? Choose one of plain, warm, cold"),
        ("way", 3, "here: 3.0 is above the maximum 2.0. Choose one of"),
        ("inverted", "yes", "here: 'yes' is not made of numbers. Give true or false"),
        ("inverted", 0.5, "here: 0.5 is not whole. Give true or false"),
    ],
)
def test_other_values_are_refused(slot, value, message):
    with pytest.raises(OutOfBounds) as caught:
        SLOTS[slot].check(value, path="here")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: vr.Whole(0, low=0.5, high=2, **WORDS), "Give whole bounds"),
        (lambda: vr.Choice(["one"], **WORDS), "Give 2 to 100 words"),
        (lambda: vr.Choice(["a", "a"], **WORDS), "each once"),
        (lambda: vr.Choice("ab", **WORDS), "Give 2 to 100 words"),
        (lambda: vr.Choice(["a", "b"], "c", **WORDS), "identity 'c' is no option"),
    ],
)
def test_broken_declarations_are_refused(declare, message):
    with pytest.raises(InvalidSlot) as caught:
        declare()
    assert message in str(caught.value)


@pytest.fixture
def registered():
    with isolated_registry() as registry:
        registry.ops.add(Frames)
        yield


def test_plans_write_words_and_take_numbers_too(registered):
    values = {"amount": 0.5, "times": 3, "way": "cold", "inverted": True}
    document = {"schema": "veraretouch.plan/1", "mode": "param"}
    plan = vr.Plan.load(document | {"edits": {"acme.frames": {"version": 1, "params": values}}})
    assert json.loads(plan.json())["edits"]["acme.frames"]["params"] == values
    numbers = values | {"way": 2, "inverted": 1}
    assert vr.Plan.load(document | {"edits": {"acme.frames": {"version": 1, "params": numbers}}}) == plan
    with pytest.raises(InvalidPlan, match=r"params.way: 'colt' is not an option"):
        vr.Plan.load(document | {"edits": {"acme.frames": {"version": 1, "params": {"way": "colt"}}}})


def test_ops_get_them_rounded_and_no_gradient_reaches_them(registered):
    photo = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    schema = vr.Schema.of([Frames])

    def render(**values):
        given = {name: torch.tensor([float(value)], requires_grad=True) for name, value in values.items()}
        return vr.Renderer()(photo, vr.Latents(schema, {"acme.frames": given})), given

    rough, given = render(amount=0.5, times=2.7, way=1.6, inverted=0.4)
    assert torch.equal(rough, render(amount=0.5, times=3, way=2, inverted=0)[0])
    rough.sum().backward()
    assert given["amount"].grad.abs() > 0
    assert given["times"].grad == 0
    plan = vr.Plan.of(vr.Latents(schema, {"acme.frames": {"way": torch.tensor([1.6])}}), mode="auto")
    assert json.loads(plan.json())["edits"]["acme.frames"]["params"]["way"] == "cold"


def test_an_op_with_such_slots_keeps_the_contract(registered):
    check_op(Frames)


def test_an_exact_value_may_be_a_word(registered):
    photo = torch.rand(3, 4, 4, generator=torch.Generator().manual_seed(0))
    values = {"acme.frames.amount": 0.5, "acme.frames.way": "warm", "acme.frames.inverted": True}
    assert vr.retouch(photo, params=values).plan.edits["acme.frames"].params["way"] == 1
