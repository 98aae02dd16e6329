"""Plans that are read, written and read again. Malformed ones stand in test_plan_malformed.py."""

import base64
import copy
import json
import math
import os
import stat

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from veraretouch import Bands, Edit, Embedding, Latents, Lattice, Op, Plan, Schema, Slot, Stage, registry
from veraretouch.core.errors import InvalidPlan, OutOfBounds


class Fade(Op):
    """Fade a photo; its version 2 counts from 0 to 1 where version 1 counted per cent."""

    id = "test.fade"
    version = 2
    stage = Stage.TONE
    pointwise = True
    amount = Slot(low=0.0, high=1.0, group="lighting", doc="How far.")
    bands = Bands(3, group="specific_color", doc="By band.")

    def apply(self, rgb, p):
        return rgb * (1 - p.amount)

    @classmethod
    def migrate(cls, values, version):
        return {"amount": values["amount"] / 100} if "amount" in values else None


class Embed(Op):
    """Apply a learned vector."""

    id = "test.embed"
    version = 1
    stage = Stage.NEURAL
    pointwise = True
    vector = Embedding(100, group="effects", doc="The vector.")

    def apply(self, rgb, p):
        return rgb


class TwoTables(Op):
    """Look up twice."""

    id = "test.tables"
    version = 1
    stage = Stage.LOOK
    pointwise = True
    first = Lattice(5, group="global_color", doc="Colours.")
    second = Lattice(5, group="global_color", doc="Colours.")

    def apply(self, rgb, p):
        return rgb


@pytest.fixture(autouse=True)
def catalogue():
    """The test ops, in the catalogue for the length of a test."""
    for op in (Fade, Embed, TwoTables):
        registry.ops.add(op)
    yield
    for op in (Fade, Embed, TwoTables):
        registry.ops.remove(op.id)


def base64_array(values, shape=None):
    array = np.asarray(values, dtype="<f4")
    shape = list(array.shape) if shape is None else shape
    return {"dtype": "float32", "shape": shape, "base64": base64.b64encode(array.tobytes()).decode()}


VALID = {
    "schema": "veraretouch.plan/1",
    "mode": "style",
    "prompt": "warm and bright",
    "seed": 7,
    "strength": 0.5,
    "planner": {"id": "rules", "version": "0.1.0"},
    "groups": ["lighting", "global_color", "specific_color"],
    "edits": {
        "exposure": {"version": 1, "params": {"ev": 0.35}},
        "hsl": {"version": 1, "params": {"hue": [0, 0, 0, 0.5, 0, 0, 0, 0]}},
        "test.fade": {"version": 2, "params": {"amount": 0.25}},
    },
    "reasoning": {"lighting": {"problem": "Too dark.", "plan": "Brighten by a third of a stop."}},
}


def spoil(path, value):
    """The valid plan with one value put at a path."""
    *way, last = path.split("/")
    document = copy.deepcopy(VALID)
    inner = document
    for key in way:
        inner = inner[key]
    inner[last] = value
    return document


EV = "edits/exposure/params/ev"


@pytest.mark.parametrize(
    "source",
    [
        json.dumps(VALID),
        "  \n" + json.dumps(VALID),
        "\ufeff" + json.dumps(VALID),
        json.dumps(VALID).encode(),
        b"\xef\xbb\xbf" + json.dumps(VALID, ensure_ascii=False).encode(),
        json.dumps(VALID, indent=4).replace("\n", "\r\n"),
    ],
    ids=["text", "spaces before", "BOM in text", "bytes", "BOM in bytes", "Windows lines"],
)
def test_a_plan_is_read_from_text_bytes_and_files_with_or_without_a_byte_order_mark(source, tmp_path):
    assert Plan.load(source) == Plan.load(VALID)
    path = tmp_path / "plan.json"
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    assert Plan.load(path) == Plan.load(str(path)) == Plan.load(VALID)


def test_a_plan_needs_no_more_than_schema_mode_and_edits():
    plan = Plan.load({"schema": "veraretouch.plan/1", "mode": "auto", "edits": {}})
    assert plan == Plan()
    assert plan.latents().batch == 1
    assert plan.groups == ("lighting", "global_color", "specific_color")


def test_whole_numbers_written_as_floats_are_whole_numbers():
    document = spoil("seed", 7.0)
    document["edits"]["hsl"]["params"]["hue"] = base64_array([0] * 8) | {"shape": [8.0]}
    plan = Plan.load(document)
    assert (plan.seed, type(plan.seed)) == (7, int)
    assert plan.edits["hsl"].params["hue"].shape == (8,)


