"""Sliders for the whole photo, local ones and the slots of their areas, as one vector of free numbers.

The slopes by sliders come from the renderer's passes backwards, one place a photo of one pixel; a mask is a number a
place on the way, and its own slopes by the few slots of its area are differences of renderings side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ....core.contract.area import Area, small_view
from ....core.contract.op import Frame
from ..slider_chain import Array, SliderChain
from ..sliders import Slider, Sliders, Vector, free_ends
from .places import Places

# Free numbers of slots of areas begin here: none is ever at rest, as 0 would say of a slider.
OFFSET: Final = 2.0
_STEP: Final = 2e-3


class AreaNumbers:
    """The free numbers of an area's slots; those that are no single number stay at their identity."""

    def __init__(self, area: Area) -> None:
        self.area = area
        self.names = [
            name
            for name, slot in area.slots.items()
            if not slot.shape and slot.low is not None and slot.high is not None and slot.differentiable
        ]
        slots = [area.slots[name] for name in self.names]
        low, high = (np.array([float(np.asarray(getattr(slot, end))) for slot in slots]) for end in ("low", "high"))
        self.low, self.reach = low, (high - low) / 3
        self.period = np.array([slot.period or 0.0 for slot in slots])

    def __len__(self) -> int:
        return len(self.names)

    def free(self, values: Mapping[str, float]) -> Vector:
        """The free numbers of values."""
        given = np.array([values.get(n, float(np.asarray(self.area.slots[n].identity))) for n in self.names])
        found: Vector = OFFSET + (given - self.low) / self.reach
        return found

    def values(self, free: Vector) -> dict[str, float]:
        """The values of free numbers."""
        past = (free - OFFSET) * self.reach
        past = np.where(self.period > 0, np.mod(past, np.where(self.period > 0, self.period, 1.0)), past)
        return {name: float(value) for name, value in zip(self.names, self.low + past, strict=True)}

    def sliders(self) -> list[Slider]:
        """Bounds for each; what turns round may go round once more either way."""
        found = []
        for name, period in zip(self.names, self.period, strict=True):
            more = 3.0 if period else 0.0
            found.append(Slider("#", name, None, OFFSET - more, OFFSET + 3.0 + more, 0.0, 1.0, "area"))
        return found

    def masks(self, rows: Sequence[Vector], photo: Tensor) -> Tensor:
        """The mask (rows, places) of each row of free numbers."""
        count, frame = len(rows), Frame(0, 0, *photo.shape[2:])
        given = [self.values(row) for row in rows]
        held = {
            name: torch.as_tensor(np.asarray(slot.identity), dtype=torch.float32).expand(count, *slot.shape)
            for name, slot in self.area.slots.items()
        }
        moved = {name: torch.tensor([row[name] for row in given], dtype=torch.float32) for name in self.names}
        view = small_view(photo) if self.area.view else photo[:, :, :0, :0]
        with torch.no_grad():
            params = self.area.params({**held, **moved}, frame, view.expand(count, -1, -1, -1))
            return self.area.mask(photo.expand(count, -1, -1, -1), params).reshape(count, -1)

    def slopes(self, free: Vector, photo: Tensor) -> Tensor:
        """The slopes (slots, places) of the mask by its free numbers."""
        steps = np.eye(len(self)) * _STEP
        found = self.masks([*(free + step for step in steps), *(free - step for step in steps)], photo)
        ahead, behind = found.chunk(2)
        return (ahead - behind) / (2 * _STEP)


