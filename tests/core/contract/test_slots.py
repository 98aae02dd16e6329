"""Slots: what they accept, what they refuse, and that they survive as documents."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from veraretouch import Bands, Curve, Embedding, GreyPicture, Lattice, Matrix, Slot, Strokes, registry
from veraretouch.core.contract.slot_kinds import identity_lattice, slot_from_document
from veraretouch.core.errors import InvalidSlot, OutOfBounds

WORDS = {"group": "lighting", "doc": "Something."}

KINDS = {
    "scalar": Slot(0.25, low=-5.0, high=5.0, unit="EV", **WORDS),
    "one-sided": Slot(0.0, low=0.0, high=1.0, **WORDS),
    "unbounded": Slot(0.0, low=None, high=None, **WORDS),
    "half-bounded": Slot(1.0, low=0.0, high=None, **WORDS),
    "angle": Slot(0.0, low=-180.0, high=180.0, unit="deg", period=360.0, **WORDS),
    "bands": Bands(8, **WORDS),
    "bands with their own bounds": Bands(3, [0.0, 1.0, 2.0], low=[-1.0, 0.5, 2.0], high=[1.0, 1.5, 9.0], **WORDS),
    "curve": Curve(17, **WORDS),
    "matrix": Matrix(3, 3, low=-2.0, high=2.0, **WORDS),
    "matrix that is not square": Matrix(2, 3, low=[[-1.0, -2.0, -3.0], [-4.0, -5.0, -6.0]], high=7.0, **WORDS),
    "embedding": Embedding(5, **WORDS),
    "large embedding": Embedding(896, **WORDS),
    "lattice": Lattice(3, **WORDS),
    "lattice of one dimension": Lattice(5, dimensions=1, **WORDS),
    "lattice with its own bounds": Lattice(2, low=0.0, high=1.0, **WORDS),
    "strokes": Strokes(3, **WORDS),
    "picture": GreyPicture(2, 5, **WORDS),
}
every_kind = pytest.mark.parametrize("slot", KINDS.values(), ids=KINDS.keys())

BROKEN = {
    "crossed bounds": (lambda: Slot(low=1.0, high=-1.0, **WORDS), "is not below high"),
    "bounds without room": (lambda: Slot(0.0, low=0.0, high=0.0, **WORDS), "is not below high"),
    "one crossed band": (lambda: Bands(2, low=[0.0, 0.0], high=[1.0, -1.0], **WORDS), "Every bound needs room"),
    "identity below": (lambda: Slot(-2.0, **WORDS), r"identity -2.0 lies outside \[-1.0, 1.0\]"),
    "identity above": (lambda: Slot(2.0, **WORDS), r"identity 2.0 lies outside \[-1.0, 1.0\]"),
    "off outside": (lambda: Slot(off=3.0, **WORDS), "off 3.0 lies outside"),
    "identity NaN": (lambda: Slot(math.nan, **WORDS), "identity nan is not finite"),
    "infinite bound": (lambda: Slot(high=math.inf, **WORDS), "high inf is not finite. Give None for a missing bound"),
    "NaN bound": (lambda: Slot(low=math.nan, **WORDS), "low nan is not finite"),
    "no doc": (lambda: Slot(group="lighting", doc=" "), "Say in one sentence what it does"),
    "doc that is no text": (lambda: Slot(group="lighting", doc=None), "Say in one sentence what it does"),
    "group of two words": (lambda: Slot(group="my group", doc="Something."), "Use one of lighting, global_color"),
    "group that is no text": (lambda: Slot(group=None, doc="Something."), "group None is not a word"),
    "period of another length": (lambda: Slot(period=1.0, **WORDS), "Declare bounds one period apart"),
    "period without bounds": (lambda: Slot(low=None, high=None, period=1.0, **WORDS), "one period apart"),
    "identity of another shape": (lambda: Bands(3, [0.0, 0.0], **WORDS), r"does not fit the shape \(3,\)"),
    "identity that is no number": (lambda: Slot("warm", **WORDS), "'warm' does not fit"),
    "bound that is no number": (lambda: Slot(low={}, **WORDS), "low {} does not fit"),
    "neither identity nor off": (lambda: Embedding(3, off=None, **WORDS), "Embeddings take zeros"),
    "no bands": (lambda: Bands(0, **WORDS), r"shape \(0,\) of a bands"),
    "half a band": (lambda: Bands(2.5, **WORDS), r"shape \(2.5,\)"),
    "scalar with a shape": (lambda: Slot(shape=(3,), **WORDS), "Use Bands"),
    "lattice of one point": (lambda: Lattice(1, **WORDS), "a lattice of 1 points an edge. Use 2 to 129"),
    "lattice of 130 points": (lambda: Lattice(130, **WORDS), "a lattice of 130 points an edge. Use 2 to 129"),
    "lattice of 65,537 points in one dimension": (lambda: Lattice(65_537, dimensions=1, **WORDS), "Use 2 to 65536"),
    "lattice of two dimensions": (lambda: Lattice(3, dimensions=2, **WORDS), "a lattice of 2 dimensions. Use 3, or 1"),
    "lattice with an identity of its own": (lambda: Lattice(3, identity=0.0, **WORDS), "follow from n"),
    "no strokes": (lambda: Strokes(0, **WORDS), "strokes of 0 points. Use 1 to 20000"),
    "strokes with bounds": (lambda: Strokes(2, low=0.0, **WORDS), "strokes cannot declare low. They follow"),
    "a picture of 1,025 rows": (lambda: GreyPicture(1025, 2, **WORDS), "a picture of 2 x 1025 pixels. Use 1 to 1024"),
    "lattice with bounds a point": (lambda: Lattice(2, low=[-1.0, -2.0, -3.0], **WORDS), "one bound for all"),
}


@pytest.mark.parametrize(("declare", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_declaration_is_refused_with_its_cure(declare, message):
    with pytest.raises(InvalidSlot, match=message):
        declare()


REFUSED = {
    "text": ("0.5", "'0.5' is not made of numbers. Give a number from -1 to 1."),
    "bytes": (b"0.5", "is not made of numbers"),
    "true": (True, "True is not made of numbers"),
    "numpy's true": (np.True_, "is not made of numbers"),
    "nothing": (None, "None is not made of numbers"),
    "object": ({"x": 1}, "is not made of numbers"),
    "complex": (1j, "is not made of numbers"),
    "list": ([0.5], r"shape \[1\] is not \[\]"),
    "NaN": (math.nan, "nan is not finite"),
    "infinity": (math.inf, "inf is not finite"),
    "too low": (-1.5, "-1.5 is below the minimum -1.0"),
    "too high": (9, "9.0 is above the maximum 1.0"),
    "a hair too high": (1.00001, "1.00001 is above the maximum 1.0"),
    "beyond 64 bits": (10**30, "1e.30 is above the maximum 1.0"),
    "beyond floats": (10**400, "x: inf is not finite"),
    "beyond printing": (-(10**10_000), "x: -inf is not finite"),
}


@pytest.mark.parametrize(("value", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_scalar_slot_refuses_what_is_no_number_within_its_bounds(value, message):
    with pytest.raises(OutOfBounds, match=message) as caught:
        Slot(**WORDS).check(value, path="x")
    assert str(caught.value).startswith("x: ")
    assert caught.value.cure == "Give a number from -1 to 1."


REFUSED_BANDS = {
    "uneven rows": ([[1.0], [1.0, 2.0], 0.0], "x: a list of uneven rows"),
    "a bool among numbers": ([0.5, True, 0.0], "x: .* is not made of numbers"),
    "a text among numbers": ([0.5, "0.1", 0.0], "x: .* is not made of numbers"),
    "a null among numbers": ([0.5, None, 0.0], "x: .* is not made of numbers"),
    "too short": ([0.5, 0.0], r"x: shape \[2\] is not \[3\]"),
    "a scalar": (0.5, r"x: shape \[\] is not \[3\]"),
    "NaN in the middle": ([0.5, math.nan, 0.0], r"x\[1\]: nan is not finite"),
    "too high at the end": ([0.5, 0.0, 1.5], r"x\[2\]: 1.5 is above the maximum 1.0"),
    "too low at the start": ([-7, 0, 0], r"x\[0\]: -7.0 is below the minimum -1.0"),
    "huge among floats": ([0.5, 10**400, 0.0], r"x\[1\]: inf is not finite"),
}


@pytest.mark.parametrize(("value", "message"), REFUSED_BANDS.values(), ids=REFUSED_BANDS.keys())
def test_a_vector_slot_names_the_element_that_it_refuses(value, message):
    with pytest.raises(OutOfBounds, match=f"^{message}"):
        Bands(3, **WORDS).check(value, path="x")


def test_a_matrix_names_row_and_column_of_what_it_refuses():
    with pytest.raises(
        OutOfBounds, match=r"x\[1\]\[2\]: 5.0 is above the maximum 2.0. Give an array of shape \[2, 3\]"
    ):
        Matrix(2, 3, low=-2.0, high=2.0, **WORDS).check([[0, 0, 0], [0, 0, 5]], path="x")


def test_a_unit_stands_in_the_cure():
    with pytest.raises(OutOfBounds, match=r"Give a number from -5 to 5 EV\."):
        KINDS["scalar"].check(6, path="x")


@pytest.mark.parametrize("value", [0.5, 1, np.float32(0.5), np.int64(1), np.array(0.5)])
def test_a_number_of_any_type_comes_back_as_float64(value):
    checked = Slot(**WORDS).check(value, path="x")
    assert checked.dtype == np.float64
    assert checked == value


def test_what_float32_rounding_puts_beyond_a_bound_is_put_on_it():
    slot = Slot(0.0, low=-0.7, high=0.7, **WORDS)
    rounded = np.float32(0.7) + np.float32(6e-8)
    assert float(rounded) > 0.7
    assert slot.check(rounded, path="x") == 0.7
    assert slot.check(-rounded, path="x") == -0.7


@every_kind
def test_identity_and_off_lie_within_the_bounds(slot):
    for value in (slot.identity, slot.off):
        if value is not None:
            np.testing.assert_array_equal(slot.check(value, path="x"), value)


@every_kind
def test_a_slot_survives_as_a_json_document(slot):
    again = slot_from_document(json.loads(json.dumps(slot.document(), allow_nan=False)))
    assert type(again) is type(slot)
    assert again.document() == slot.document()
    np.testing.assert_array_equal(again.off, slot.off)
    for fact in ("identity", "low", "high"):
        before, after = getattr(slot, fact), getattr(again, fact)
        assert (before is None and after is None) or np.array_equal(before, after)


def _without(key):
    return lambda document: {name: fact for name, fact in document.items() if name != key}


def _with(**facts):
    return lambda document: document | facts


SPOILT = {
    "no kind": (_without("kind"), "cannot be read: 'kind'"),
    "no shape": (_without("shape"), "cannot be read: 'shape'"),
    "no dtype": (_without("dtype"), "cannot be read: 'dtype'"),
    "no group": (_without("group"), "cannot be read: .*'group'"),
    "an unknown fact": (_with(colour="red"), "cannot be read: .*'colour'"),
    "an unknown kind": (_with(kind="knob"), "unknown slot kind 'knob'. Known: scalar, bands"),
    "a kind that is no text": (_with(kind=[]), "cannot be read"),
    "another dtype": (_with(dtype="float16"), "dtype 'float16'"),
    "another shape": (_with(shape=[4]), r"does not fit the shape \(4,\)"),
    "a shape of another rank": (_with(shape=[3, 3]), "cannot be read|shape"),
    "a shape that is no list": (_with(shape=3), "cannot be read"),
    "crossed bounds": (_with(low=2.0), "is not below high"),
}


@pytest.mark.parametrize(("spoil", "message"), SPOILT.values(), ids=SPOILT.keys())
def test_a_spoilt_slot_document_is_refused(spoil, message):
    with pytest.raises(InvalidSlot, match=message):
        slot_from_document(spoil(Curve(3, **WORDS).document()))


@pytest.mark.parametrize("shape", [[4, 4, 4, 4], [4, 4, 5, 3], [], [1, 1, 1, 3]])
def test_a_lattice_document_of_another_shape_is_refused(shape):
    with pytest.raises(InvalidSlot):
        slot_from_document(Lattice(4, **WORDS).document() | {"shape": shape})


def test_facts_leave_words_out_and_document_has_them():
    slot = KINDS["scalar"]
    assert not {"doc", "unit"} & set(slot.facts())
    assert slot.document() == {**slot.facts(), "unit": "EV", "doc": "Something."}


def test_negative_zero_and_whole_numbers_are_the_same_facts_as_floats():
    left = Slot(-0.0, low=-180, high=180, period=360, **WORDS)
    right = Slot(0.0, low=-180.0, high=180.0, period=360.0, **WORDS)
    assert json.dumps(left.facts()) == json.dumps(right.facts())


def test_a_slot_keeps_its_values_when_somebody_writes_into_them():
    with pytest.raises(ValueError, match="read-only"):
        KINDS["bands"].identity[0] = 1.0


def test_the_identity_lattice_runs_as_a_cube_file_does():
    lattice = identity_lattice(3)
    # Axes blue, green, red; the last holds red, green, blue.
    assert lattice[0, 0, 2].tolist() == [1.0, 0.0, 0.0]
    assert lattice[0, 2, 0].tolist() == [0.0, 1.0, 0.0]
    assert lattice[2, 0, 0].tolist() == [0.0, 0.0, 1.0]


def test_a_lattice_of_one_dimension_is_a_straight_line_a_channel():
    slot = Lattice(3, dimensions=1, **WORDS)
    assert slot.identity.tolist() == [[0.0] * 3, [0.5] * 3, [1.0] * 3]
    assert slot.sized_for([[0.0, 0.0, 0.0]] * 4).shape == (4, 3)


def test_a_resized_lattice_keeps_bounds_group_and_words():
    slot = KINDS["lattice with its own bounds"]
    grown = slot.resized(5)
    assert grown.shape == (5, 5, 5, 3)
    assert grown.facts() == slot.facts() | {"shape": [5, 5, 5, 3]}
    np.testing.assert_array_equal(grown.identity, identity_lattice(5))
    assert slot.resized(2) is slot


def _random_value(slot, data):
    """A value of about the slot's shape, in and out of bounds, sometimes not a number at all."""
    low = np.broadcast_to(-4.0 if slot.low is None else slot.low, slot.shape)
    high = np.broadcast_to(4.0 if slot.high is None else slot.high, slot.shape)
    share = data.draw(st.floats(0, 1))
    value = (low + share * (high - low)).tolist()
    flaw = data.draw(st.sampled_from(["none", "low", "high", "bool", "text", "shape", "null"]))
    spoilt = {
        "low": low.flat[-1] - data.draw(st.floats(0.01, 1e6)),
        "high": high.flat[-1] + data.draw(st.floats(0.01, 1e6)),
        "bool": True,
        "text": "0.5",
        "null": None,
    }
    if flaw == "none":
        return value
    if flaw == "shape":
        return [value]
    if not slot.shape:
        return spoilt[flaw]
    # The last element, however deep it lies.
    inner = value
    while isinstance(inner[-1], list):
        inner = inner[-1]
    inner[-1] = spoilt[flaw]
    return value


