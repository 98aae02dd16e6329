"""Latents: the values a planner emits, batched and differentiable, with presence per row.

Local adjustments stand beside the ops by keys of their own: `"sky#"` holds an adjustment's strength, `"sky#0"` the
slots of the first part of its area, `"sky/exposure"` one of its ops. An adjustment is absent where `"sky#"` is, a part
or an op of it where its own key is; without any part it applies to the whole photo.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import MappingKey, register_pytree_node

from ..errors import InvalidLatents, nearest
from .area import GROUP
from .local import key_of, key_of_part
from .schema import OpSpec, Schema
from .slots import Slot
from .squash import squash, unsquash

Values = Mapping[str, Mapping[str, Tensor]]


class Latents:
    """Values op -> slot -> (B, *shape), and presence op -> (B,) bool. An absent op is skipped exactly.

    Args:
        schema: what the values are values of; ops without values are absent in every row. An adjustment of which any
            values are given has its strength and the parts of its area, at their identities where they are not given.
        values: float tensors on one device; a missing slot of a given op takes its identity.
        present: rows in which each op is present; by default all rows of the ops in `values`.
        batch: the number of rows, at least 1, needed only where `values` is empty.

    Raises:
        InvalidLatents: unknown op or slot, a wrong shape, an integer dtype, two devices, a missing value that has no
            identity, presence of an op without values.
    """

    def __init__(
        self,
        schema: Schema,
        values: Values,
        *,
        present: Mapping[str, Tensor] | None = None,
        batch: int | None = None,
    ) -> None:
        self.schema = schema
        for op in values:
            if op not in schema.specs:
                cure = f"{nearest(op, schema.specs)} It has: {schema}.".lstrip()
                raise InvalidLatents(f"no op {op!r} in this schema", cure=cure)
            for name, value in values[op].items():
                if not isinstance(value, Tensor) or value.ndim == 0:
                    raise InvalidLatents(f"{op}.{name}: {value!r} is no batch", cure="Give a tensor of shape (B, ...).")
        for op in present or ():
            if op not in values:
                raise InvalidLatents(
                    f"op {op!r} is present but has no values", cure="Give its values, {} for its identity."
                )
        values = {**values, **{key: {} for key in _implied(schema, values)}}
        first = next((tensor for slots in values.values() for tensor in slots.values()), torch.empty(1))
        self.batch = int(first.shape[0]) if batch is None else batch
        self.device, self.dtype = first.device, first.dtype
        self.values = {op: self._fill(schema.spec(op), values[op]) for op in schema.specs if op in values}
        self.present = {op: self._presence(op, present) for op in self.values}

    def _fill(self, spec: OpSpec, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Check the slots given for one op and add the identity of the others."""
        for name in given:
            if name not in spec.slots:
                raise InvalidLatents(
                    f"op {spec.id!r} has no slot {name!r}",
                    cure=f"{nearest(name, spec.slots)} Its slots: {', '.join(spec.slots)}.".lstrip(),
                )
        return {name: self._value(spec, name, slot, given.get(name)) for name, slot in spec.slots.items()}

    def _value(self, spec: OpSpec, name: str, slot: Slot, value: Tensor | None) -> Tensor:
        path = f"{spec.id}.{name}"
        if value is None:
            if slot.identity is None:
                raise InvalidLatents(f"{path} is missing and has no identity", cure="Give it, or leave the op out.")
            return constant(slot.identity, self.batch, dtype=self.dtype, device=self.device)
        if not value.is_floating_point():
            raise InvalidLatents(f"{path}: dtype {value.dtype} is not a float", cure="Give float32 values.")
        if tuple(value.shape) != (self.batch, *slot.shape):
            raise InvalidLatents(
                f"{path}: shape {tuple(value.shape)} is not {(self.batch, *slot.shape)}",
                cure="One row a photo, each alike.",
            )
        if value.device != self.device:
            raise InvalidLatents(f"{path}: on {value.device}, others on {self.device}", cure="Move them to one device.")
        return value

    def _presence(self, op: str, present: Mapping[str, Tensor] | None) -> Tensor:
        if present is None or op not in present:
            return torch.ones(self.batch, dtype=torch.bool, device=self.device)
        rows = torch.as_tensor(present[op], device=self.device)
        if rows.dtype != torch.bool or tuple(rows.shape) != (self.batch,):
            raise InvalidLatents(f"{op}: presence must be ({self.batch},) bool, not {tuple(rows.shape)} {rows.dtype}")
        return rows

    @classmethod
    def identity(
        cls, schema: Schema, batch: int = 1, *, device: Any = None, dtype: torch.dtype = torch.float32
    ) -> Latents:
        """Every op that has an identity, present and doing nothing in `batch` rows, at least 1;
        the others are absent.
        """
        values = {
            spec.id: {name: constant(slot.identity, batch, dtype, device) for name, slot in spec.slots.items()}
            for spec in schema.specs.values()
            if all(slot.identity is not None for slot in spec.slots.values())
        }
        return cls(schema, values, batch=batch)

    @classmethod
    def unpack(cls, schema: Schema, packed: Tensor, *, present: Tensor | None = None) -> Latents:
        """Read what `pack` wrote: packed (B, D) and, optionally, presence (B, number of ops) bool."""
        if packed.ndim != 2 or packed.shape[1] != schema.size:
            raise InvalidLatents(
                f"packed shape {tuple(packed.shape)} is not (B, {schema.size})",
                cure="Pack latents of this very schema.",
            )
        if present is not None and present.shape != (len(packed), len(schema.specs)):
            raise InvalidLatents(
                f"presence of shape {tuple(present.shape)} is not {(len(packed), len(schema.specs))}",
                cure="Give one column an op, in schema order.",
            )
        values: dict[str, dict[str, Tensor]] = {}
        start = 0
        for op, name, slot in schema:
            part = packed[:, start : start + slot.size]
            values.setdefault(op, {})[name] = part.reshape(len(packed), *slot.shape)
            start += slot.size
        rows = None if present is None else {op: present[:, i] for i, op in enumerate(schema.specs)}
        return cls(schema, values, present=rows, batch=len(packed))

    @classmethod
    def squash(cls, schema: Schema, raw: Tensor, *, present: Tensor | None = None) -> Latents:
        """Valid latents from unbounded reals (B, D), differentiably; 0 is the identity. See `core.contract.squash`."""
        free = cls.unpack(schema, raw, present=present)
        return free._map(squash)

    def unsquash(self) -> Tensor:
        """The raw (B, D) reals that `squash` maps to these latents."""
        return self._map(unsquash).pack()

    def pack(self) -> Tensor:
        """All values as (B, D) in schema order; ops without values stand at their identity (`off` where there is
        none).
        """
        parts = [torch.empty(self.batch, 0, dtype=self.dtype, device=self.device)]
        for op, name, slot in self.schema:
            if op in self.values:
                parts.append(self.values[op][name].reshape(self.batch, -1))
            else:
                rest = slot.identity if slot.identity is not None else slot.off
                parts.append(constant(rest, self.batch, self.dtype, self.device).reshape(self.batch, -1))
        return torch.cat(parts, dim=1)

    def presence(self) -> Tensor:
        """Presence as (B, number of ops) bool in schema order."""
        rows = torch.zeros(self.batch, len(self.schema.specs), dtype=torch.bool, device=self.device)
        for i, op in enumerate(self.schema.specs):
            if op in self.present:
                rows[:, i] = self.present[op]
        return rows

    def masked(self, groups: Sequence[Collection[str]]) -> Latents:
        """Switch groups off: `groups` names, for each row, those that stay on.

        A slot of another group takes its `off` value in that row; an op whose groups are all off is absent there. Where
        an adjustment applies stays as it is.
        """
        if len(groups) != self.batch or any(isinstance(row, str) for row in groups):
            raise InvalidLatents(
                f"{len(groups)} sets of groups for {self.batch} rows", cure="Give one set of names a row."
            )
        on = {group: torch.tensor([group in row for row in groups], device=self.device) for group in self.schema.groups}

        def switch(slot: Slot, value: Tensor) -> Tensor:
            if slot.group == GROUP:
                return value
            keep = on[slot.group].reshape(-1, *[1] * len(slot.shape))
            return torch.where(keep, value, torch.tensor(slot.off, dtype=value.dtype, device=value.device))

        switched = self._map(switch)
        for op, rows in self.present.items():
            if not self.schema.spec(op).groups:
                continue
            any_on = torch.stack([on[group] for group in self.schema.spec(op).groups]).any(dim=0)
            switched.present[op] = rows & any_on
        return switched

    def check(self) -> Latents:
        """Return self where every value of every present row lies within its bounds.

        Raises:
            OutOfBounds: with op, slot, row, value and rule.
        """
        for op, slots in self.values.items():
            rows = self.present[op].nonzero().flatten().tolist()
            for name, value in slots.items():
                for row in rows:
                    where = f"{op}.{name}" + (f" (row {row})" if self.batch > 1 else "")
                    self.schema.spec(op).slots[name].check(value[row].detach().cpu().double().numpy(), path=where)
        return self

    def row(self, index: int) -> Latents:
        """Row `index` alone, as latents with B = 1; from 0, or from -1 backwards.

        Raises:
            InvalidLatents: there is no such row.
        """
        if not -self.batch <= index < self.batch:
            raise InvalidLatents(f"row {index} of latents with {self.batch} rows", cure="Rows count from 0.")
        index %= self.batch
        rows = slice(index, index + 1)
        return Latents(
            self.schema,
            {op: {name: value[rows] for name, value in slots.items()} for op, slots in self.values.items()},
            present={op: present[rows] for op, present in self.present.items()},
            batch=1,
        )

    @classmethod
    def cat(cls, rows: Sequence[Latents]) -> Latents:
        """Stack latents of one schema along the batch; ops missing in some are absent there."""
        if not rows:
            raise InvalidLatents("no latents to join", cure="Give at least one.")
        schema = rows[0].schema
        if any(latents.schema != schema for latents in rows):
            raise InvalidLatents("latents of different schemas cannot be joined", cure="Make them with one schema.")
        present = torch.cat([latents.presence() for latents in rows])
        return cls.unpack(schema, torch.cat([latents.pack() for latents in rows]), present=present)

    def to(self, device: Any = None, dtype: torch.dtype | None = None) -> Latents:
        """The same latents on another device or in another float type."""
        moved = {
            op: {n: v.to(device=device, dtype=dtype) for n, v in slots.items()} for op, slots in self.values.items()
        }
        rows = {op: present.to(device=device) for op, present in self.present.items()}
        return Latents(self.schema, moved, present=rows, batch=self.batch)

    def _map(self, change: Callable[[Slot, Tensor], Tensor]) -> Latents:
        values = {
            op: {name: change(self.schema.spec(op).slots[name], value) for name, value in slots.items()}
            for op, slots in self.values.items()
        }
        return Latents(self.schema, values, present=dict(self.present), batch=self.batch)

    def __repr__(self) -> str:
        """One row with its values, several by their number; of ops that are absent everywhere nothing."""
        rows = "1 row" if self.batch == 1 else f"{self.batch} rows"
        if torch.compiler.is_compiling():
            return f"Latents({rows}; {', '.join(self.values) or 'no ops'})"
        said = [self._said(op) for op, present in self.present.items() if bool(present.any())]
        return f"Latents({'; '.join([rows, *(said or ['no ops'])])})"

    def _said(self, op: str) -> str:
        """An op in a few words: its values where there is one row, else how many rows have it."""
        count = int(self.present[op].sum())
        if self.batch > 1:
            return op if count == self.batch else f"{op} in {count}"
        slots = {name: value[0].detach().cpu() for name, value in self.values[op].items()}
        shown = [
            f"{name}={float(value):.4g}" if value.ndim == 0 else f"{name}=<{' x '.join(map(str, value.shape))}>"
            for name, value in slots.items()
        ]
        return f"{op}({', '.join(shown)})"


