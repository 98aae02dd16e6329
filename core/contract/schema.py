"""The typed latent schema: which slots a set of ops has, in order, with a fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from ..errors import InvalidSchema, InvalidSlot, nearest
from ..strict_json import shorten
from .area import GROUP
from .local import STRENGTH, PartSpec, check_combine, check_name, is_global, key_of, key_of_op, key_of_part
from .op import Op
from .slot_kinds import Lattice, slot_from_document
from .slots import Slot

FORMAT = "veraretouch.schema/1"
FORMAT_WITH_LOCAL = "veraretouch.schema/2"


@dataclass(frozen=True)
class OpSpec:
    """What a schema knows of one op."""

    id: str
    version: int
    stage: int
    slots: Mapping[str, Slot] = field(repr=False)

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of its slots, in order of declaration; none of what says where an adjustment applies."""
        return tuple(dict.fromkeys(slot.group for slot in self.slots.values() if slot.group != GROUP))


@dataclass(frozen=True)
class LocalSpec:
    """What a schema knows of one local adjustment: its name, the parts of its area, and its ops.

    Without parts it applies to the whole photo.
    """

    name: str
    parts: tuple[PartSpec, ...] = ()
    ops: tuple[OpSpec, ...] = ()

    def flat(self) -> Iterator[OpSpec]:
        """Its slots by the keys that latents have: the strength, the parts of its area, its ops in chain order."""
        yield OpSpec(key_of(self.name), 1, 0, {"strength": STRENGTH})
        for index, part in enumerate(self.parts):
            yield OpSpec(key_of_part(self.name, index), part.version, 0, part.slots)
        for op in _in_order(self.ops):
            yield replace(op, id=key_of_op(self.name, op.id))