@dataclass
class LayeredSliders:
    """Free numbers: those of the whole photo's sliders, then of each adjustment its area's slots and its sliders."""

    whole: Sliders
    own: Sliders
    areas: tuple[AreaNumbers, ...] = ()
    all: list[Slider] = field(init=False)
    families: dict[str, list[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.all, self.families = list(self.whole.all), dict(self.whole.families)
        for index, area in enumerate(self.areas):
            self.all += area.sliders()
            begin = len(self.all)
            self.all += self.own.all
            for name, places in self.own.families.items():
                self.families[f"{index}/{name}"] = [begin + place for place in places]

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

    def project(self, x: Vector) -> Vector:
        """The nearest numbers within the bounds."""
        inside = np.clip(x, self.low, self.high)
        inside[: len(self.whole)] = self.whole.project(inside[: len(self.whole)])
        return inside

    def area_at(self, index: int) -> slice:
        """Where the slots of an adjustment's area stand."""
        begin = len(self.whole) + sum(len(area) + len(self.own) for area in self.areas[:index])
        return slice(begin, begin + len(self.areas[index]))

    def own_at(self, index: int) -> slice:
        """Where the sliders of an adjustment stand."""
        begin = self.area_at(index).stop
        return slice(begin, begin + len(self.own))

    def with_area(self, area: AreaNumbers) -> LayeredSliders:
        """The same with one adjustment more."""
        return LayeredSliders(self.whole, self.own, (*self.areas, area))

    def without(self, x: Vector, index: int) -> tuple[LayeredSliders, Vector]:
        """The same, and free numbers, with one adjustment less."""
        left = tuple(area for i, area in enumerate(self.areas) if i != index)
        gone = np.r_[self.area_at(index), self.own_at(index)]
        return LayeredSliders(self.whole, self.own, left), np.delete(x, gone)


class LayeredChain:
    """The renderer as a function of such numbers and of the colours of places, in the order of the grid."""

    def __init__(self, sliders: LayeredSliders, places: Places) -> None:
        self.sliders, self.places = sliders, places
        self.whole, self.own = SliderChain(sliders.whole), SliderChain(sliders.own)

    def render(self, x: Vector, colours: Tensor) -> Tensor:
        """The colours retouched, unclamped."""
        done = self.whole.render(x[: len(self.sliders.whole)], colours)
        for index, area in enumerate(self.sliders.areas):
            mask = area.masks([x[self.sliders.area_at(index)]], self.places.photo)[0]
            changed = self.own.render(x[self.sliders.own_at(index)], done)
            done = done + mask[:, None, None, None] * (changed - done)
        return done

    def differentiate(
        self, x: Vector, colours: Tensor, moving: NDArray[np.bool_], function: Callable[[Tensor], Tensor]
    ) -> tuple[Tensor, Tensor]:
        """A function of the colours retouched, (N, 3), and its slopes (moving numbers, 3, N)."""
        sliders, count = self.sliders, len(colours)
        used = moving | (x != 0)
        rows = torch.from_numpy(x).to(colours.dtype).repeat(3 * count, 1).requires_grad_()
        masks = [
            area.masks([x[sliders.area_at(i)]], self.places.photo)[0].repeat(3).requires_grad_()
            for i, area in enumerate(sliders.areas)
        ]
        with torch.enable_grad():
            end = len(sliders.whole)
            done = self.whole.run(colours.repeat(3, 1, 1, 1), rows[:, :end], used[:end])
            for index, mask in enumerate(masks):
                at = sliders.own_at(index)
                changed = self.own.run(done, rows[:, at], used[at])
                done = done + mask[:, None, None, None] * (changed - done)
            found = [function(part) for part in done.chunk(3)]
            each = torch.stack([part[:, i] for i, part in enumerate(found)])
            by_row, *by_mask = torch.autograd.grad(each.sum(), [rows, *masks], materialize_grads=True)
        slopes = by_row.reshape(3, count, -1).permute(2, 0, 1)
        if masks:
            slopes = slopes.clone()
        for index, area in enumerate(sliders.areas):
            at = sliders.area_at(index)
            if moving[at].any():
                own = area.slopes(x[at], self.places.photo)
                slopes[at] = by_mask[index].reshape(1, 3, count) * own[:, None]
        return found[0].detach(), slopes[torch.from_numpy(np.flatnonzero(moving))]


def slopes_of(chain: LayeredChain, x: Vector, colours: Tensor, function: Callable[[Tensor], Tensor]) -> Array:
    """By each local slider, where its mask is 1, the slopes (sliders, 3, N) of a function of what x makes."""
    done = chain.render(x, colours)
    own = chain.own
    _, slopes = own.differentiate(np.zeros(len(own.sliders)), done, np.ones(len(own.sliders), dtype=bool), function)
    found: Array = slopes.numpy()
    return found
