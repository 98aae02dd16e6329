"""The sliders of a set of ops as one vector of free numbers, and the way back to latents.

A free number is a slot's distance from its identity in units of its reach, so that 0 does nothing and 1 is the slider's
end. A hue with a strength beside it (`shadow_hue`, `shadow_saturation`) becomes two numbers, a point in the disc, where
a strength of 0 has no hue.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...core.color.hue_bands import BANDS
from ...core.contract.latents import Latents
from ...core.contract.op import Op
from ...core.contract.schema import Schema
from ...core.contract.slot_kinds import Curve, Embedding
from ...core.contract.slots import Slot
from ...core.errors import InvalidRequest, nearest
from ...core.plugins.registry import registry

Vector = NDArray[np.float64]

# What Camera Raw has, so that every fit can be written as a preset;
# its monochrome mixer joins where the picture is black and white.
SLIDERS: Final = (
    "white_balance",
    "exposure",
    "contrast",
    "tone_regions",
    "calibration",
    "vibrance",
    "saturation",
    "hsl",
    "color_grading",
)
CURVES: Final = ("parametric_curve", "tone_curve")
MONOCHROME: Final = "grey_mixer"

# They shape what other slots do and do nothing by themselves: they keep their identity.
HELD: Final = {
    ("parametric_curve", "shadow_split"),
    ("parametric_curve", "midtone_split"),
    ("parametric_curve", "highlight_split"),
    ("color_grading", "blending"),
    ("color_grading", "balance"),
}
_BANDED: Final = {("hsl", "hue"), ("hsl", "saturation"), ("hsl", "luminance"), ("grey_mixer", "bands")}


@dataclass(frozen=True)
class Slider:
    """One free number. `part`: of a polar pair, 0 along hue 0 and 1 along hue 90 degrees; `curve`:
    it is a knot of one.
    """

    op: str
    slot: str
    index: int | None
    low: float
    high: float
    rest: float
    reach: float
    group: str
    part: int | None = None
    curve: bool = False

    @property
    def name(self) -> str:
        """As reports say it: `exposure.ev`, `hsl.hue.blue`, `cdl.slope.0`."""
        if self.index is None or self.part is not None:
            return f"{self.op}.{self.slot}"
        banded = (self.op, self.slot) in _BANDED
        return f"{self.op}.{self.slot}.{BANDS[self.index] if banded else self.index}"

    @property
    def family(self) -> str:
        """What is kept or left out together: a curve's knots, the two numbers of a polar pair."""
        return f"{self.op}.{self.slot}" if self.curve or self.part is not None else self.name


