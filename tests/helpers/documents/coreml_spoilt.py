"""Packages of which each operation is deleted and spoilt in turn, and inputs that need every branch of a program."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from veraretouch.core.color.oklab import oklab
from veraretouch.core.contract.schema import Schema
from veraretouch.core.errors import InvalidDocument
from veraretouch.ops.neural import RetouchNetwork
from veraretouch.planners.tiny.latents import wish_of_prompt
from veraretouch.zoo.coreml.exporting import make
from veraretouch.zoo.coreml.interpretation.interpreter import Interpreter
from veraretouch.zoo.coreml.photos import mosaic
from veraretouch.zoo.coreml.recipe import PackageRecipe
from veraretouch.zoo.coreml.recipes import reference

Given = Mapping[str, Any]
SAMPLES = Path(__file__).parents[3] / "docs" / "samples"


@dataclass
class Case:
    """A package to be spoilt.

    Attributes:
        given: inputs, several where one picture does not need every branch; `wanted`: torch's outputs of each.
        far: how far outputs are from torch's, as a share of the package's own bar: from 1 on parity fails.
    """

    interpreter: Interpreter
    given: Sequence[Given]
    wanted: Sequence[Given]
    far: Callable[[Given, Given], float]


def of(recipe: PackageRecipe, folder: Path, given: Sequence[Given], far: Any = None, bits: int = 16) -> Case:
    """A recipe's case."""
    package = Interpreter(make(recipe, folder, bits, about={}))
    return Case(package, given, [reference(recipe, each) for each in given], far or share_of_largest(recipe.tolerance))


def survivors(case: Case, tried: Sequence[Any] | None = None) -> list[tuple[str, str, str]]:
    """Operations that can be deleted, or spoilt, without anybody noticing: (what was done, kind, name).

    Of all, or of those `tried`. Noticed is what misses the bar on any input, or is more than ten times as far from
    torch as the package itself.
    """
    operations = case.interpreter.operations if tried is None else tried
    left = [(spoil, operation) for operation in operations for spoil in (deleted, spoilt)]
    for given, wanted in zip(case.given, case.wanted, strict=True):
        run = _Run(case, given, wanted)
        left = [(spoil, operation) for spoil, operation in left if not run.notices(operation, spoil)]
    return [(spoil.__name__, operation.op_type, operation.name) for spoil, operation in left]


class _Run:
    """One input's run, every value kept: of a spoilt operation only what follows is computed again."""

    def __init__(self, case: Case, given: Given, wanted: Given) -> None:
        self.case, self.given, self.wanted = case, given, wanted
        self.known: dict[Any, list[torch.Tensor]] = {}

        def keep(operation: Any, results: list[torch.Tensor]) -> list[torch.Tensor]:
            self.known[operation] = results
            return results

        itself = case.far(case.interpreter.run(given, alter=keep), wanted)
        assert itself < 1
        self.least = min(1.0, max(10 * itself, 1e-4))

    def notices(self, operation: Any, spoil: Callable[[list[torch.Tensor]], list[torch.Tensor]]) -> bool:
        changed = spoil(self.known[operation])
        if all(torch.equal(one, two) for one, two in zip(changed, self.known[operation], strict=True)):
            return False
        after = _after(self.case.interpreter)[operation]
        known = {each: results for each, results in self.known.items() if each not in after} | {operation: changed}
        try:
            return not self.case.far(self.case.interpreter.run(self.given, known=known), self.wanted) < self.least
        except InvalidDocument:
            return True


def scene_sampled(interpreter: Interpreter, count: int) -> list[Any]:
    """The operations of `tiny`, of its scene network alone a sample: those between the picture's resampling, two
    products with matrices, and the shares.
    """
    operations = interpreter.operations
    (shares,) = [operation for operation in operations if operation.op_type == "softmax"]
    before = [operation for operation in operations if shares in _after(interpreter)[operation]]
    second = [operation for operation in before if operation.op_type == "matmul"][1]
    inner = [operation for operation in before if operation in _after(interpreter)[second]] + [shares]
    left_out = set(inner) - set(Random(0).sample(inner, count))
    return [operation for operation in operations if operation not in left_out]


@lru_cache(maxsize=1)
def _after(interpreter: Interpreter) -> dict[Any, set[Any]]:
    """Of each operation those that follow from it."""
    found: dict[Any, set[Any]] = {}
    for operation in reversed(interpreter.operations):
        readers = {each for variable in operation.outputs for each in variable.child_ops}
        found[operation] = readers.union(*(found.get(each, set()) for each in readers))
    return found


def deleted(results: list[torch.Tensor]) -> list[torch.Tensor]:
    """As if nothing had been computed."""
    return [torch.zeros_like(result) for result in results]


def spoilt(results: list[torch.Tensor]) -> list[torch.Tensor]:
    return [_spoilt_one(result) for result in results]


def _spoilt_one(result: torch.Tensor) -> torch.Tensor:
    """Other values, and not in a way that a norm, an average or a comparison with 0 would take out again."""
    if result.dtype == torch.bool:
        return ~result
    if not result.is_floating_point():
        return result + 1
    places = torch.arange(result.numel())
    ripple = (torch.sin(7.0 * (places + 1)) + 2 * places / result.numel()).reshape(result.shape)
    return ((0.25 + 0.5 * result.float().abs().mean()) * ripple - 1.5 * result).to(result.dtype)


