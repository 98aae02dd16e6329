"""From latents to what runs: the chain for the whole photo, and local adjustments over it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..contract.local import is_global, key_of, key_of_op, key_of_part
from ..contract.op import Frame, Op
from ..contract.schema import LocalSpec
from ..errors import InvalidLatents
from ..plan.local import area_of
from .chain import Chain, Step, at_identity
from .job import RenderJob
from .local import Layers, LocalStep, MaskPart


@dataclass(frozen=True)
class Assembly:
    """How the values of a job become steps for a batch of photos.

    Attributes:
        find: the op of an id and a version, with the weights that the plan names.
        size: height and width of the photos.
        keep_identities: ops at identity stay, since a gradient is wanted; otherwise they are left out.
        tracing: presence is a tensor whose values nobody knows: the steps keep it.
    """

    job: RenderJob
    find: Callable[[str, int, Mapping[str, str] | None], Op]
    batch: int
    size: tuple[int, int]
    device: torch.device
    dtype: torch.dtype = torch.float32
    keep_identities: bool = False
    tracing: bool = False
    fused: bool = False

    def chain(self) -> Chain:
        """The present ops that edit the whole photo, in chain order."""
        keys = {key: key for key in self.job.latents.values if is_global(key)}
        return Chain(self._steps(keys), self.job.strength, self.job.seed, self.fused, self.job.neutral)

    def layers(self, small: Callable[[], Tensor]) -> Layers:
        """The chain and the present adjustments.

        Args:
            small: makes the small photo (B, 3, h, w) for areas that look at one, before any edit.
        """
        chain, local = self.chain(), self.job.latents.schema.local
        if not local:
            return Layers(chain)
        looks = any(area_of(part.area).view for entry in local for part in entry.parts)
        none = torch.zeros(self.batch, 3, 0, 0, dtype=self.dtype, device=self.device)
        view = small().to(self.device, self.dtype) if looks else none
        found = (self._adjustment(entry, view, chain) for entry in local)
        return Layers(chain, tuple(step for step in found if step is not None))

    def _steps(self, keys: Mapping[str, str]) -> tuple[Step, ...]:
        """The present ops among these, by key; each value is the op's id."""
        latents, steps = self.job.latents, []
        for key, id in keys.items():
            slots, present = self._values(key)
            if not self.keep_identities:
                present = present & ~at_identity(latents, key, slots).to(self.device)
            if not self.tracing and not bool(present.any()):
                continue
            rows = None if self.tracing or bool(present.all()) else present.nonzero().flatten()
            moved = self._moved(slots)
            if rows is not None:
                moved = {name: value.index_select(0, rows) for name, value in moved.items()}
            op = self.find(id, latents.schema.spec(key).version, self.job.assets.get(key))
            params = op.params(moved, Frame(0, 0, *self.size))
            steps.append(Step(op, params, rows, present if self.tracing else None))
        return tuple(steps)

    def _values(self, key: str) -> tuple[dict[str, Tensor], Tensor]:
        """The slots and the presence of a key, a row a photo."""
        latents = self.job.latents
        slots, present = latents.values[key], latents.present[key].to(self.device)
        if latents.batch == 1 and self.batch > 1:
            slots = {name: value.expand(self.batch, *value.shape[1:]) for name, value in slots.items()}
            present = present.expand(self.batch)
        return slots, present

    def _moved(self, slots: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {name: value.to(device=self.device, dtype=self.dtype) for name, value in slots.items()}

    def _adjustment(self, entry: LocalSpec, view: Tensor, chain: Chain) -> LocalStep | None:
        """One adjustment; None where it does nothing and no gradient is wanted."""
        key = key_of(entry.name)
        if key not in self.job.latents.values:
            return None
        slots, present = self._values(key)
        strength = self._moved(slots)["strength"] * present
        if not self.keep_identities and not bool((strength > 0).any()):
            return None
        keys = {key_of_op(entry.name, op.id): op.id for op in entry.ops}
        steps = self._steps({key: id for key, id in keys.items() if key in self.job.latents.values})
        if not steps:
            return None
        parts = tuple(part for i in range(len(entry.parts)) if (part := self._part(entry, i, view)) is not None)
        own = replace(chain, steps=steps, strength=1.0, neutral=False)
        return LocalStep(entry.name, parts, own, strength.reshape(-1, 1, 1, 1))

    def _part(self, entry: LocalSpec, index: int, view: Tensor) -> MaskPart | None:
        """One part of an area; None where no row has it."""
        spec = entry.parts[index]
        area = area_of(spec.area)()
        if area.version != spec.version:
            raise InvalidLatents(
                f"latents for version {spec.version} of area {spec.area!r}, whose version here is {area.version}",
                cure="Make them anew with this version; Plan.load brings saved plans forward.",
            )
        slots, present = self._values(key_of_part(entry.name, index))
        if not self.tracing and not bool(present.any()):
            return None
        seen = view if area.view else view[:, :, :0, :0]
        params = area.params(self._moved(slots), Frame(0, 0, *self.size), seen)
        everywhere = not self.tracing and bool(present.all())
        rows = None if everywhere else present.to(self.dtype).reshape(-1, 1, 1, 1)
        return MaskPart(area, params, spec.combine, spec.invert, rows)