def test_an_older_version_is_brought_forward():
    plan = Plan.load(spoil("edits/test.fade", {"version": 1, "params": {"amount": 25}}))
    assert plan.edits["test.fade"].version == 2
    assert plan.edits["test.fade"].params["amount"] == 0.25


def _random_plan(seed):
    """Random values of every built-in op, in float32, valid."""
    schema = Schema.of((registry.ops.load(id) for id in registry.ops.ids() if not id.startswith("test.")), lattice=3)
    generator = torch.Generator().manual_seed(seed)
    raw = 3 * torch.randn(1, schema.size, generator=generator)
    present = torch.rand(1, len(schema.specs), generator=generator) < 0.7
    return Latents.squash(schema, raw, present=present)


@given(seed=st.integers(0, 2**32 - 1), strength=st.floats(0, 1), number=st.integers(0, 2**63 - 1), prompt=st.text())
def test_a_saved_plan_is_read_again_with_every_float32_exact(seed, strength, number, prompt, tmp_path):
    latents = _random_plan(seed)
    plan = Plan.of(latents, mode="style", prompt=prompt, strength=strength, seed=number, groups=("lighting", "effects"))
    again = Plan.load(plan.save(tmp_path / "plan.json"))
    assert again == plan
    assert again.json() == plan.json()
    assert (again.prompt, again.strength, again.seed, again.groups) == (
        prompt,
        strength,
        number,
        ("lighting", "effects"),
    )
    for op, slots in latents.values.items():
        assert (op in again.edits) == bool(latents.present[op])
        for name, value in slots.items() if op in again.edits else ():
            read = again.edits[op].params[name].astype(np.float32)
            bounded = latents.schema.spec(op).slots[name].check(value[0].numpy(), path="x").astype(np.float32)
            np.testing.assert_array_equal(read, bounded)


@given(bits=st.lists(st.integers(0, 2**32 - 1), min_size=100, max_size=100))
def test_any_finite_float32_of_an_embedding_comes_back_bit_for_bit(bits):
    vector = np.array(bits, dtype=np.uint32).view(np.float32)
    vector[~np.isfinite(vector)] = -0.0
    schema = Schema.of([Embed])
    plan = Plan.of(Latents(schema, {"test.embed": {"vector": torch.tensor(vector).unsqueeze(0)}}), groups=("effects",))
    value = Plan.load(plan.json()).latents().values["test.embed"]["vector"][0].numpy()
    assert value.tobytes() == vector.tobytes()


@given(value=st.floats(-5, 5, width=32))
def test_any_float32_of_a_scalar_comes_back_and_is_written_in_its_shortest_decimals(value):
    schema = Schema.of([registry.ops.load("exposure")])
    plan = Plan.of(Latents(schema, {"exposure": {"ev": torch.tensor([value])}}))
    written = plan.document()["edits"]["exposure"]["params"]["ev"]
    assert np.float32(written) == np.float32(value)
    assert len(repr(written)) <= len(repr(float(np.float32(value))))
    assert Plan.load(plan.json()).latents().values["exposure"]["ev"].item() == value


@given(seed=st.integers(0, 2**32 - 1))
def test_what_a_plan_writes_is_valid_by_the_json_schema_of_its_schema(seed):
    plan = Plan.of(_random_plan(seed))
    values = {op: edit["params"] for op, edit in plan.document()["edits"].items()}
    Draft202012Validator(plan.schema().json_schema()).validate(values)


def test_readable_decimals_stand_in_the_file():
    plan = Plan.of(Latents(Schema.of([registry.ops.load("exposure")]), {"exposure": {"ev": torch.tensor([0.35])}}))
    assert '"ev": 0.35\n' in plan.json()


def test_each_lattice_keeps_its_own_size():
    params = {"first": np.zeros((2, 2, 2, 3)).tolist(), "second": base64_array(np.zeros((4, 4, 4, 3)))}
    document = {
        "schema": "veraretouch.plan/1",
        "mode": "auto",
        "edits": {"test.tables": {"version": 1, "params": params}},
    }
    latents = Plan.load(document).latents()
    assert latents.values["test.tables"]["first"].shape == (1, 2, 2, 2, 3)
    assert latents.values["test.tables"]["second"].shape == (1, 4, 4, 4, 3)