@every_kind
@given(data=st.data())
def test_json_schema_and_check_give_the_same_verdict(slot, data):
    value = _random_value(slot, data)
    try:
        slot.check(value, path="x")
    except OutOfBounds:
        accepted = False
    else:
        accepted = True
    assert Draft202012Validator(slot.json_schema()).is_valid(value) == accepted


@every_kind
def test_json_schema_is_a_schema_whose_default_is_valid(slot):
    schema = json.loads(json.dumps(slot.json_schema(), allow_nan=False))
    Draft202012Validator.check_schema(schema)
    assert (schema["description"], schema["x-group"], schema["x-unit"]) == (slot.doc, slot.group, slot.unit)
    if "default" in schema:
        Draft202012Validator(schema).validate(schema["default"])


def _builtin_slots():
    return [
        pytest.param(slot, id=f"{op}.{name}")
        for op in registry.ops.ids()
        for name, slot in registry.ops.load(op).slots.items()
    ]


@pytest.mark.parametrize("slot", _builtin_slots())
def test_every_installed_slot_survives_as_a_document_and_is_valid_by_its_own_json_schema(slot):
    slot = slot.resized(3) if isinstance(slot, Lattice) else slot
    again = slot_from_document(json.loads(json.dumps(slot.document())))
    assert again.facts() == slot.facts()
    if slot.identity is not None:
        assert Draft202012Validator(slot.json_schema()).is_valid(slot.identity.tolist())


@pytest.mark.parametrize("slot", [Strokes(**WORDS), GreyPicture(**WORDS)], ids=["strokes", "picture"])
def test_strokes_and_pictures_take_the_size_of_their_value(slot):
    value = np.full((4, 6), 0.5)
    assert slot.sized_for(value).shape == (4, 6)
    assert slot.sized_for(value).check(value, path="here").shape == (4, 6)
    assert slot.sized_for([[1.0], [2.0, 3.0]]) is slot  # `check` refuses uneven rows by name
    with pytest.raises(OutOfBounds, match=r"here\[0\]\[2\]: 2.0 is above the maximum 1"):
        slot.sized_for(value).check([[0.5, 0.5, 2.0, 0.5, 0.5, 0.5]] * 4, path="here")
