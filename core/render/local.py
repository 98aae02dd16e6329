"""Local adjustments at work: masks that look at the photo before any edit, and chains mixed in by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from ..color.elementwise import at_least_single
from ..contract.area import Area
from ..contract.local import Combine
from ..contract.op import Frame, Params
from ..errors import InvalidArea
from .chain import Chain, tile_by_tile

Bounds = tuple[float, float, float, float]
"""Top, bottom, left and right of a rectangle, as shares of a photo's height and width."""
WHOLE: Final[Bounds] = (0.0, 1.0, 0.0, 1.0)


@dataclass(frozen=True)
class MaskPart:
    """A part of an area with its values: `rows` (B, 1, 1, 1) is 1 where it is present, None for everywhere."""

    area: Area
    params: Params
    combine: Combine
    invert: bool
    rows: Tensor | None = None

    @property
    def bounds(self) -> Bounds:
        """A rectangle beyond which its mask is 0; the whole photo where none is known."""
        found = None if self.invert else self.area.bounds(self.params)
        return WHOLE if found is None else found

    def mask(self, rgb: Tensor, frame: Frame) -> Tensor:
        """Its mask (B, 1, H, W) alone.

        Raises:
            InvalidArea: the area gave back another shape or dtype.
        """
        found = self.area.mask(rgb, self.params.at(frame))
        expected = (rgb.shape[0], 1, *rgb.shape[2:])
        if not isinstance(found, Tensor) or tuple(found.shape) != expected or found.dtype != rgb.dtype:
            came = f"{tuple(found.shape)} {found.dtype}" if isinstance(found, Tensor) else type(found).__name__
            raise InvalidArea(
                f"area {self.area.id!r} gave back {came} for pixels {tuple(rgb.shape)} {rgb.dtype}",
                cure="Return a mask (B, 1, H, W) of the pixels' dtype.",
            )
        return 1 - found if self.invert else found


def combined(parts: tuple[MaskPart, ...], rgb: Tensor, frame: Frame) -> Tensor:
    """The mask (B, 1, H, W) of parts joined in order; 1 where no part is.

    Parts add up as a + b - ab, subtract as a(1 - b) and intersect as ab. A first part that adds or intersects is taken
    as it is, one that subtracts is taken from the whole photo.
    """
    # A number a row, until a part has a mask. `begun` is 1 in rows of which a part has been seen: what is added to
    # nothing is itself.
    mask = torch.ones((rgb.shape[0], 1, 1, 1), dtype=rgb.dtype, device=rgb.device)
    begun = torch.zeros_like(mask)
    for part in parts:
        own = part.mask(rgb, frame)
        if part is parts[0] and part.rows is None:
            joined = 1 - own if part.combine == "subtract" else own
        elif part.combine == "add":
            held = mask * begun
            joined = held + own * (1 - held)
        elif part.combine == "subtract":
            joined = mask * (1 - own)
        else:
            joined = mask * own
        if part.rows is None:
            mask, begun = joined, torch.ones_like(begun)
        else:
            mask, begun = torch.where(part.rows > 0, joined, mask), torch.maximum(begun, part.rows)
    return mask.expand(-1, -1, *rgb.shape[2:])


def bounds_of(parts: tuple[MaskPart, ...]) -> Bounds:
    """A rectangle beyond which the mask of parts, present and joined in order, is 0."""
    found = WHOLE
    for part in parts:
        top, bottom, left, right = part.bounds
        if part is parts[0]:
            found = WHOLE if part.combine == "subtract" else part.bounds
        elif part.combine == "add":
            found = min(found[0], top), max(found[1], bottom), min(found[2], left), max(found[3], right)
        elif part.combine == "intersect":
            found = max(found[0], top), min(found[1], bottom), max(found[2], left), min(found[3], right)
    return found