def test_groups_that_are_off_are_kept_in_the_plan_and_not_applied():
    plan = Plan.load(spoil("groups", ["specific_color"]))
    latents = plan.latents()
    assert not latents.present["exposure"].any()
    assert latents.present["hsl"].all()
    assert plan.edits["exposure"].params["ev"] == 0.35
    assert Plan.load(plan.json()).edits["exposure"].params["ev"] == 0.35


def test_a_plan_of_two_rows_is_refused():
    with pytest.raises(InvalidPlan, match=r"latents of 2 rows. A plan holds one photo; take latents.row\(i\)."):
        Plan.of(Latents(Schema.of([Fade]), {"test.fade": {}}, batch=2))


def test_a_plan_of_latents_out_of_bounds_is_refused():
    latents = Latents(Schema.of([Fade]), {"test.fade": {"amount": torch.tensor([1.5])}})
    with pytest.raises(OutOfBounds, match=r"test.fade.amount: 1.5 is above the maximum 1.0"):
        Plan.of(latents)


def test_a_plan_of_latents_leaves_out_what_is_absent_and_takes_gradients_away():
    values = {"test.fade": {"amount": torch.tensor([0.5], requires_grad=True)}, "test.tables": {}}
    latents = Latents(Schema.of([Fade, TwoTables]), values, present={"test.tables": torch.tensor([False])})
    plan = Plan.of(latents)
    assert list(plan.edits) == ["test.fade"]
    assert plan.edits["test.fade"].params["amount"] == 0.5


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"mode": "magic"}, "plan.mode: 'magic' is not one of"),
        ({"seed": -1}, "plan.seed: -1 is below the minimum 0"),
        ({"strength": math.nan}, "plan.strength: nan is not finite"),
        ({"taste": "spicy"}, "plan.taste: 'spicy' is not one of 'faithful', 'natural', 'vivid'"),
        ({"strength": 2.0}, "plan.strength: 2.0 is above the maximum 1"),
        ({"prompt": "\ud800"}, "plan.prompt: .* half a character"),
        ({"edits": {"exposure": Edit(0, {})}}, "plan.edits.exposure.version: 0 is below"),
        (
            {"edits": {"exposure": Edit(1, {"ev": np.array(math.nan)})}},
            "plan.edits.exposure.params.ev: nan is not finite",
        ),
        ({"groups": ("lighting", "lighting")}, "plan.groups: .* twice"),
    ],
)
def test_a_plan_that_could_not_be_read_again_is_not_written(facts, message, tmp_path):
    with pytest.raises(InvalidPlan, match=message):
        Plan(**facts).save(tmp_path / "plan.json")
    assert list(tmp_path.iterdir()) == []


def test_saving_replaces_the_file_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text("old")
    assert Plan.load(VALID).save(str(path)) == path
    assert Plan.load(path) == Plan.load(VALID)
    assert list(tmp_path.iterdir()) == [path]
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize("place", ["missing/plan.json", "folder"])
def test_a_plan_that_cannot_be_written_is_an_error_that_leaves_nothing_behind(place, tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(InvalidPlan, match=r"cannot be written: .* Check the folder"):
        Plan.load(VALID).save(tmp_path / place)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_plans_are_equal_where_what_they_write_is_equal():
    assert Plan.load(VALID) == Plan.load(VALID)
    assert Plan.load(VALID) != Plan.load(spoil(EV, 0.36))
    assert Plan.load(VALID) != Plan.load(spoil("seed", 8))
    assert Edit(1, {"a": np.zeros(3)}) == Edit(1, {"a": np.zeros(3)}) != Edit(1, {"a": np.ones(3)})


def test_provider_and_asset_of_an_edit_are_kept():
    document = copy.deepcopy(VALID)
    document["edits"]["test.fade"] |= {"from": "acme-film 1.2", "asset": {"bundle": "vera-0.5b", "sha256": "00"}}
    edit = Plan.load(Plan.load(document).json()).edits["test.fade"]
    assert edit.source == "acme-film 1.2"
    assert edit.asset == {"bundle": "vera-0.5b", "sha256": "00"}


def test_digits_do_not_depend_on_how_numpy_prints():
    plan = Plan.load(
        {
            "schema": "veraretouch.plan/1",
            "mode": "param",
            "edits": {"exposure": {"version": 1, "params": {"ev": 1.2345678}}},
        }
    )
    with np.printoptions(precision=2, legacy="1.13", floatmode="fixed"):
        assert plan.document()["edits"]["exposure"]["params"] == {"ev": 1.2345678}
