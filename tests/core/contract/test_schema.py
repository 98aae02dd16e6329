"""The schema: order, fingerprint, documents."""

import copy
import json

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from veraretouch import Bands, Curve, Embedding, Lattice, Op, Schema, Slot, Stage, registry
from veraretouch.core.contract.schema import OpSpec
from veraretouch.core.errors import InvalidSchema


class Warm(Op):
    """Warm a photo."""

    id = "test.warm"
    version = 1
    stage = Stage.WHITE_BALANCE
    pointwise = True
    amount = Slot(group="global_color", doc="How warm.")
    bands = Bands(3, group="specific_color", doc="By band.")

    def apply(self, rgb, p):
        return rgb + p.amount


class Late(Op):
    """Look things up, late in the chain."""

    id = "test.late"
    version = 3
    stage = Stage.LOOK
    pointwise = True
    table = Lattice(5, group="global_color", doc="Colours.")
    vector = Embedding(4, group="effects", doc="A learned vector.")

    def apply(self, rgb, p):
        return rgb


class Early(Op):
    """Stand where Warm stands; the id decides."""

    id = "test.early"
    version = 1
    stage = Stage.WHITE_BALANCE
    pointwise = True
    amount = Slot(group="lighting", doc="How early.")

    def apply(self, rgb, p):
        return rgb


@pytest.fixture
def schema():
    return Schema.of([Late, Warm, Early])


def test_ops_stand_in_order_of_stage_then_id_and_slots_in_order_of_declaration(schema):
    assert [(op, name) for op, name, _ in schema] == [
        ("test.early", "amount"),
        ("test.warm", "amount"),
        ("test.warm", "bands"),
        ("test.late", "table"),
        ("test.late", "vector"),
    ]
    assert schema.size == 1 + 1 + 3 + 5**3 * 3 + 4
    assert schema.groups == ("lighting", "global_color", "specific_color", "effects")
    assert schema.spec("test.late").groups == ("global_color", "effects")


def test_the_order_in_which_ops_are_given_does_not_matter(schema):
    other = Schema.of([Early, Late(), Warm])
    assert other == schema
    assert hash(other) == hash(schema)
    assert other.fingerprint == schema.fingerprint


def test_built_in_ops_each_have_a_stage_of_their_own():
    stages = [spec.stage for spec in Schema.of(registry.ops.load(id) for id in registry.ops.ids()).specs.values()]
    assert len(set(stages)) == len(stages) == 26
    assert stages == sorted(stages)


def test_the_same_op_twice_is_refused():
    with pytest.raises(InvalidSchema, match=r"op 'test.warm' occurs twice. An op stands in a chain once."):
        Schema.of([Warm, Early, Warm])


def test_an_unknown_op_is_refused_with_the_nearest_name(schema):
    with pytest.raises(InvalidSchema, match=r"no op 'test.wram' in this schema. Did you mean 'test.warm'\?"):
        schema.spec("test.wram")


def test_a_schema_without_ops_is_a_schema():
    empty = Schema.of([])
    assert (empty.size, empty.groups, list(empty)) == (0, (), [])
    assert Schema.from_document(empty.document()) == empty


def test_the_lattice_size_is_fixed_by_the_schema(schema):
    small = Schema.of([Late, Warm, Early], lattice=2)
    assert small.spec("test.late").slots["table"].shape == (2, 2, 2, 3)
    assert small.size == schema.size - (5**3 - 2**3) * 3
    assert small != schema
    assert Late.slots["table"].shape == (5, 5, 5, 3)


def _spec(version=1, stage=100, id="test.op", name="amount", **changes):
    facts = {"identity": 0.25, "low": -1.0, "high": 1.0, "group": "lighting", "doc": "Doc.", "unit": "EV"} | changes
    return Schema([OpSpec(id, version, stage, {name: Slot(**facts)})])


DECIDES = {
    "version": {"version": 2},
    "stage": {"stage": 101},
    "op id": {"id": "test.other"},
    "slot name": {"name": "strength"},
    "low": {"low": -1.5},
    "high": {"high": 1.5},
    "no bound": {"high": None},
    "identity": {"identity": 0.5},
    "off": {"off": 0.0},
    "period": {"period": 2.0},
    "group": {"group": "global_color"},
}


@pytest.mark.parametrize("change", DECIDES.values(), ids=DECIDES.keys())
def test_the_fingerprint_changes_with_what_decides_pixels(change):
    assert _spec(**change).fingerprint != _spec().fingerprint


@pytest.mark.parametrize("change", [{"doc": "Other words."}, {"unit": "1"}], ids=["doc", "unit"])
def test_the_fingerprint_does_not_change_with_words(change):
    assert _spec(**change).fingerprint == _spec().fingerprint
    assert _spec(**change).document() != _spec().document()


def test_kinds_shapes_and_bounds_all_have_fingerprints_of_their_own():
    slots = [
        Bands(3, group="g", doc="d"),
        Bands(4, group="g", doc="d"),
        Curve(3, [0.0, 0.0, 0.0], low=-1.0, group="g", doc="d"),
        Embedding(3, group="g", doc="d"),
        Embedding(3, off=0.5, group="g", doc="d"),
        Lattice(2, group="g", doc="d"),
        Lattice(3, group="g", doc="d"),
        Lattice(2, low=None, high=None, group="g", doc="d"),
        Lattice(2, low=-1.0, group="g", doc="d"),
    ]
    fingerprints = {Schema([OpSpec("test.op", 1, 100, {"slot": slot})]).fingerprint for slot in slots}
    assert len(fingerprints) == len(slots)


