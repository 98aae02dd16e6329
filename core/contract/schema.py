"""The typed latent schema: which slots a set of ops has, in order, with a fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..errors import InvalidSchema, InvalidSlot, nearest
from ..strict_json import shorten
from .op import Op
from .slot_kinds import Lattice, slot_from_document
from .slots import Slot

FORMAT = "veraretouch.schema/1"


@dataclass(frozen=True)
class OpSpec:
    """What a schema knows of one op."""

    id: str
    version: int
    stage: int
    slots: Mapping[str, Slot] = field(repr=False)

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of its slots, in order of declaration."""
        return tuple(dict.fromkeys(slot.group for slot in self.slots.values()))


class Schema:
    """The ordered slots of a set of ops: chain order, then order of declaration.

    Args:
        specs: the ops; use `Schema.of` to make a schema from op classes.

    Raises:
        InvalidSchema: the same op twice.

    A schema is data: a trained planner carries its own as a document, whatever is installed.
    """

    def __init__(self, specs: Iterable[OpSpec]) -> None:
        ordered = sorted(specs, key=lambda spec: (spec.stage, spec.id))
        self.specs: dict[str, OpSpec] = {}
        for spec in ordered:
            if spec.id in self.specs:
                raise InvalidSchema(f"op {spec.id!r} occurs twice", cure="An op stands in a chain once.")
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
        cure = "Take the document from its source again."
        if not isinstance(document, Mapping) or document.get("schema") != FORMAT:
            found = document.get("schema") if isinstance(document, Mapping) else document
            raise InvalidSchema(f"schema: {shorten(found)} is not {FORMAT!r}", cure=cure)
        ops = document.get("ops")
        if not isinstance(ops, list):
            raise InvalidSchema(f"ops: {shorten(ops)} is not a list", cure=cure)
        specs = []
        for index, op in enumerate(ops):
            try:
                slots = {name: slot_from_document(slot) for name, slot in op["slots"].items()}
                specs.append(OpSpec(str(op["id"]), int(op["version"]), int(op["stage"]), slots))
            except (KeyError, TypeError, ValueError, AttributeError, InvalidSlot) as error:
                raise InvalidSchema(
                    f"ops[{index}] cannot be read: {type(error).__name__}: {error}", cure=cure
                ) from None
        schema = cls(specs)
        if document.get("fingerprint") != schema.fingerprint:
            raise InvalidSchema(
                f"fingerprint {shorten(document.get('fingerprint'))} does not belong to these slots", cure=cure
            )
        return schema

    def document(self) -> dict[str, Any]:
        """The schema as a JSON object, words included."""
        ops = [
            {
                "id": spec.id,
                "version": spec.version,
                "stage": spec.stage,
                "slots": {name: slot.document() for name, slot in spec.slots.items()},
            }
            for spec in self.specs.values()
        ]
        return {"schema": FORMAT, "fingerprint": self.fingerprint, "ops": ops}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the canonical JSON of everything that decides pixels; words do not."""
        facts = [
            [spec.id, spec.version, spec.stage, name, slot.facts()]
            for spec in self.specs.values()
            for name, slot in spec.slots.items()
        ]
        canonical = json.dumps(facts, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(canonical.encode()).hexdigest()

    @cached_property
    def size(self) -> int:
        """D: how many numbers one row of packed latents holds."""
        return sum(slot.size for _, _, slot in self)

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """All groups of all slots, in chain order."""
        return tuple(dict.fromkeys(slot.group for _, _, slot in self))

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