class Sliders:
    """The free numbers of ops, in chain order.

    Args:
        ops: those whose slots may move. `groups`: only slots of these; None for all.

    Raises:
        InvalidRequest: an op that looks at neighbouring pixels, or none with a slider.
    """

    def __init__(self, ops: Iterable[Op], *, groups: Collection[str] | None = None) -> None:
        self.ops = sorted(ops, key=lambda op: (op.stage, op.id))
        self.schema = Schema.of(self.ops)
        for op in self.ops:
            if not op.pointwise:
                raise InvalidRequest(
                    f"op {op.id!r} looks at neighbouring pixels, which pairs of colours do not tell",
                    cure="Leave it out of ops.",
                )
        self.all = [slider for op in self.ops for slider in _sliders_of(op) if groups is None or slider.group in groups]

    def __len__(self) -> int:
        return len(self.all)

    @cached_property
    def low(self) -> Vector:
        """The least of each free number."""
        return free_ends(self.all, "low")

    @cached_property
    def high(self) -> Vector:
        """The greatest of each free number."""
        return free_ends(self.all, "high")

    @cached_property
    def of_op(self) -> Mapping[str, list[int]]:
        """Op id -> the places of its free numbers."""
        return {op.id: [i for i, s in enumerate(self.all) if s.op == op.id] for op in self.ops}

    def of_ops(self, ids: Collection[str]) -> NDArray[np.bool_]:
        """Which numbers belong to these ops."""
        return np.array([slider.op in ids for slider in self.all], dtype=bool)

    @cached_property
    def families(self) -> Mapping[str, list[int]]:
        """Family -> the places of its free numbers."""
        found: dict[str, list[int]] = {}
        for place, slider in enumerate(self.all):
            found.setdefault(slider.family, []).append(place)
        return found

    @cached_property
    def pairs(self) -> list[tuple[int, int]]:
        """The places of each polar pair."""
        return [(places[0], places[1]) for places in self.families.values() if self.all[places[0]].part is not None]

    def project(self, x: Vector) -> Vector:
        """The nearest numbers within the bounds; polar pairs within their disc."""
        inside = np.clip(x, self.low, self.high)
        for u, v in self.pairs:
            inside[[u, v]] /= max(1.0, math.hypot(inside[u], inside[v]))
        return inside

    def slots(self, op: Op, free: Tensor, places: Sequence[int]) -> dict[str, Tensor]:
        """The slot values (B, *shape) of one op for rows (B, len(places)) of its free numbers; differentiable."""
        columns: dict[tuple[str, int | None, int | None], Tensor] = {}
        for column, place in enumerate(places):
            slider = self.all[place]
            moved = free[:, column] if slider.part is not None else slider.rest + slider.reach * free[:, column]
            columns[slider.slot, slider.index, slider.part] = moved
        rows, values = len(free), {}
        for name, slot in op.slots.items():
            values[name] = torch.tensor(slot.identity, dtype=free.dtype).expand(rows, *slot.shape)
            moving = {index: column for (own, index, part), column in columns.items() if own == name and part is None}
            if not slot.shape and moving:
                values[name] = moving[None]
            elif moving:
                flat = values[name].reshape(rows, -1).unbind(1)
                stacked = torch.stack([moving.get(i, column) for i, column in enumerate(flat)], dim=1)
                values[name] = stacked.reshape(rows, *slot.shape)
        for (name, _, part), u in columns.items():
            if part == 0:
                v = columns[name, None, 1]
                # At the middle the pair has no hue: a hair's breadth away, its slope still points both ways.
                off = ((u.detach().abs() + v.detach().abs()) < 1e-6).to(u.dtype) * 1e-6
                values[name] = torch.rad2deg(torch.atan2(v, u + off)) % 360.0
                values[_strength_of(name)] = torch.sqrt((u + off) ** 2 + v**2)
        return values

    def latents(self, x: Vector) -> Latents:
        """Latents with one row; ops whose sliders all rest are absent."""
        values = {}
        for op in self.ops:
            places = self.of_op[op.id]
            if np.any(x[places] != 0):
                row = torch.tensor(x[places], dtype=torch.float64).unsqueeze(0)
                values[op.id] = {
                    name: self._within(op.slots[name], value) for name, value in self.slots(op, row, places).items()
                }
        return Latents(self.schema, values, batch=1)

    def _within(self, slot: Slot, value: Tensor) -> Tensor:
        """Float32, and not beyond a bound by its rounding."""
        low, high = (torch.tensor(bound, dtype=torch.float32) for bound in (slot.low, slot.high))
        return torch.minimum(torch.maximum(value.float(), low), high)

    def free(self, latents: Latents) -> Vector:
        """The free numbers of latents with one row; what they hold of other slots is left out."""
        x = np.zeros(len(self))
        for place, slider in enumerate(self.all):
            if slider.op not in latents.values or not bool(latents.present[slider.op][0]):
                continue
            slots = latents.values[slider.op]
            if slider.part is not None:
                strength = float(slots[_strength_of(slider.slot)][0])
                turn = math.radians(float(slots[slider.slot][0]))
                x[place] = strength * (math.cos(turn), math.sin(turn))[slider.part]
            else:
                value = slots[slider.slot][0].flatten()[slider.index or 0]
                x[place] = (float(value) - slider.rest) / slider.reach
        return x


def load_ops(ids: Iterable[str]) -> list[Op]:
    """Installed ops by id.

    Raises:
        InvalidRequest: an id that is not installed, or of an op that only a bundle makes.
    """
    made = []
    for id in ids:
        if id not in registry.ops:
            raise InvalidRequest(
                f"no op {id!r} is installed", cure=f"{nearest(id, registry.ops)} veraretouch ops lists them.".lstrip()
            )
        plugin = registry.ops.load(id)
        if hasattr(plugin, "from_bundle"):
            raise InvalidRequest(f"op {id!r} has weights and no sliders", cure="Leave it out of ops.")
        made.append(plugin())
    return made


def free_ends(sliders: Sequence[Slider], end: Literal["low", "high"]) -> Vector:
    """The least or the greatest of each slider's free number."""
    return np.array([(getattr(slider, end) - slider.rest) / slider.reach for slider in sliders])


def _strength_of(hue: str) -> str:
    return hue.removesuffix("_hue") + "_saturation"


def _sliders_of(op: Op) -> list[Slider]:
    found: list[Slider] = []
    polar = {name for name, slot in op.slots.items() if slot.period and _strength_of(name) in op.slots}
    strengths = {_strength_of(name) for name in polar}
    for name, slot in op.slots.items():
        if (
            (op.id, name) in HELD
            or name in strengths
            or isinstance(slot, Embedding)
            or slot.varies
            or not slot.differentiable
        ):
            continue
        if name in polar:
            found += [Slider(op.id, name, None, -1.0, 1.0, 0.0, 1.0, slot.group, part) for part in (0, 1)]
            continue
        if slot.identity is None or slot.low is None or slot.high is None:
            continue
        facts = zip(slot.low.flat, slot.high.flat, slot.identity.flat, strict=True)
        for index, (low, high, rest) in enumerate(facts):
            # A curve's knots each reach as far as the others, whatever room their end has.
            curve = isinstance(slot, Curve)
            reach = 0.5 if curve else max(high - rest, rest - low)
            place = index if slot.shape else None
            found.append(Slider(op.id, name, place, low, high, rest, reach, slot.group, curve=curve))
    return found
