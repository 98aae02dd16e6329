"""The renderer as a torch module: its weights, its transforms, training in two processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from renderings import Add, Blur, Double, latents_of, photos
from torch import nn

from veraretouch import Latents, Op, Renderer, Schema, Slot, Stage

# What torch itself warns of where its transforms are first used.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*of a Tensor that is not a leaf.*:UserWarning"),
]
BUILT_IN = ("exposure", "contrast", "hsl", "vibrance", "tone_curve", "white_balance")


class Layer(Op):
    """Add what a small layer makes of the pixels."""

    id = "test.layer"
    version = 1
    stage = Stage.NEURAL
    pointwise = True
    amount = Slot(0.0, low=0.0, high=1.0, group="lighting", doc="How much of it is added.")

    def __init__(self) -> None:
        self.network = nn.Conv2d(3, 3, 1)

    def apply(self, rgb, p):
        return rgb + p.amount * self.network(rgb)


def half() -> Latents:
    return Latents(Schema.of([Layer]), {"test.layer": {"amount": torch.tensor([0.5])}})


def built_in(rows: int = 2, ids: tuple[str, ...] = BUILT_IN) -> tuple[Renderer, Schema, torch.Tensor, torch.Tensor]:
    from veraretouch import registry

    schema = Schema.of([registry.ops.load(id) for id in ids])
    raw = 0.3 * torch.randn(rows, schema.size, generator=torch.Generator().manual_seed(1))
    return Renderer(), schema, raw, photos(rows)


def test_parameters_and_state_are_those_of_ops_with_weights():
    renderer = Renderer([Add, Layer])
    assert [name for name, _ in renderer.named_parameters()] == [
        "weights.test-layer.network.weight",
        "weights.test-layer.network.bias",
    ]
    assert not list(Renderer([Add]).parameters())
    assert not list(Renderer().parameters())
    other = Renderer([Add, Layer])
    other.load_state_dict(renderer.state_dict())
    assert torch.equal(other(photos(), half()), renderer(photos(), half()))


def test_moving_it_moves_weights_and_the_place_where_photos_are_rendered():
    renderer = Renderer([Layer]).to("meta")
    assert renderer.device.type == "meta"
    assert next(renderer.parameters()).device.type == "meta"
    assert renderer.ops[0].network.weight.device.type == "meta"
    assert Renderer([Layer], device="meta").device.type == "meta"
    assert isinstance(renderer.eval(), Renderer)


def test_an_optimizer_trains_weights_through_it():
    torch.manual_seed(0)
    renderer, rgb, target = Renderer([Layer]), photos(4), photos(4).flip(1)
    optimizer = torch.optim.Adam(renderer.parameters(), lr=0.05)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = (renderer(rgb, half(), clamp=False) - target).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.1 * losses[0]


def test_it_is_a_part_of_other_modules():
    whole = nn.ModuleDict({"layer": nn.Linear(2, 2), "renderer": Renderer([Layer])})
    assert "renderer.weights.test-layer.network.bias" in whole.state_dict()


def test_compiled_as_one_graph_it_gives_the_same_pixels_and_gradients():
    torch._dynamo.reset()
    renderer = Renderer([Add, Double, Blur])
    schema, rgb = Schema.of([Add, Double, Blur]), photos(2)
    compiled = torch.compile(renderer, backend="aot_eager", fullgraph=True)
    present = torch.tensor([[True, True, False], [True, False, True]])
    found = []
    for one in (renderer, compiled):
        leaf = torch.full((2, schema.size), 0.3, requires_grad=True)
        done = one(rgb, Latents.unpack(schema, leaf, present=present), clamp=False)
        done.square().sum().backward()
        found.append((done.detach(), leaf.grad))
    torch.testing.assert_close(found[1], found[0])


# Tracing takes a second for each op.
SOME_OR_ALL = pytest.mark.parametrize(
    "ids", [("exposure", "hsl"), pytest.param(BUILT_IN, marks=pytest.mark.slow)], ids=["two", "six"]
)


@SOME_OR_ALL
def test_built_in_ops_compile_with_the_renderer(ids):
    torch._dynamo.reset()
    renderer, schema, raw, rgb = built_in(ids=ids)
    latents = Latents.squash(schema, raw)
    done = torch.compile(renderer, backend="eager")(rgb, latents, clamp=False)
    torch.testing.assert_close(done, renderer(rgb, latents, clamp=False), atol=1e-5, rtol=1e-5)


@SOME_OR_ALL
def test_an_exported_renderer_gives_the_pixels_of_other_latents(ids):
    renderer, schema, raw, rgb = built_in(ids=ids)
    present = torch.ones(2, len(ids), dtype=torch.bool)
    present[1, 1] = False
    exported = torch.export.export(renderer, (rgb, Latents.squash(schema, raw, present=present)), {"clamp": False})
    other = Latents.squash(schema, -raw, present=present.flip(0))
    done = exported.module()(rgb.flip(3), other, clamp=False)
    torch.testing.assert_close(done, renderer(rgb.flip(3), other, clamp=False), atol=1e-5, rtol=1e-5)


def test_vmap_over_edits_is_the_batch():
    renderer, schema, raw, rgb = built_in(3)
    one = rgb[:1]
    each = torch.func.vmap(lambda row: renderer(one, Latents.squash(schema, row[None]), clamp=False)[0])(raw)
    together = renderer(one.expand(3, -1, -1, -1), Latents.squash(schema, raw), clamp=False)
    torch.testing.assert_close(each, together, atol=1e-5, rtol=1e-5)


def test_forward_and_backward_derivatives_agree():
    renderer, schema, raw, rgb = built_in(1)
    small = rgb[:, :, :2, :2].double()

    def mean(row: torch.Tensor) -> torch.Tensor:
        return renderer(small, Latents.squash(schema, row[None]), clamp=False).mean(dim=(0, 2, 3))

    row = raw[0].double()
    torch.testing.assert_close(torch.func.jacfwd(mean)(row), torch.func.jacrev(mean)(row))
    identity = torch.zeros_like(row)
    assert torch.func.jacfwd(mean)(identity).abs().sum() > 0  # at identity ops are not left out


@pytest.mark.parametrize(("add", "double"), [(0.1, 0.2), (0.0, 0.0)], ids=["at work", "at identity"])
def test_the_hessian_goes_through_it(add, double):
    renderer, schema = Renderer([Add, Double]), Schema.of([Add, Double])
    rgb = photos(1).double()

    def square(row: torch.Tensor) -> torch.Tensor:
        return renderer(rgb, Latents.unpack(schema, row[None]), clamp=False).square().mean()

    mean, squares = rgb.mean(), (rgb + add).square().mean()
    both = 4 * (1 + double) * (mean + add)
    expected = torch.stack([torch.stack([torch.tensor(2 * (1 + double) ** 2), both]), torch.stack([both, 2 * squares])])
    found = torch.func.hessian(square)(torch.tensor([add, double], dtype=torch.float64))
    torch.testing.assert_close(found, expected.double())


PROCESS = """
import sys, torch, torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
sys.path[:0] = sys.argv[3:]
from test_module import Layer, half
from renderings import photos
from veraretouch import Renderer
rank, world = map(int, sys.argv[1].split("/"))
torch.set_num_threads(1)
dist.init_process_group("gloo", init_method=f"file://{sys.argv[2]}", rank=rank, world_size=world)
torch.manual_seed(rank)  # the processes begin with other weights: DDP makes them alike
renderer = Renderer([Layer])
ours = DistributedDataParallel(renderer)
rgb = photos(2 * world)
mine = rgb[2 * rank : 2 * rank + 2]
(ours(mine, half(), clamp=False) - 0.5).square().mean().backward()
alone = Renderer([Layer])
alone.load_state_dict(renderer.state_dict())
(alone(rgb, half(), clamp=False) - 0.5).square().mean().backward()
for one, other in zip(renderer.parameters(), alone.parameters(), strict=True):
    torch.testing.assert_close(one.grad, other.grad)