def _implied(schema: Schema, given: Collection[str]) -> list[str]:
    """The keys of an adjustment's strength and parts that go with what is given of it."""
    found = []
    for entry in schema.local:
        if any(spec.id in given for spec in entry.flat()):
            keys = [key_of(entry.name), *(key_of_part(entry.name, index) for index in range(len(entry.parts)))]
            found += [key for key in keys if key not in given]
    return found


def _parts(latents: Latents) -> tuple[list[Any], Any]:
    """Latents as torch's tree of tensors, for torch.export and the like: values, then presence."""
    names = tuple((op, tuple(slots)) for op, slots in latents.values.items())
    tensors = [value for slots in latents.values.values() for value in slots.values()]
    return tensors + list(latents.present.values()), (latents.schema, names, latents.batch, latents.dtype)


def _whole(parts: Iterable[Any], context: Any) -> Latents:
    """The latents of such a tree; what stands in for a tensor while torch traces is not judged."""
    latents = object.__new__(Latents)
    latents.schema, names, latents.batch, latents.dtype = context
    given = iter(parts)
    latents.values = {op: {name: next(given) for name in slots} for op, slots in names}
    latents.present = {op: next(given) for op, _ in names}
    first = next((value for slots in latents.values.values() for value in slots.values()), None)
    latents.device = first.device if isinstance(first, Tensor) else torch.device("cpu")
    return latents


def _named_parts(latents: Latents) -> tuple[list[tuple[Any, Any]], Any]:
    """The same, each tensor with its name for messages."""
    parts, context = _parts(latents)
    names = [f"{op}.{name}" for op, slots in latents.values.items() for name in slots]
    names += [f"{op} present" for op in latents.present]
    return [(MappingKey(name), part) for name, part in zip(names, parts, strict=True)], context


register_pytree_node(Latents, _parts, _whole, flatten_with_keys_fn=_named_parts)


def constant(value: Any, batch: int, dtype: torch.dtype = torch.float32, device: Any = None) -> Tensor:
    """A slot's array repeated for each row: (B, *shape)."""
    single = torch.tensor(value, dtype=dtype, device=device)
    return single.expand(batch, *single.shape).clone()