def test_the_order_of_slots_decides_the_fingerprint():
    first, second = Slot(group="g", doc="d"), Slot(group="g", doc="d")
    forth = Schema([OpSpec("test.op", 1, 100, {"a": first, "b": second})])
    back = Schema([OpSpec("test.op", 1, 100, {"b": second, "a": first})])
    assert forth.fingerprint != back.fingerprint


def test_the_fingerprint_is_the_same_in_every_process_and_version():
    # A trained planner stores it: were this value to change, every stored schema would be refused.
    assert _spec().fingerprint == "8ba38e49b1e66fbd705d836db2ad91bc471268c0adca6d54fa8ff3deb0b33fb4"


@pytest.mark.parametrize("ops", [[Late, Warm, Early], None], ids=["test ops", "built-in ops"])
def test_a_schema_survives_as_a_json_document(ops):
    schema = Schema.of(ops or (registry.ops.load(id) for id in registry.ops.ids()))
    again = Schema.from_document(json.loads(json.dumps(schema.document(), allow_nan=False)))
    assert again == schema
    assert again.document() == schema.document()
    assert [slot.doc for _, _, slot in again] == [slot.doc for _, _, slot in schema]


def _spoil(change):
    def spoilt(document):
        document = copy.deepcopy(document)
        change(document)
        return document

    return spoilt


SPOILT = {
    "another format": (_spoil(lambda d: d.update(schema="veraretouch.schema/3")), "'veraretouch.schema/3' is not"),
    "no format": (_spoil(lambda d: d.pop("schema")), "None is not 'veraretouch.schema/1'"),
    "no object": (lambda d: [d], "is not 'veraretouch.schema/1'"),
    "no fingerprint": (_spoil(lambda d: d.pop("fingerprint")), "None does not belong to these slots"),
    "a fingerprint that is a number": (_spoil(lambda d: d.update(fingerprint=5)), "5 does not belong"),
    "an edited bound": (_spoil(lambda d: d["ops"][1]["slots"]["amount"].update(high=2.0)), "does not belong"),
    "an edited version": (_spoil(lambda d: d["ops"][1].update(version=9)), "does not belong"),
    "a slot that is gone": (_spoil(lambda d: d["ops"][1]["slots"].pop("bands")), "does not belong"),
    "an op that is gone": (_spoil(lambda d: d["ops"].pop()), "does not belong"),
    "no ops": (_spoil(lambda d: d.pop("ops")), "ops: None is not a list"),
    "no op": (_spoil(lambda d: d.update(ops=[])), "does not belong"),
    "an op twice": (_spoil(lambda d: d["ops"].append(d["ops"][0])), "'test.early' occurs twice"),
    "an op without id": (_spoil(lambda d: d["ops"][1].pop("id")), r"ops\[1\] cannot be read: KeyError: 'id'"),
    "an op that is a text": (_spoil(lambda d: d["ops"].append("x")), r"ops\[3\] cannot be read"),
    "slots that are a list": (_spoil(lambda d: d["ops"][0].update(slots=[])), r"ops\[0\] cannot be read"),
    "a version in words": (_spoil(lambda d: d["ops"][0].update(version="new")), r"ops\[0\] cannot be read: ValueError"),
    "a slot of unknown kind": (
        _spoil(lambda d: d["ops"][0]["slots"]["amount"].update(kind="knob")),
        r"ops\[0\] cannot be read: InvalidSlot: unknown slot kind 'knob'",
    ),
    "ops that are a number": (_spoil(lambda d: d.update(ops=5)), "ops: 5 is not a list"),
}


@pytest.mark.parametrize(("spoil", "message"), SPOILT.values(), ids=SPOILT.keys())
def test_a_spoilt_schema_document_is_refused(schema, spoil, message):
    with pytest.raises(InvalidSchema, match=message):
        Schema.from_document(spoil(schema.document()))


def test_words_may_be_edited_in_a_schema_document(schema):
    document = schema.document()
    document["ops"][0]["slots"]["amount"]["doc"] = "Translated."
    assert Schema.from_document(document) == schema


def test_json_schema_judges_values_by_op_and_slot(schema):
    validator = Draft202012Validator(schema.json_schema())
    Draft202012Validator.check_schema(schema.json_schema())
    verdicts = {
        json.dumps(values): validator.is_valid(values)
        for values in (
            {},
            {"test.warm": {}},
            {"test.warm": {"amount": 0.5, "bands": [0, 0.5, -1]}},
            {"test.warm": {"amount": 1.5}},
            {"test.warm": {"bands": [0, 0.5]}},
            {"test.warm": {"colour": 0.5}},
            {"test.cold": {}},
        )
    }
    assert list(verdicts.values()) == [True, True, True, False, False, False, False]


def test_json_schema_carries_the_fingerprint(schema):
    assert schema.json_schema()["x-fingerprint"] == schema.fingerprint


def test_a_document_of_a_large_lattice_stays_small():
    assert len(json.dumps(Schema.of([Late], lattice=65).document())) < 2_000
    assert np.prod(Schema.of([Late], lattice=65).spec("test.late").slots["table"].shape) > 800_000


def test_the_repr_names_ops_and_size(schema):
    assert repr(schema).startswith("Schema(test.early, test.warm, test.late; 384 numbers, ")