dist.destroy_process_group()
print("alike")
"""


FOLDERS = [
    str(Path(__file__).parent),
    *(str(folder) for folder in (Path(__file__).parents[2] / "helpers").iterdir()),
]
LOOPBACK = {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}


def test_ddp_trains_it_in_one_process(tmp_path, prepared_processes):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    words = ["-c", PROCESS, "0/1", str(tmp_path / "meeting"), *FOLDERS]
    done = prepared_processes.run(words, cwd=tmp_path, env=kept | LOOPBACK)
    assert done.stdout.strip() == "alike", done.stderr[-2000:]


@pytest.mark.slow
def test_two_processes_train_one_renderer(tmp_path):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, f"{rank}/2", str(tmp_path / "meeting"), *FOLDERS],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | LOOPBACK,
        )
        for rank in range(2)
    ]
    ends = [process.communicate(timeout=500) for process in processes]
    assert [out.strip() for out, _ in ends] == ["alike"] * 2, [err[-2000:] for _, err in ends]


class Thinner(Add):
    """Lose a column."""

    id = "test.thinner"

    def apply(self, rgb, p):
        return rgb[..., 1:] + p.amount


class Doubled(Add):
    """Give back double precision."""

    id = "test.doubled"

    def apply(self, rgb, p):
        return (rgb + p.amount).double()


class OneRow(Add):
    """Give back the first photo alone."""

    id = "test.one_row"

    def apply(self, rgb, p):
        return rgb[:1] + p.amount[:1]


class Writes(Add):
    """Write to the pixels."""

    id = "test.writes"

    def apply(self, rgb, p):
        return rgb.add_(p.amount)


class WritesValues(Add):
    """Write to the values."""

    id = "test.writes_values"

    def apply(self, rgb, p):
        return rgb + p.amount.mul_(2)


@pytest.mark.parametrize("op", [Thinner, Doubled, OneRow, Writes, WritesValues], ids=lambda op: op.id)
@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("partly", [False, True])
def test_an_op_that_breaks_its_word_is_an_error_at_render_time(op, rows, partly):
    if op is OneRow and rows == 1:
        pytest.skip("one row is all of one")
    from veraretouch.core.errors import InvalidOp

    rgb = photos(rows + partly)
    present = torch.tensor([True] * rows + [False] * partly)
    latents = Latents(Schema.of([op]), {op.id: {"amount": torch.full((rows + partly,), 0.2)}}, present={op.id: present})
    before = rgb.clone()
    with pytest.raises(InvalidOp, match=op.id):
        Renderer([op])(rgb, latents)
    if op is not Writes:
        assert torch.equal(rgb, before)


def test_latents_of_one_row_print_their_values():
    assert repr(latents_of(add=0.25)) == "Latents(1 row; test.add(amount=0.25))"
    assert repr(latents_of(add=[0.25, 0.5])) == "Latents(2 rows; test.add)"
