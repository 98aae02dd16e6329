"""The chain: steps in order, runs of pointwise ops, blending, rows, linear light, and which photos are at identity."""

from __future__ import annotations

import pytest
import torch
from renderings import Add, Blur, Double, Shade, latents_of, photos

from veraretouch import Latents, Op, Schema, Slot, Stage
from veraretouch.core.color.srgb import linear_to_srgb, srgb_to_linear
from veraretouch.core.contract.op import Frame
from veraretouch.core.errors import InvalidOp
from veraretouch.core.render import chain
from veraretouch.core.render.chain import Chain, Step, at_identity


class Light(Op):
    """Add an amount of linear light."""

    id = "test.light"
    version = 1
    stage = Stage.EXPOSURE
    pointwise = True
    linear = True
    amount = Slot(low=-1.0, high=1.0, group="lighting", doc="How much.")

    def apply(self, light, p):
        return light + p.amount


def step(op: type[Op], *amounts: float, rows: torch.Tensor | None = None, dtype: torch.dtype = torch.float32) -> Step:
    """A step with an amount for each row."""
    made = op()
    return Step(made, made.params({"amount": torch.tensor(amounts, dtype=dtype)}, Frame(0, 0, 11, 7)), rows)


def test_steps_run_in_order():
    rgb = photos(1)
    assert torch.allclose(Chain((step(Add, 0.1), step(Double, 1.0))).run(rgb), 2 * (rgb + 0.1))
    assert torch.allclose(Chain((step(Double, 1.0), step(Add, 0.1))).run(rgb), 2 * rgb + 0.1)


def test_runs_split_where_pointwise_ops_meet_spatial_ones_and_keep_seed_but_not_strength():
    chain = Chain((step(Add, 0.1), step(Double, 1.0), step(Blur, 0.5), step(Shade, 0.2), step(Add, 0.3)), 0.25, seed=9)
    runs = list(chain.runs())
    assert [run.ids for run in runs] == [("test.add", "test.double"), ("test.blur", "test.shade"), ("test.add",)]
    assert [run.pointwise for run in runs] == [True, False, True]
    assert {(run.strength, run.seed) for run in runs} == {(1.0, 9)}
    assert not chain.pointwise


def test_the_end_is_clamped_before_it_is_blended():
    rgb = torch.full((1, 3, 2, 2), 0.5)
    chain = Chain((step(Add, 1.5),), strength=0.5)
    assert torch.allclose(chain.run(rgb, clamp=True), torch.full_like(rgb, 0.75))
    assert torch.allclose(chain.run(rgb), torch.full_like(rgb, 1.25))


def test_a_step_of_some_rows_leaves_the_others_bit_for_bit():
    rgb = photos(3)
    done = step(Add, 0.25, rows=torch.tensor([1])).run(rgb, Frame(0, 0, 11, 7))
    assert torch.equal(done[[0, 2]], rgb[[0, 2]])
    assert torch.allclose(done[1], rgb[1] + 0.25)


@pytest.mark.parametrize("whole", [False, True])
def test_ops_are_told_where_their_pixels_lie_in_the_photo(whole):
    seen = []

    class Placed(Add):
        """Note the place."""

        def apply(self, rgb, p):
            seen.append((p.frame.top, p.frame.left, p.frame.height, p.frame.width, p.frame.seed))
            return rgb + p.amount

    rgb = photos(1)
    shaded = Chain((step(Placed, 0.0), step(Shade, 1.0)), seed=5).run(rgb, whole=whole)
    assert seen == [(0, 0, 11, 7, 5)]
    fall = torch.arange(11)[:, None] / 11 + torch.arange(7) / 7
    torch.testing.assert_close(shaded, rgb * (1 - 0.5 * fall))


@pytest.mark.parametrize("rows", [None, torch.tensor([0])])
def test_an_op_that_changes_what_it_is_given_is_refused_where_torch_can_tell(rows):
    class Careless(Add):
        """Add in place."""

        def apply(self, rgb, p):
            return rgb.add_(p.amount)

    class Greedy(Add):
        """Change its own values."""

        def apply(self, rgb, p):
            return rgb + p.amount.mul_(2)

    for op in (Careless, Greedy):
        with pytest.raises(InvalidOp, match=r"op 'test.add' changes the tensors that it is given\. Give new ones"):
            step(op, 0.1, rows=rows).run(photos(1), Frame(0, 0, 11, 7))
        with torch.inference_mode():  # whose tensors count no changes
            step(op, 0.1).run(photos(1), Frame(0, 0, 11, 7))


