"""The plan: a JSON document that says what one photo gets, and why."""

from __future__ import annotations

import base64
import binascii
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import documents
from .errors import InvalidDocument, InvalidPlan, OutOfBounds, VeraRetouchError, nearest
from .planner import Reasoning
from .registry import State, registry
from .schema import Schema
from .slots import GROUPS, FloatArray, Lattice, Slot

if TYPE_CHECKING:
    from .latents import Latents
    from .op import Op

FORMAT = "veraretouch.plan/1"
_INLINE = 64


@dataclass(frozen=True)
class Edit:
    """The values of one op: slot -> array of the slot's shape; the op's version, distribution and asset."""

    version: int
    params: Mapping[str, FloatArray]
    source: str | None = None
    asset: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Plan:
    """What one photo gets, and why. Make one by `Plan.load`, `Plan.of` or a planner.

    Attributes:
        mode: how it was asked for; `prompt`: in which words.
        edits: op id -> `Edit`; the chain's order rules, not this mapping's.
        groups: the groups that are switched on; the values of others are kept but not applied.
        strength: blend of the finished picture with the input, 0..1.
        reasoning: group -> problem and plan in words.
    """

    mode: str = "auto"
    edits: Mapping[str, Edit] = field(default_factory=dict)
    prompt: str | None = None
    seed: int = 0
    strength: float = 1.0
    planner: Mapping[str, str] | None = None
    groups: tuple[str, ...] = GROUPS
    reasoning: Reasoning = field(default_factory=dict)

    @classmethod
    def load(cls, source: str | bytes | Path | dict[str, Any]) -> Plan:
        """Read a plan from a path, JSON text or an object, strictly; older op versions are migrated.

        Raises:
            InvalidPlan: the JSON path, the rule and the cure; an op that is not installed is named with its distribution.
        """
        try:
            document = documents.load(source, "plan", name="plan")
            edits = {id: _read_edit(id, edit) for id, edit in document["edits"].items()}
        except InvalidPlan:
            raise
        except InvalidDocument as error:
            raise InvalidPlan(str(error)) from None
        return cls(
            mode=document["mode"],
            edits=edits,
            prompt=document.get("prompt"),
            seed=document.get("seed", 0),
            strength=float(document.get("strength", 1.0)),
            planner=document.get("planner"),
            groups=tuple(document.get("groups", GROUPS)),
            reasoning=document.get("reasoning", {}),
        )

    @classmethod
    def of(cls, latents: Latents, **facts: Any) -> Plan:
        """The plan of latents with one row; ops absent there are left out. `facts` are the other attributes.

        Raises:
            InvalidPlan: more than one row; OutOfBounds: a value outside its slot's bounds.
        """
        if latents.batch != 1:
            raise InvalidPlan(f"latents of {latents.batch} rows", cure="A plan holds one photo; take latents.row(i).")
        latents.check()
        edits = {}
        for op, slots in latents.values.items():
            if bool(latents.present[op][0]):
                params = {
                    name: value[0].detach().cpu().float().numpy().astype(np.float64) for name, value in slots.items()
                }
                edits[op] = Edit(latents.schema.spec(op).version, params, source=_provider(op))
        return cls(edits=edits, **facts)

    def schema(self) -> Schema:
        """The schema of the ops that the plan edits, lattices at the plan's own size."""
        lattices = [
            len(edit.params[name])
            for op, edit in self.edits.items()
            for name, slot in _op(op).slots.items()
            if isinstance(slot, Lattice) and name in edit.params
        ]
        return Schema.of([_op(op) for op in self.edits], lattice=lattices[0] if lattices else None)

    def latents(self) -> Latents:
        """The plan's values as latents with B = 1, groups applied: what the renderer is given."""
        import torch

        from .latents import Latents

        values = {
            op: {name: torch.tensor(value, dtype=torch.float32).unsqueeze(0) for name, value in edit.params.items()}
            for op, edit in self.edits.items()
        }
        return Latents(self.schema(), values, batch=1).masked([self.groups])

    def document(self) -> dict[str, Any]:
        """The plan as a JSON object."""
        document: dict[str, Any] = {
            "schema": FORMAT,
            "mode": self.mode,
            "prompt": self.prompt,
            "seed": self.seed,
            "strength": self.strength,
            "planner": None if self.planner is None else dict(self.planner),
            "groups": list(self.groups),
            "edits": {op: _write_edit(edit) for op, edit in self.edits.items()},
            "reasoning": {group: dict(thought) for group, thought in self.reasoning.items()},
        }
        return {key: value for key, value in document.items() if value is not None}

    def json(self) -> str:
        """The plan as JSON text, indented."""
        return json.dumps(self.document(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the plan as JSON, whole or not at all.

        Raises:
            InvalidPlan: the folder is missing or cannot be written to.
        """
        target = Path(path)
        try:
            with tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", dir=target.parent, suffix=".part", delete=False
            ) as part:
                part.write(self.json())
            # Temporary files are private; a plan gets what the umask allows.
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(part.name, 0o666 & ~umask)
            os.replace(part.name, target)
        except OSError as error:
            raise InvalidPlan(f"{target} cannot be written: {error.strerror}", cure="Check the folder.") from None
        return target


def _op(id: str) -> type[Op]:
    op: type[Op] = registry.ops.load(id)
    return op


def _provider(id: str) -> str | None:
    """The distribution of a third party's op, as plans record it; built-ins need no record."""
    entry = registry.ops.entries().get(id)
    if entry is None or entry.distribution == "veraretouch" or not entry.version:
        return None
    return f"{entry.distribution} {entry.version}"


def _read_edit(id: str, document: Mapping[str, Any]) -> Edit:
    path = f"plan.edits.{id}"
    entry = registry.ops.entries().get(id)
    if entry is None:
        provider = document.get("from")
        cure = f"pip install {provider.split()[0]}" if provider else f"Installed: {', '.join(registry.ops.ids())}."
        provided = f" (provided by {provider})" if provider else ""
        raise InvalidPlan(
            f"op {id!r} is not installed{provided}.{nearest(id, registry.ops.ids())}", path=path, cure=cure
        )
    if entry.state not in (State.AVAILABLE, State.LOADED):
        raise InvalidPlan(f"op {id!r} of {entry.distribution} is {entry.state}: {entry.reason}", path=path)
    try:
        op = _op(id)
    except VeraRetouchError as error:
        raise InvalidPlan(str(error), path=path) from None
    given = {name: _read_value(value, f"{path}.params.{name}") for name, value in document["params"].items()}
    params = _migrated(op, given, document["version"], path)
    checked = {}
    for name, value in params.items():
        if name not in op.slots:
            known = ", ".join(op.slots)
            raise InvalidPlan(
                f"op {id!r} has no slot {name!r}.{nearest(name, op.slots)}",
                path=f"{path}.params",
                cure=f"Its slots: {known}.",
            )
        checked[name] = _check_value(op.slots[name], value, f"{path}.params.{name}")
    for name, slot in op.slots.items():
        if slot.identity is None and name not in checked:
            raise InvalidPlan(
                f"slot {name!r} is missing and has no identity",
                path=f"{path}.params",
                cure="Give it, or leave the op out.",
            )
    return Edit(op.version, checked, document.get("from"), document.get("asset"))


def _migrated(op: type[Op], params: Mapping[str, Any], version: int, path: str) -> Mapping[str, Any]:
    if version == op.version:
        return params
    migrated = op.migrate(params, version) if version < op.version else None
    if migrated is None:
        raise InvalidPlan(
            f"version {version} of op {op.id!r} cannot be brought to version {op.version}, which is installed",
            path=f"{path}.version",
            cure="Install the version it was made with, or make the plan again.",
        )
    return migrated


def _check_value(slot: Slot, value: Any, path: str) -> FloatArray:
    if isinstance(slot, Lattice) and np.ndim(value) == 4:
        try:
            slot = slot.resized(len(value))
        except VeraRetouchError as error:
            raise InvalidPlan(str(error), path=path) from None
    try:
        return slot.check(value, path=path)
    except OutOfBounds as error:
        raise InvalidPlan(str(error)) from None


def _read_value(value: Any, path: str) -> Any:
    """A number, nested lists, or the base64 form as an array."""
    if not isinstance(value, dict):
        return value
    try:
        data = base64.b64decode(value["base64"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidPlan(f"not base64: {error}", path=f"{path}.base64") from None
    count = int(np.prod(value["shape"], dtype=object))
    if len(data) != 4 * count:
        raise InvalidPlan(f"{len(data)} bytes are not the {4 * count} of shape {value['shape']}", path=f"{path}.base64")
    return np.frombuffer(data, dtype="<f4").reshape(value["shape"])


def _write_edit(edit: Edit) -> dict[str, Any]:
    document: dict[str, Any] = {"version": edit.version}
    if edit.source is not None:
        document["from"] = edit.source
    if edit.asset is not None:
        document["asset"] = dict(edit.asset)
    return document | {"params": {name: _write_value(value) for name, value in edit.params.items()}}


def _write_value(value: FloatArray) -> Any:
    single = np.asarray(value, dtype="<f4")
    if single.size > _INLINE:
        return {"dtype": "float32", "shape": list(single.shape), "base64": base64.b64encode(single.tobytes()).decode()}
    # float32's own shortest decimals: 0.35, not 0.3499999940395355.
    flat = [float(str(number)) for number in single.ravel()]
    nested: Any = np.array(flat, dtype=np.float64).reshape(single.shape).tolist()
    return nested
