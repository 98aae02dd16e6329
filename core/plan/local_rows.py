"""Local adjustments of several photos as one batch of latents: what planners propose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from ..contract.latents import Latents
from ..contract.schema import LocalSpec, OpSpec, Schema
from ..errors import InvalidLatents
from .local import LocalAdjustment


def with_local_rows(latents: Latents, rows: Sequence[Sequence[LocalAdjustment]]) -> Latents:
    """Latents of global edits with local adjustments over them, a sequence of them for each row.

    Adjustments of one name are one in the batch, present in the rows that have it; they stand in the order in which the
    rows first name them.

    Raises:
        InvalidLatents: another number of rows, or adjustments of one name whose areas differ in more than values.
    """
    if len(rows) != latents.batch:
        raise InvalidLatents(f"{len(rows)} rows of adjustments for {latents.batch}", cure="Give one sequence a row.")
    if not any(rows):
        return latents
    names = dict.fromkeys(entry.name for row in rows for entry in row)
    held = {name: [_of_name(row, name) for row in rows] for name in names}
    specs = [_spec(entries) for entries in held.values()]
    schema = Schema(latents.schema.specs.values(), local=specs)
    values, present = dict(latents.values), dict(latents.present)
    for spec, entries in zip(specs, held.values(), strict=True):
        for flat in spec.flat():
            given = [_params(entry, flat.id) for entry in entries]
            values[flat.id] = {
                name: torch.stack([_row(flat, name, params, latents) for params in given]) for name in flat.slots
            }
            present[flat.id] = torch.tensor([params is not None for params in given], device=latents.device)
    return Latents(schema, values, present=present, batch=latents.batch)


def _of_name(row: Sequence[LocalAdjustment], name: str) -> LocalAdjustment | None:
    return next((entry for entry in row if entry.name == name), None)


def _spec(entries: Sequence[LocalAdjustment | None]) -> LocalSpec:
    """One spec for the adjustments of a name: their area, and the ops of all."""
    specs = [entry.spec() for entry in entries if entry is not None]
    areas = {tuple((part.area, part.version, part.combine, part.invert) for part in spec.parts) for spec in specs}
    if len(areas) > 1:
        raise InvalidLatents(
            f"the areas of adjustment {specs[0].name!r} differ from row to row", cure="Name them apart."
        )
    ops = {op.id: op for spec in specs for op in spec.ops}
    return replace(specs[0], ops=tuple(ops.values()))


def _params(entry: LocalAdjustment | None, key: str) -> dict[str, Tensor] | None:
    """An adjustment's values of a key; None where it has none."""
    if entry is None:
        return None
    params = dict(entry.values()).get(key)
    return None if params is None else {name: torch.as_tensor(value) for name, value in params.items()}


def _row(spec: OpSpec, name: str, params: dict[str, Tensor] | None, like: Latents) -> Tensor:
    slot = spec.slots[name]
    rest = slot.identity if slot.identity is not None else slot.off
    value = params[name] if params is not None and name in params else torch.tensor(rest, dtype=torch.float32)
    return value.to(like.device, like.dtype)