def test_an_op_that_gives_back_something_else_is_refused_by_what_it_is():
    for result, found in (
        (lambda rgb: rgb[:, :2], r"\(1, 2, 11, 7\) torch.float32"),
        (lambda rgb: rgb.double(), r"\(1, 3, 11, 7\) torch.float64"),
        (lambda rgb: rgb.half(), r"\(1, 3, 11, 7\) torch.float16"),
        (lambda rgb: rgb.numpy(), "ndarray"),
    ):
        other = type("Other", (Add,), {"apply": lambda self, rgb, p, result=result: result(rgb)})
        with pytest.raises(InvalidOp, match=rf"op 'test.add' was given \(1, 3, 11, 7\) torch.float32 and .* {found}"):
            step(other, 0.1).run(photos(1), Frame(0, 0, 11, 7))


def test_linear_ops_get_linear_light_and_their_neighbours_encoded_values():
    rgb = photos(1).double() * 0.5
    chain = Chain((step(Double, 0.5), step(Light, 0.1), step(Light, 0.2), step(Add, 0.05)))
    wanted = linear_to_srgb(srgb_to_linear(1.5 * rgb) + 0.1 + 0.2) + 0.05
    assert torch.allclose(chain.run(rgb), wanted, atol=1e-6)
    assert torch.allclose(Chain(chain.steps[1:2]).run(rgb), linear_to_srgb(srgb_to_linear(rgb) + 0.1), atol=1e-6)


def test_a_linear_step_of_some_rows_takes_them_to_light_itself():
    rgb = photos(2) * 0.5
    some = step(Light, 0.1, rows=torch.tensor([0]))
    assert not some.linear
    assert step(Light, 0.1).linear
    done = Chain((some,)).run(rgb)
    assert torch.equal(done[1], rgb[1])
    assert torch.allclose(done[0], linear_to_srgb(srgb_to_linear(rgb[0]) + 0.1), atol=1e-6)


def test_a_map_of_colours_takes_and_gives_pixels_last():
    chain = Chain((step(Add, 0.6),), strength=0.5)
    colours = photos(1)[0].permute(1, 2, 0).contiguous().numpy()
    plain, clamped = (chain.color_map(torch.device("cpu"), clamp=clamp)(colours) for clamp in (False, True))
    assert plain.shape == colours.shape
    assert torch.allclose(torch.from_numpy(plain), torch.from_numpy(colours) + 0.3)
    assert clamped.max() <= (colours.max() + 1) / 2 + 1e-6
    assert plain.max() > clamped.max()


def test_rows_are_at_identity_where_every_slot_is_there_exactly():
    latents = latents_of(add=[0.0, 1e-7, -0.0])
    slots = dict(latents.values["test.add"])
    assert at_identity(latents, "test.add", slots).tolist() == [True, False, True]


def test_a_slot_without_identity_is_never_there():
    from veraretouch.ops.neural import Neural

    schema = Schema.of([Neural])
    slots = {name: torch.zeros(2, *slot.shape) for name, slot in schema.spec("neural").slots.items()}
    assert at_identity(Latents(schema, {"neural": slots}), "neural", slots).tolist() == [False, False]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_goes_in_and_comes_out_and_is_computed_in_single(dtype):
    rgb = photos(1, dtype=dtype)
    done = Chain((step(Add, 1e-4), step(Add, -1e-4))).run(rgb)
    assert done.dtype == dtype
    assert torch.equal(done, rgb)


def test_tiles_on_a_gpu_are_large_since_each_costs_hundreds_of_launches():
    elsewhere = torch.empty(1, 3, 8, 8, device="meta")
    assert chain._tile_pixels(elsewhere) >= 16 * chain._tile_pixels(torch.empty(1, 3, 8, 8))