def share_of_largest(tolerance: float) -> Callable[[Given, Given], float]:
    """The bar of golden tensors: a share of the largest value of an output."""

    def far(found: Given, wanted: Given) -> float:
        apart = [
            np.abs(np.asarray(found[name], float) - wanted[name]).max() / np.abs(wanted[name]).max() for name in wanted
        ]
        return float(np.max(apart) / tolerance)

    return far


def codes(found: Given, wanted: Given) -> float:
    """The renderer's bar: half a code value on average, two at most."""
    (name,) = wanted
    apart = 255 * np.abs(np.asarray(found[name], float) - wanted[name])
    return float(np.max([apart.mean() / 0.5, apart.max() / 2]))


def contrasty() -> RetouchNetwork:
    """The renderer's network in its own size, away from the middle so that pictures have contrast."""
    network = RetouchNetwork.untrained(3)
    with torch.no_grad():
        network.out_layer.weight.mul_(4)
    return network.eval().requires_grad_(False)


def latents(seed: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).standard_normal((1, 2688)).astype(np.float32)


def seeded(build: Callable[[], nn.Module]) -> nn.Module:
    """A network with weights of a seed; norms and scales are drawn too, for as they begin they hardly count."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(6)
        network = build()
        for name, value in network.state_dict().items():
            if (value.is_floating_point() and value.ndim == 1 and "weight" in name) or name.endswith(
                ("running_var", "gamma")
            ):
                value.uniform_(0.5, 1.5)
            elif value.ndim > 1:
                nn.init.kaiming_normal_(value)  # else what a picture holds fades from layer to layer
            elif name.endswith(("bias", "running_mean")):
                value.normal_(std=0.3)
    return network.eval().requires_grad_(False)


def picture(kind: str, side: int) -> np.ndarray[Any, Any]:
    """Pictures (1, 3, side, side), 0 to 255: a photo, greys, hues from pale to full, reds, hardly any light,
    colours of OkLab's axes.
    """
    line = np.linspace(0, 255, side).round()
    if kind == "greys":
        planes = np.stack([np.broadcast_to(line, (side, side))] * 3)
    elif kind == "hues":
        rows, columns = np.meshgrid(np.linspace(0, 1, side), np.linspace(0, 2 * np.pi, side), indexing="ij")
        planes = np.stack([127.5 * (1 + rows * np.cos(columns - turn)) for turn in (0, 2.1, 4.2)]).round()
    elif kind == "reds":
        rows, columns = np.meshgrid(np.linspace(40, 220, side), np.linspace(0.1, 0.45, side), indexing="ij")
        planes = np.stack([rows, rows * columns, rows * 0.08]).round()
    elif kind == "dim":
        planes = mosaic(side)[0] / 12.0
    elif kind == "axes":
        return np.repeat(on_axes(), side * side // 4).reshape(1, 3, side, side).astype(np.float32)
    else:
        planes = np.asarray(Image.open(SAMPLES / f"{kind}.jpg").convert("RGB").resize((side, side))).transpose(2, 0, 1)
    return np.ascontiguousarray(planes[None].round(), dtype=np.float32)


def on_axes() -> np.ndarray[Any, Any]:
    """Four colours (3, 4), from 0 to 255, that lie on OkLab's axes to a millionth: one of a and b is 0."""
    found = torch.full((4, 3), 0.5, dtype=torch.float64)
    wanted = torch.tensor([[0.6, 0.1, 0], [0.6, -0.1, 0], [0.6, 0, 0.1], [0.6, 0, -0.1]], dtype=torch.float64)

    def lab(rgb: torch.Tensor) -> torch.Tensor:
        return torch.cat([part.flatten() for part in oklab(rgb.reshape(1, 3, 1, 1))])

    for _ in range(20):  # Newton's steps
        for row, goal in zip(found, wanted, strict=True):
            slope: Any = torch.autograd.functional.jacobian(lab, row.clone())
            row += torch.linalg.solve(slope, goal - lab(row))
    return 255 * found.T.numpy()


def looks(schema: Schema) -> list[dict[str, Any]]:
    """Latents of explicit ops: drawn, towards and at each end, what words ask for, one end and the other in turn,
    at rest.
    """
    generator = np.random.default_rng(2)
    low, high, still = (
        np.concatenate([np.broadcast_to(np.asarray(bound, np.float32).ravel(), (slot.size,)) for bound, slot in each])
        for each in ([(getattr(slot, name), slot) for _, _, slot in schema] for name in ("low", "high", "identity"))
    )
    drawn = [low + (high - low) * generator.random(len(low), np.float32) for _ in range(3)]
    ends = [still + share * (end - still) for share, end in ((0.25, high), (0.25, low), (1, high), (1, low))]
    words = [still + wish_of_prompt(schema, prompt).numpy() for prompt in ("teal and orange film", "black and white")]
    crossed = np.where(np.arange(len(low)) % 2, low, high)
    return [{"latents": each[None].astype(np.float32)} for each in [*drawn, *ends, *words, crossed, still]]