class Schema:
    """The ordered slots of a set of ops: chain order, then order of declaration; then those of local adjustments.

    Args:
        specs: the ops; use `Schema.of` to make a schema from op classes.
        local: local adjustments, in the order in which they apply. Their slots stand in `specs` too, by the keys of
            `core.contract.local`.

    Raises:
        InvalidSchema: the same op or name twice, a name that cannot be one.

    A schema is data: a trained planner carries its own as a document, whatever is installed.
    """

    def __init__(self, specs: Iterable[OpSpec], *, local: Iterable[LocalSpec] = ()) -> None:
        self.local = tuple(local)
        for entry in self.local:
            check_name(entry.name)
        self.specs: dict[str, OpSpec] = {}
        for spec in (*_in_order(specs), *(spec for entry in self.local for spec in entry.flat())):
            if spec.id in self.specs:
                what = f"adjustment {spec.id[:-1]!r}" if spec.id.endswith("#") else f"op {spec.id!r}"
                raise InvalidSchema(f"{what} occurs twice", cure="An op stands in a chain once, a name in a plan.")
            self.specs[spec.id] = spec

    @classmethod
    def of(cls, ops: Iterable[type[Op] | Op], *, lattice: int | None = None) -> Schema:
        """The schema of these ops; `lattice` fixes the points per edge of every `Lattice` slot, from 2 to 129.

        Raises:
            InvalidSchema: the same op twice. InvalidSlot: a lattice of another size.
        """
        specs = []
        for op in ops:
            slots = {
                name: slot.resized(lattice) if lattice is not None and isinstance(slot, Lattice) else slot
                for name, slot in op.slots.items()
            }
            specs.append(OpSpec(op.id, op.version, int(op.stage), slots))
        return cls(specs)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Schema:
        """Read what `document` wrote.

        Raises:
            InvalidSchema: another format, a part that is missing or wrong, a fingerprint that is not that of the slots.
        """
        if not isinstance(document, Mapping) or document.get("schema") not in (FORMAT, FORMAT_WITH_LOCAL):
            found = document.get("schema") if isinstance(document, Mapping) else document
            raise InvalidSchema(f"schema: {shorten(found)} is not {FORMAT!r}", cure=_CURE)
        local = [_local(entry, index) for index, entry in enumerate(document.get("local", ()))]
        schema = cls(_specs(document.get("ops"), "ops"), local=local)
        if document.get("fingerprint") != schema.fingerprint:
            raise InvalidSchema(
                f"fingerprint {shorten(document.get('fingerprint'))} does not belong to these slots", cure=_CURE
            )
        return schema

    def document(self) -> dict[str, Any]:
        """The schema as a JSON object, words included."""
        own = [spec for spec in self.specs.values() if is_global(spec.id)]
        document = {
            "schema": FORMAT_WITH_LOCAL if self.local else FORMAT,
            "fingerprint": self.fingerprint,
            "ops": [_op_document(spec) for spec in own],
        }
        if self.local:
            document["local"] = [
                {
                    "name": entry.name,
                    "area": [
                        {
                            "id": part.area,
                            "version": part.version,
                            "combine": part.combine,
                            "invert": part.invert,
                            "slots": {name: slot.document() for name, slot in part.slots.items()},
                        }
                        for part in entry.parts
                    ],
                    "ops": [_op_document(spec) for spec in entry.ops],
                }
                for entry in self.local
            ]
        return document

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the canonical JSON of everything that decides pixels; words do not."""
        facts: list[Any] = [
            [spec.id, spec.version, spec.stage, name, slot.facts()]
            for spec in self.specs.values()
            for name, slot in spec.slots.items()
        ]
        facts += [
            [entry.name, [[part.area, part.combine, part.invert] for part in entry.parts]] for entry in self.local
        ]
        canonical = json.dumps(facts, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(canonical.encode()).hexdigest()

    @cached_property
    def size(self) -> int:
        """D: how many numbers one row of packed latents holds."""
        return sum(slot.size for _, _, slot in self)

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """All groups of all slots of ops, in chain order."""
        return tuple(dict.fromkeys(slot.group for _, _, slot in self if slot.group != GROUP))

    def spec(self, op: str) -> OpSpec:
        """The op of this id.

        Raises:
            InvalidSchema: the schema has no such op.
        """
        if op not in self.specs:
            cure = f"{nearest(op, self.specs)} It has: {self}.".lstrip()
            raise InvalidSchema(f"no op {op!r} in this schema", cure=cure)
        return self.specs[op]

    def json_schema(self) -> dict[str, Any]:
        """A JSON Schema (draft 2020-12) of the values: {op: {slot: value}}, every part optional."""
        ops = {
            spec.id: {
                "type": "object",
                "properties": {name: slot.json_schema() for name, slot in spec.slots.items()},
                "additionalProperties": False,
            }
            for spec in self.specs.values()
        }
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "veraretouch latents",
            "x-fingerprint": self.fingerprint,
            "type": "object",
            "properties": ops,
            "additionalProperties": False,
        }

    def __iter__(self) -> Iterator[tuple[str, str, Slot]]:
        """Every (op id, slot name, slot) in order."""
        for spec in self.specs.values():
            for name, slot in spec.slots.items():
                yield spec.id, name, slot

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schema) and other.fingerprint == self.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __str__(self) -> str:
        return ", ".join(self.specs)

    def __repr__(self) -> str:
        return f"Schema({self}; {self.size} numbers, {self.fingerprint[:12]})"


def _in_order(specs: Iterable[OpSpec]) -> list[OpSpec]:
    return sorted(specs, key=lambda spec: (spec.stage, spec.id))


def _op_document(spec: OpSpec) -> dict[str, Any]:
    slots = {name: slot.document() for name, slot in spec.slots.items()}
    return {"id": spec.id, "version": spec.version, "stage": spec.stage, "slots": slots}


_CURE = "Take the document from its source again."
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, InvalidSlot, InvalidSchema)


def _specs(ops: Any, path: str) -> list[OpSpec]:
    """The ops of a document."""
    if not isinstance(ops, list):
        raise InvalidSchema(f"{path}: {shorten(ops)} is not a list", cure=_CURE)
    specs = []
    for index, op in enumerate(ops):
        try:
            slots = {name: slot_from_document(slot) for name, slot in op["slots"].items()}
            specs.append(OpSpec(str(op["id"]), int(op["version"]), int(op["stage"]), slots))
        except _UNREADABLE as error:
            raise InvalidSchema(
                f"{path}[{index}] cannot be read: {type(error).__name__}: {error}", cure=_CURE
            ) from None
    return specs


def _local(entry: Any, index: int) -> LocalSpec:
    """A local adjustment of a document."""
    path = f"local[{index}]"
    try:
        parts = tuple(
            PartSpec(
                str(part["id"]),
                int(part["version"]),
                {name: slot_from_document(slot) for name, slot in part["slots"].items()},
                check_combine(part["combine"]),
                bool(part["invert"]),
            )
            for part in entry["area"]
        )
        name, ops = check_name(entry["name"]), entry["ops"]
    except _UNREADABLE as error:
        raise InvalidSchema(f"{path} cannot be read: {type(error).__name__}: {error}", cure=_CURE) from None
    return LocalSpec(name, parts, tuple(_specs(ops, f"{path}.ops")))