@dataclass(frozen=True)
class LocalStep:
    """One adjustment: the parts of its area, its chain of full strength, and how much is mixed in, (B, 1, 1, 1);
    0 in rows in which it is absent.
    """

    name: str
    parts: tuple[MaskPart, ...]
    chain: Chain
    strength: Tensor

    @property
    def placed(self) -> bool:
        """Whether its mask depends on where a pixel lies."""
        return any(part.area.placed for part in self.parts)

    def weight(self, rgb: Tensor, frame: Frame) -> Tensor:
        """How much is mixed in at each pixel (B, 1, H, W) of a tile of the photo before any edit."""
        return self.strength.to(rgb.dtype) * combined(self.parts, rgb, frame)

    def run(self, before: Tensor, done: Tensor, *, whole: bool) -> Tensor:
        """The photo after the adjustment.

        Args:
            before: (B, 3, H, W), the photo before any edit.
            done: the same, as the edits up to here have made it.
            whole: no tiles, for autograd.
        """
        _, _, height, width = done.shape
        frame = Frame(0, 0, height, width, self.chain.seed)
        if whole:
            changed = self.chain.run(done, whole=True)
            return self._mixed(before, done, changed, frame)
        # Tile by tile, so that no second photo is held; spatial ops make one.
        ready = None if self.chain.pointwise else self.chain.run(done)

        def compute(rows: slice) -> Tensor:
            place, tile = replace(frame, top=rows.start), done[:, :, rows]
            changed = self.chain.tile(tile, place) if ready is None else ready[:, :, rows]
            return self._mixed(before[:, :, rows], tile, changed, place)

        return tile_by_tile(done, compute, costly=True)

    def _mixed(self, before: Tensor, done: Tensor, changed: Tensor, frame: Frame) -> Tensor:
        weight = self.weight(at_least_single(before), frame)
        return (done + weight * (changed - done)).to(done.dtype)


@dataclass(frozen=True)
class Layers:
    """A chain for the whole photo, and local adjustments over it, in order."""

    chain: Chain
    local: tuple[LocalStep, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the ops that run, each once."""
        return tuple(dict.fromkeys((*self.chain.ids, *(id for step in self.local for id in step.chain.ids))))

    @property
    def names(self) -> tuple[str, ...]:
        """The adjustments' names."""
        return tuple(step.name for step in self.local)

    @property
    def pointwise(self) -> bool:
        """Whether every op is, global or local."""
        return self.chain.pointwise and all(step.chain.pointwise for step in self.local)

    def run(self, rgb: Tensor, *, clamp: bool = False, whole: bool = False) -> Tensor:
        """Apply everything to (B, 3, H, W); arguments as those of `Chain.run`."""
        if not self.local:
            return self.chain.run(rgb, clamp=clamp, whole=whole)
        done = replace(self.chain, strength=1.0, neutral=False).run(rgb, whole=whole)
        return self.over(rgb, done, clamp=clamp, whole=whole)

    def over(self, rgb: Tensor, done: Tensor, *, clamp: bool, whole: bool = False) -> Tensor:
        """The adjustments over what the chain made of a photo, clamped and blended with it as `Chain.finish` does."""
        for step in self.local:
            done = step.run(rgb, done, whole=whole)
        return self.chain.finish(rgb, done, clamp=clamp)

    def given(self, rgb: Tensor, states: Sequence[Mapping[int, Tensor]]) -> list[Tensor]:
        """What everything makes of colours (B, 3, H, W), unclamped, in each of some states.

        Args:
            states: masks, (B, 1, H, W) or numbers, by the places of adjustments in `local`. The masks of all others
                must not depend on where a colour lies.
        """
        done = [replace(self.chain, strength=1.0, neutral=False).run(rgb)] * len(states)
        _, _, height, width = rgb.shape
        frame = Frame(0, 0, height, width, self.chain.seed)
        for place, step in enumerate(self.local):
            known = all(place in state for state in states)
            own = step.strength if known else combined(step.parts, at_least_single(rgb), frame)
            masks = [state.get(place, own) for state in states]
            # States that are alike up to here share what is made of them.
            alike: dict[tuple[int, int], Tensor] = {}
            for before, mask in zip(done, masks, strict=True):
                if (id(before), id(mask)) not in alike and bool(mask.any()):
                    changed = step.chain.run(before)
                    alike[id(before), id(mask)] = before + step.strength * mask * (changed - before)
            done = [alike.get((id(before), id(mask)), before) for before, mask in zip(done, masks, strict=True)]
        ends = {id(each): self.chain.finish(rgb, each, clamp=False) for each in done}
        return [ends[id(each)] for each in done]
