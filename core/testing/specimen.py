"""An op on the bench: its settings by name, and how it is called."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ..op import Frame, Op
from ..schema import OpSpec, Schema
from ..slots import Lattice, Slot

# Lattices are tried at the fewest points that have an inner vertex: their size is the caller's to choose.
LATTICE = 3

Values = dict[str, Tensor]


@dataclass(frozen=True)
class Settings:
    """Slot values (B, *shape), one setting a row, with a name a row; simple settings come first."""

    names: tuple[str, ...]
    values: Values

    def __len__(self) -> int:
        return len(self.names)

    def row(self, index: int, repeat: int = 1) -> Values:
        """One setting, `repeat` times."""
        return {
            name: value[index : index + 1].repeat(repeat, *[1] * (value.ndim - 1))
            for name, value in self.values.items()
        }


class Specimen:
    """An op under test."""

    def __init__(self, op: Op) -> None:
        self.op = op

    @cached_property
    def spec(self) -> OpSpec:
        """The op as a schema sees it, lattices small."""
        return Schema.of([self.op], lattice=LATTICE).spec(self.op.id)

    @property
    def slots(self) -> dict[str, Slot]:
        """The op's slots, lattices small."""
        return dict(self.spec.slots)

    @property
    def has_identity(self) -> bool:
        """Whether every slot has a value at which it does nothing."""
        return all(slot.identity is not None for slot in self.slots.values())

    def apply(self, rgb: Tensor, values: Values, frame: Frame | None = None, *, chance: int = 0) -> Tensor:
        """Call the op as the renderer does, on copies; `chance` seeds torch, so that only one check meets its randomness."""
        torch.manual_seed(chance)
        copies = {name: value.clone() for name, value in values.items()}
        frame = frame or Frame(0, 0, rgb.shape[2], rgb.shape[3])
        return self.op.on_srgb(rgb.clone(), self.op.params(copies, frame))

    def each(self, rgb: Tensor, settings: Settings) -> Tensor:
        """The results (S, 3, H, W) of one photo (1, 3, H, W) under every setting."""
        return self.apply(rgb.expand(len(settings), -1, -1, -1), settings.values)

    def colours(self, colours: Tensor, settings: Settings) -> Tensor:
        """The results (S, 3, N) of single colours (S, 3, N), a row a setting; a spatial op sees photos of one pixel."""
        rows, _, n = colours.shape
        if self.op.pointwise:
            return self.apply(colours[:, :, None], settings.values)[:, :, 0]
        many = {name: value.repeat_interleave(n, dim=0) for name, value in settings.values.items()}
        done = self.apply(colours.transpose(1, 2).reshape(rows * n, 3, 1, 1), many)
        return done.reshape(rows, n, 3).transpose(1, 2)

    def identity(self, dtype: torch.dtype = torch.float32) -> Settings:
        """Every slot where it does nothing (at `off` where it has no such place)."""
        return _stack([("identity", {name: _start(slot) for name, slot in self.slots.items()})], dtype)

    def settings(
        self, *, reach: float = 1.0, draws: int = 8, seed: int = 0, dtype: torch.dtype = torch.float32
    ) -> Settings:
        """Identity, each slot alone at both ends, all slots at both ends, random draws; `reach` is the share of the way there."""
        start = {name: _start(slot) for name, slot in self.slots.items()}
        ends = {
            f"{name} at its {end}": {**start, name: _towards(slot, end, reach)}
            for name, slot in self.slots.items()
            for end in ("low", "high")
        }
        for end in ("low", "high"):
            ends[f"every slot at its {end}"] = {name: _towards(slot, end, reach) for name, slot in self.slots.items()}
        generator = torch.Generator().manual_seed(seed)
        drawn = [
            (f"random draw {i}", {name: _draw(slot, reach, generator) for name, slot in self.slots.items()})
            for i in range(draws)
        ]
        return _stack([("identity", start), *ends.items(), *drawn], dtype)

    def draw(self, n: int = 1, *, seed: int, reach: float = 0.6, dtype: torch.dtype = torch.float64) -> Settings:
        """`n` random settings inside the bounds."""
        generator = torch.Generator().manual_seed(seed)
        rows = [{name: _draw(slot, reach, generator) for name, slot in self.slots.items()} for _ in range(n)]
        return _stack([(f"random draw {i}", row) for i, row in enumerate(rows)], dtype)

    def words(self, settings: Settings, row: int) -> str:
        """A setting as an author would type it: the slots that left their start."""
        parts = []
        for name, slot in self.slots.items():
            value = settings.values[name][row].detach().double()
            moved = (value - _start(slot)).abs() > 1e-7
            if bool(moved.any()):
                parts.append(f"{name}={_short(value)}")
        return ", ".join(parts) or "every slot at identity"


def rgb_words(pixel: Tensor) -> str:
    """A pixel (3,) as text."""
    return "rgb (" + ", ".join(f"{float(channel):.6g}" for channel in pixel) + ")"


def first_bad(bad: Tensor) -> tuple[int, ...] | None:
    """The index of the first True, or None."""
    found = bad.nonzero()
    return None if len(found) == 0 else tuple(int(i) for i in found[0])


def largest(a: Tensor, b: Tensor) -> float:
    """The largest difference of two pictures, which may both be undefined somewhere."""
    return float((a - b).detach().abs().nan_to_num().max())


def _start(slot: Slot) -> Tensor:
    return torch.tensor(slot.identity if slot.identity is not None else slot.off, dtype=torch.float64)


def _towards(slot: Slot, end: str, reach: float) -> Tensor:
    start, bound = _start(slot), slot.low if end == "low" else slot.high
    if bound is None:
        return start + (-reach if end == "low" else reach)
    return start + reach * (torch.tensor(bound, dtype=torch.float64) - start)


def _draw(slot: Slot, reach: float, generator: torch.Generator) -> Tensor:
    """A value between the points `reach` of the way to either end; learned vectors and lattices by a normal spread."""
    start = _start(slot)
    if isinstance(slot, Lattice) or slot.low is None or slot.high is None:
        spread = 0.15 if isinstance(slot, Lattice) else 1.0
        return start + reach * spread * torch.randn(slot.shape, generator=generator, dtype=torch.float64)
    low, high = _towards(slot, "low", reach), _towards(slot, "high", reach)
    return low + (high - low) * torch.rand(slot.shape, generator=generator, dtype=torch.float64)


def _stack(rows: list[tuple[str, Values]], dtype: torch.dtype) -> Settings:
    values = {name: torch.stack([row[name] for _, row in rows]).to(dtype) for name in rows[0][1]}
    return Settings(tuple(name for name, _ in rows), values)


def _short(value: Tensor) -> str:
    flat = [f"{float(number):.4g}" for number in value.flatten()[:8]]
    if value.ndim == 0:
        return flat[0]
    return "[" + ", ".join(flat) + (", ...]" if value.numel() > 8 else "]")
