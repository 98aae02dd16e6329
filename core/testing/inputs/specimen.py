"""A plug-in on the bench: its settings by name, and how it is called."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass

import torch
from torch import Tensor

from ...contract.area import Area
from ...contract.op import Frame, Op
from ...contract.slot_kinds import Lattice
from ...contract.slots import Slot
from ..verdict import shown_by
from .smallest import Input, Values, shrink


@dataclass(frozen=True)
class SlotSettings:
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


class Specimen(ABC):
    """An op or an area under test, as `run` calls it.

    Attributes:
        kind: the word for it.
        verb: the method that authors write.
        rooms: the rooms whose plug-ins of this kind are built in.
        pointwise: whether a pixel of the result depends on that pixel and the slots alone.
        differentiated: height and width of photos whose gradients are compared with finite differences.

    Args:
        plugin: the instance.
        slots: its slots, at the sizes at which they are tried.
    """

    kind = "op"
    verb = "apply"
    rooms: tuple[str, ...] = ("ops",)
    pointwise = False
    differentiated = (4, 4)

    def __init__(self, plugin: Op | Area, slots: Mapping[str, Slot]) -> None:
        self.plugin = plugin
        self.slots = dict(slots)
        self._last: Input | None = None

    @abstractmethod
    def run(self, rgb: Tensor, values: Values, frame: Frame) -> Tensor:
        """Call the plug-in once: photos (B, 3, H, W) and slot values (B, *shape)."""

    def held(self, photo: Tensor) -> AbstractContextManager[None]:
        """Within it, what is known of the whole photo beside its pixels stays that of `photo`."""
        return nullcontext()

    @property
    def has_identity(self) -> bool:
        """Whether every slot has a value at which it does nothing."""
        return all(slot.identity is not None for slot in self.slots.values())

    def apply(self, rgb: Tensor, values: Values, frame: Frame | None = None, *, chance: int = 0) -> Tensor:
        """Call the plug-in as the renderer does, on copies; `chance` seeds torch,
        so that only one check meets its randomness.

        Whatever it raises carries the smallest input that shows it; see `verdict.shown_by`.
        """
        with shown_by(lambda: self._smallest(Input(rgb, values), frame, chance)):
            return self._call(Input(rgb, values), frame, chance)

    def smallest_of(self, rgb: Tensor, values: Values, *, otherwise: str) -> str:
        """In words, the smallest part of an input with which the plug-in raises;
        `otherwise` where it does not raise on its own.
        """
        try:
            self._call(Input(rgb, values), None, 0)
        except Exception:
            return self._smallest(Input(rgb, values), None, 0)
        return otherwise

    @property
    def latest(self) -> str:
        """In words, what the plug-in was last called with: what an exception in its backward pass comes from."""
        return "" if self._last is None else self.input_words(self._last)

    def _call(self, given: Input, frame: Frame | None, chance: int) -> Tensor:
        self._last = given
        torch.manual_seed(chance)
        copies = {name: value.clone() for name, value in given.values.items()}
        return self.run(given.rgb.clone(), copies, frame or Frame(0, 0, *given.rgb.shape[2:]))

    def _smallest(self, given: Input, frame: Frame | None, chance: int) -> str:
        """In words, the smallest part of an input with which the plug-in raises."""

        def raises(part: Input, frame: Frame | None = None) -> bool:
            try:
                self._call(part, frame, chance)
            except Exception:
                return True
            return False

        where = ""
        with suppress(Exception):  # inside torch.func values cannot be read
            if frame is not None and not raises(given):
                where = f", {frame}"  # which is then what it takes
            else:
                given = shrink(given, raises, {name: _start(slot) for name, slot in self.slots.items()})
            return self.input_words(given) + where
        return f"photos of {' x '.join(str(side) for side in given.rgb.shape[-2:])}"

    def input_words(self, given: Input) -> str:
        """What a plug-in was called with: the pixel where it is one, else the size, and the first row's setting."""
        count, _, height, width = given.rgb.shape
        dtype = str(given.rgb.dtype).removeprefix("torch.")
        photo = rgb_words(given.rgb[0, :, 0, 0].detach()) if height == width == 1 else f"a photo of {height} x {width}"
        photo += f", {dtype}" if given.rgb.dtype.itemsize == 2 else ""
        rows = f"row 0 of a batch of {count}, " if count > 1 else ""
        setting = SlotSettings(("",), {name: value[:1] for name, value in given.values.items()})
        return f"{rows}{photo}, {self.words(setting, 0)}"

    def each(self, rgb: Tensor, settings: SlotSettings) -> Tensor:
        """The results (S, 3, H, W) of one photo (1, 3, H, W) under every setting."""
        return self.apply(rgb.expand(len(settings), -1, -1, -1), settings.values)

    def identity(self, dtype: torch.dtype = torch.float32) -> SlotSettings:
        """Every slot where it does nothing (at `off` where it has no such place)."""
        return _stack([("identity", {name: _start(slot) for name, slot in self.slots.items()})], dtype)

    def settings(
        self, *, reach: float = 1.0, draws: int = 8, seed: int = 0, dtype: torch.dtype = torch.float32
    ) -> SlotSettings:
        """Identity, each slot alone at both ends, all slots at both ends, random draws;
        `reach` is the share of the way there.
        """
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

    def draw(self, n: int = 1, *, seed: int, reach: float = 0.6, dtype: torch.dtype = torch.float64) -> SlotSettings:
        """`n` random settings inside the bounds."""
        generator = torch.Generator().manual_seed(seed)
        rows = [{name: _draw(slot, reach, generator) for name, slot in self.slots.items()} for _ in range(n)]
        return _stack([(f"random draw {i}", row) for i, row in enumerate(rows)], dtype)

    def words(self, settings: SlotSettings, row: int) -> str:
        """A setting as an author would type it: the slots that left their start."""
        parts = []
        for name, slot in self.slots.items():
            value = settings.values[name][row].detach().double()
            moved = (value - _start(slot)).abs() > 1e-7
            if bool(moved.any()):
                parts.append(f"{name}={_short(value)}")
        return ", ".join(parts) or "every slot at identity"


def rgb_words(pixel: Tensor) -> str:
    """A pixel (3,), or that of a mask (1,), as text."""
    if len(pixel) == 1:
        return f"{float(pixel):.6g}"
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
    return slot.settled(low + (high - low) * torch.rand(slot.shape, generator=generator, dtype=torch.float64))


def _stack(rows: list[tuple[str, Values]], dtype: torch.dtype) -> SlotSettings:
    values = {name: torch.stack([row[name] for _, row in rows]).to(dtype) for name in rows[0][1]}
    return SlotSettings(tuple(name for name, _ in rows), values)


def _short(value: Tensor) -> str:
    flat = [f"{float(number):.4g}" for number in value.flatten()[:8]]
    if value.ndim == 0:
        return flat[0]
    return "[" + ", ".join(flat) + (", ...]" if value.numel() > 8 else "]")
