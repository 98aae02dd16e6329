"""Latents: packing, presence, groups, rows, and mixed batches through the renderer."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from veraretouch import Bands, Embedding, Latents, Lattice, Op, Renderer, Schema, Slot, Stage, registry
from veraretouch.core.errors import InvalidLatents, OutOfBounds


class Lift(Op):
    """Lift a photo."""

    id = "test.lift"
    version = 1
    stage = Stage.TONE
    pointwise = True
    amount = Slot(group="lighting", doc="How far.")
    bands = Bands(3, group="specific_color", doc="By channel.")

    def apply(self, rgb, p):
        return rgb + p.amount + p.bands


class Tint(Op):
    """Tint a photo by a learned vector."""

    id = "test.tint"
    version = 1
    stage = Stage.NEURAL
    pointwise = True
    vector = Embedding(3, group="global_color", doc="The tint.")

    def apply(self, rgb, p):
        return rgb * (1 + p.vector)


class Table(Op):
    """Look up."""

    id = "test.table"
    version = 1
    stage = Stage.LOOK
    pointwise = True
    table = Lattice(2, group="global_color", doc="Colours.")

    def apply(self, rgb, p):
        return rgb * p.table.mean()


SCHEMA = Schema.of([Lift, Tint, Table])
OPS = [Lift, Tint, Table]


def _tensor(*rows):
    return torch.tensor(rows)


def _lift(*amounts, **options):
    return Latents(SCHEMA, {"test.lift": {"amount": torch.tensor(amounts)}}, **options)


BROKEN = {
    "unknown op": (
        lambda: Latents(SCHEMA, {"test.lfit": {}}),
        "no op 'test.lfit' in this schema. Did you mean 'test.lift'",
    ),
    "unknown slot": (
        lambda: Latents(SCHEMA, {"test.lift": {"amuont": _tensor(0.0)}}),
        "op 'test.lift' has no slot 'amuont'. Did you mean 'amount'",
    ),
    "a number": (lambda: Latents(SCHEMA, {"test.lift": {"amount": 0.3}}), "amount: 0.3 is no batch"),
    "a scalar tensor": (lambda: Latents(SCHEMA, {"test.lift": {"amount": torch.tensor(0.3)}}), "is no batch"),
    "whole numbers": (lambda: _lift(1), "dtype torch.int64 is not a float"),
    "another shape": (
        lambda: Latents(SCHEMA, {"test.lift": {"bands": torch.zeros(2, 4)}}),
        r"test.lift.bands: shape \(2, 4\) is not \(2, 3\)",
    ),
    "rows that differ": (
        lambda: Latents(SCHEMA, {"test.lift": {"amount": torch.zeros(2), "bands": torch.zeros(3, 3)}}),
        r"bands: shape \(3, 3\) is not \(2, 3\)",
    ),
    "another batch": (lambda: _lift(0.1, 0.2, batch=3), r"shape \(2,\) is not \(3,\)"),
    "another device": (
        lambda: Latents(SCHEMA, {"test.lift": {"amount": torch.zeros(1), "bands": torch.zeros(1, 3, device="meta")}}),
        "on meta, others on cpu",
    ),
    "missing without identity": (lambda: Latents(SCHEMA, {"test.tint": {}}), "vector is missing and has no identity"),
    "presence of another length": (
        lambda: _lift(0.1, present={"test.lift": torch.tensor([True, False])}),
        r"presence must be \(1,\) bool",
    ),
    "presence in numbers": (lambda: _lift(0.1, present={"test.lift": torch.tensor([1])}), r"must be \(1,\) bool"),
    "presence without values": (
        lambda: _lift(0.1, present={"test.tint": torch.tensor([True])}),
        "op 'test.tint' is present but has no values",
    ),
    "packed too short": (lambda: Latents.unpack(SCHEMA, torch.zeros(1, 5)), r"\(1, 5\) is not \(B, 31\)"),
    "packed without rows": (lambda: Latents.unpack(SCHEMA, torch.zeros(31)), r"\(31,\) is not \(B, 31\)"),
    "packed whole numbers": (lambda: Latents.unpack(SCHEMA, torch.zeros(1, 31, dtype=torch.int64)), "is not a float"),
    "presence that does not fit": (
        lambda: Latents.unpack(SCHEMA, torch.zeros(1, 31), present=torch.ones(1, 2, dtype=torch.bool)),
        r"presence of shape \(1, 2\) is not \(1, 3\)",
    ),
    "nothing to join": (lambda: Latents.cat([]), "no latents to join"),
    "two schemas": (
        lambda: Latents.cat([_lift(0.1), Latents(Schema.of([Lift]), {"test.lift": {}})]),
        "different schemas",
    ),
    "a row too far": (lambda: _lift(0.1).row(1), "row 1 of latents with 1 rows"),
    "a row too early": (lambda: _lift(0.1).row(-2), "row -2 of latents"),
    "too few sets of groups": (lambda: _lift(0.1, 0.2).masked([{"lighting"}]), "1 sets of groups for 2 rows"),
    "a word for a set of groups": (lambda: _lift(0.1).masked(["lighting"]), "one set of names a row"),
}


@pytest.mark.parametrize(("make", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_latents_that_do_not_fit_are_refused(make, message):
    with pytest.raises(InvalidLatents, match=message):
        make()


def test_a_missing_slot_takes_its_identity_and_a_missing_op_is_absent():
    latents = _lift(0.1, 0.2)
    assert latents.batch == 2
    assert list(latents.values) == ["test.lift"]
    assert latents.values["test.lift"]["bands"].tolist() == [[0.0] * 3] * 2
    assert latents.presence().tolist() == [[True, False, False]] * 2


def test_no_values_are_one_row_that_does_nothing():
    latents = Latents(SCHEMA, {})
    assert latents.batch == 1
    assert not latents.presence().any()
    assert Latents(SCHEMA, {}, batch=4).presence().shape == (4, 3)


def test_values_stand_in_schema_order_whatever_their_own():
    latents = Latents(SCHEMA, {"test.tint": {"vector": torch.zeros(1, 3)}, "test.lift": {}})
    assert list(latents.values) == ["test.lift", "test.tint"]


def test_identity_holds_every_op_that_has_one():
    latents = Latents.identity(SCHEMA, 2, dtype=torch.float64)
    assert latents.presence().tolist() == [[True, True, False]] * 2
    assert latents.dtype == torch.float64
    np.testing.assert_array_equal(
        latents.values["test.table"]["table"][1], SCHEMA.spec("test.table").slots["table"].identity
    )


def test_presence_stands_in_schema_order():
    assert list(SCHEMA.specs) == ["test.lift", "test.table", "test.tint"]
    latents = Latents(
        SCHEMA,
        {"test.tint": {"vector": torch.zeros(2, 3)}, "test.lift": {"amount": torch.zeros(2)}},
        present={"test.tint": torch.tensor([False, True])},
    )
    assert latents.presence().tolist() == [[True, False, False], [True, False, True]]


def test_pack_stands_in_schema_order_with_identities_for_what_is_absent():
    packed = _lift(0.5).pack()
    identity = SCHEMA.spec("test.table").slots["table"].identity.ravel().tolist()
    assert packed.tolist() == [[0.5, 0.0, 0.0, 0.0, *identity, 0.0, 0.0, 0.0]]


def _rows(data):
    batch = data.draw(st.integers(1, 4))
    seed = data.draw(st.integers(0, 2**32 - 1))
    generator = torch.Generator().manual_seed(seed)
    packed = torch.rand(batch, SCHEMA.size, generator=generator) * 2 - 1
    present = torch.rand(batch, 3, generator=generator) < 0.5
    return packed, present


@given(data=st.data())
def test_pack_and_unpack_are_inverse(data):
    packed, present = _rows(data)
    latents = Latents.unpack(SCHEMA, packed, present=present)
    assert torch.equal(latents.pack(), packed)
    assert torch.equal(latents.presence(), present)
    again = Latents.unpack(SCHEMA, latents.pack(), present=latents.presence())
    for op, slots in latents.values.items():
        for name, value in slots.items():
            assert torch.equal(again.values[op][name], value)


@given(data=st.data())
def test_rows_joined_again_are_the_same_latents(data):
    packed, present = _rows(data)
    latents = Latents.unpack(SCHEMA, packed, present=present)
    joined = Latents.cat([latents.row(i) for i in range(latents.batch)])
    assert torch.equal(joined.pack(), packed)
    assert torch.equal(joined.presence(), present)


@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(0, 100))
def test_squashed_latents_of_all_built_in_ops_are_valid_and_come_back(seed, scale):
    schema = Schema.of((registry.ops.load(id) for id in registry.ops.ids()), lattice=2)
    raw = scale * torch.randn(2, schema.size, generator=torch.Generator().manual_seed(seed))
    latents = Latents.squash(schema, raw).check()
    again = Latents.squash(schema, latents.unsquash())
    for op, name, slot in schema:
        left, right = latents.values[op][name], again.values[op][name]
        if slot.period is not None:
            turn = (left - right).abs()
            left, right = torch.minimum(turn, slot.period - turn), torch.zeros_like(turn)
        torch.testing.assert_close(left, right, rtol=1e-5, atol=1e-4)


def test_raw_zeros_are_the_identity_of_all_built_in_ops():
    schema = Schema.of((registry.ops.load(id) for id in registry.ops.ids()), lattice=3)
    assert torch.equal(Latents.squash(schema, torch.zeros(1, schema.size)).pack(), Latents.identity(schema).pack())


def test_gradients_flow_through_pack_unpack_squash_and_masking():
    raw = torch.full((2, SCHEMA.size), 0.1, requires_grad=True)
    latents = Latents.squash(SCHEMA, raw).masked([{"lighting"}, {"lighting", "specific_color", "global_color"}])
    latents.pack().sum().backward()
    assert (raw.grad[1] > 0).all()
    # In the first row only test.lift's amount, the first number, is on.
    assert (raw.grad[0] > 0).tolist() == [True] + [False] * (SCHEMA.size - 1)


def test_a_group_that_is_switched_off_takes_its_slots_to_off():
    latents = Latents(SCHEMA, {"test.lift": {"amount": _tensor(0.5, 0.5), "bands": torch.ones(2, 3)}})
    masked = latents.masked([{"lighting"}, ["specific_color", "another"]])
    assert masked.values["test.lift"]["amount"].tolist() == [0.5, 0.0]
    assert masked.values["test.lift"]["bands"].tolist() == [[0.0] * 3, [1.0] * 3]
    assert masked.presence().tolist() == [[True, False, False]] * 2
    assert latents.values["test.lift"]["amount"].tolist() == [0.5, 0.5]


def test_an_op_whose_groups_are_all_off_is_absent():
    latents = Latents(SCHEMA, {"test.lift": {}, "test.tint": {"vector": torch.ones(2, 3)}})
    masked = latents.masked([{"global_color"}, {"lighting"}])
    assert masked.presence().tolist() == [[False, False, True], [True, False, False]]
    assert masked.values["test.tint"]["vector"].tolist() == [[1.0] * 3, [0.0] * 3]
    assert latents.presence().tolist() == [[True, False, True]] * 2


def test_masking_does_not_bring_an_absent_op_back():
    latents = _lift(0.5, present={"test.lift": torch.tensor([False])})
    assert not latents.masked([{"lighting", "specific_color"}]).presence().any()


def test_check_names_op_slot_row_value_and_rule():
    with pytest.raises(OutOfBounds, match=r"test.lift.amount \(row 1\): 1.5 is above the maximum 1.0"):
        _lift(0.5, 1.5).check()
    with pytest.raises(OutOfBounds, match=r"test.lift.bands\[2\]: -3.0 is below the minimum -1.0"):
        Latents(SCHEMA, {"test.lift": {"bands": torch.tensor([[0.0, 0.0, -3.0]])}}).check()
    with pytest.raises(OutOfBounds, match="nan is not finite"):
        _lift(math.nan).check()


def test_check_passes_over_rows_in_which_the_op_is_absent():
    latents = _lift(0.5, 1.5, present={"test.lift": torch.tensor([True, False])})
    assert latents.check() is latents


def test_a_row_holds_its_own_values_and_presence():
    latents = _lift(0.1, 0.2, 0.3, present={"test.lift": torch.tensor([True, False, True])})
    assert [float(latents.row(i).values["test.lift"]["amount"]) for i in (0, 1, -1)] == pytest.approx([0.1, 0.2, 0.3])
    assert [bool(latents.row(i).present["test.lift"]) for i in (0, 1, -1)] == [True, False, True]
    assert latents.row(1).batch == 1


def test_joining_leaves_an_op_absent_where_it_was_missing():
    joined = Latents.cat(
        [_lift(0.1), Latents(SCHEMA, {"test.tint": {"vector": torch.ones(1, 3)}}), Latents(SCHEMA, {})]
    )
    assert joined.batch == 3
    assert joined.presence().tolist() == [[True, False, False], [False, False, True], [False, False, False]]
    assert joined.values["test.tint"]["vector"].tolist() == [[0.0] * 3, [1.0] * 3, [0.0] * 3]


def test_latents_of_a_schema_without_ops_pack_and_join():
    empty = Latents(Schema.of([]), {}, batch=2)
    assert empty.pack().shape == (2, 0)
    assert empty.presence().shape == (2, 0)
    assert Latents.cat([empty, empty]).batch == 4


def test_to_changes_the_float_type_of_values_and_keeps_presence():
    latents = _lift(0.5, 0.25, present={"test.lift": torch.tensor([True, False])}).to(dtype=torch.float64)
    assert latents.dtype == torch.float64
    assert {value.dtype for value in latents.values["test.lift"].values()} == {torch.float64}
    assert latents.presence().tolist() == [[True, False, False], [False, False, False]]


def test_to_moves_values_and_presence_to_a_device():
    moved = _lift(0.5).to("meta")
    assert moved.device.type == moved.presence().device.type == moved.present["test.lift"].device.type == "meta"


@pytest.fixture
def photos():
    return torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(1))


def _mixed(present, requires_grad=False):
    """Latents in which test.lift is in all rows and test.tint in some, NaN where it is absent."""
    vector = torch.full((3, 3), math.nan)
    vector[present] = 0.2
    amount = torch.tensor([0.1, 0.2, 0.3], requires_grad=requires_grad)
    vector.requires_grad_(requires_grad)
    values = {"test.lift": {"amount": amount}, "test.tint": {"vector": vector}}
    return Latents(SCHEMA, values, present={"test.tint": torch.tensor(present)}), amount, vector


@pytest.mark.parametrize("present", [[True, False, True], [False, True, False], [False, False, False], [True] * 3])
def test_in_a_mixed_batch_each_row_is_what_it_would_be_alone(photos, present):
    latents, _, _ = _mixed(present)
    done = Renderer(OPS)(photos, latents, clamp=False)
    for i, here in enumerate(present):
        alone = _lift(0.1 * (i + 1)) if not here else latents.row(i)
        assert torch.equal(done[i : i + 1], Renderer(OPS)(photos[i : i + 1], alone, clamp=False))


@pytest.mark.parametrize("present", [[True, False, True], [False, True, False]])
@pytest.mark.parametrize("traced", [False, True])
def test_rows_in_which_every_op_is_absent_pass_bit_for_bit(photos, present, traced):
    vector = torch.full((3, 3), 0.3, requires_grad=traced)
    latents = Latents(SCHEMA, {"test.tint": {"vector": vector}}, present={"test.tint": torch.tensor(present)})
    done = Renderer(OPS)(photos, latents)
    for i, here in enumerate(present):
        assert torch.equal(done[i], photos[i]) != here


def test_gradients_of_a_mixed_batch_are_finite_and_zero_in_absent_rows(photos):
    photos.requires_grad_(True)
    latents, amount, vector = _mixed([True, False, True], requires_grad=True)
    Renderer(OPS)(photos, latents, clamp=False).square().sum().backward()
    assert torch.isfinite(photos.grad).all()
    assert (amount.grad > 0).all()
    assert torch.isfinite(vector.grad).all()
    assert vector.grad[1].tolist() == [0.0, 0.0, 0.0]
    assert (vector.grad[[0, 2]] != 0).all()
    # The absent row's photo has the gradient of test.lift alone.
    torch.testing.assert_close(photos.grad[1], 2 * (photos[1] + 0.2).detach())


def test_no_gradient_reaches_an_op_that_is_absent_in_every_row(photos):
    latents, amount, vector = _mixed([False, False, False], requires_grad=True)
    Renderer(OPS)(photos, latents, clamp=False).sum().backward()
    assert vector.grad is None
    assert (amount.grad > 0).all()


@given(seed=st.integers(0, 2**32 - 1))
def test_built_in_ops_mix_in_one_batch_with_finite_gradients(seed):
    schema = Schema.of((registry.ops.load(id) for id in registry.ops.ids() if id != "neural"), lattice=2)
    generator = torch.Generator().manual_seed(seed)
    photos = torch.rand(3, 3, 2, 2, generator=generator)
    photos[:, :, 0, 0], photos[:, :, 0, 1] = 0.0, 1.0
    raw = torch.randn(3, schema.size, generator=generator, requires_grad=True)
    present = torch.rand(3, len(schema.specs), generator=generator) < 0.4
    present[0] = False
    latents = Latents.squash(schema, raw, present=present)
    done = Renderer()(photos, latents, clamp=False)
    assert torch.isfinite(done).all()
    assert torch.equal(done[0], photos[0])
    if not present.any():
        return
    done.square().sum().backward()
    assert torch.isfinite(raw.grad).all()
    start = 0
    for op, _, slot in schema:
        rows = raw.grad[:, start : start + slot.size]
        absent = ~present[:, list(schema.specs).index(op)]
        assert (rows[absent] == 0).all()
        start += slot.size


def test_the_repr_names_rows_and_ops():
    assert repr(_lift(0.1, 0.2)) == "Latents(2 rows; test.lift)"
    assert repr(Latents(SCHEMA, {})) == "Latents(1 row; no ops)"
