"""The journal of an output folder: from what each picture was made, so that `--resume` knows what is done.

A hidden file of JSON lines, appended to and never rewritten: two runs may share it, and one that is killed leaves at worst a
torn line, which is passed over. A picture counts as done by its hashes, never because a file is there.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ...errors import InvalidDocument
from ...photo import file_hash
from ...plugins.registry import registry
from ...strict_json import judge, parse

NAME = ".veraretouch.jsonl"
FORMAT = "veraretouch.journal/1"


@dataclass(frozen=True)
class Provenance:
    """From what a picture was made: SHA-256 of input, plan or request, options and versions, and of what was written."""

    input: str
    plan: str
    options: str
    versions: str
    products: Mapping[str, str] = field(default_factory=dict)

    def same_origin(self, other: Provenance) -> bool:
        """Whether both were made from the same."""
        mine = self.input, self.plan, self.options, self.versions
        return mine == (other.input, other.plan, other.options, other.versions)


@dataclass(frozen=True)
class JournalEntry:
    """What a journal says of a picture: `done` with its record, or only `started` (then what is there is a run's own)."""

    record: Provenance | None

    def made(self, path: Path) -> bool:
        """Whether the file is an earlier run's own work, which nobody has touched since."""
        if self.record is None:
            return True
        return self.record.products.get(written_name(path)) == file_hash(path)

    def is_done(self, origin: Provenance, products: Iterable[Path]) -> bool:
        """Whether these products were made from this and are still there as they were written."""
        if self.record is None or not self.record.same_origin(origin):
            return False
        return all(path.is_file() and self.made(path) for path in products)


def written_name(path: Path) -> str:
    """A file's name as the journal writes it: whatever bytes it is made of, in ASCII.

    >>> written_name(Path("out/a b.jpg"))
    'a%20b.jpg'
    """
    return quote(os.fsencode(path.name))


def fingerprint(facts: Any) -> str:
    """SHA-256, in hex, of the canonical JSON of facts."""
    canonical = json.dumps(facts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def versions() -> str:
    """The fingerprint of veraretouch and of every distribution that brings ops or planners."""
    catalogues = registry.ops.entries(), registry.planners.entries()
    return fingerprint(
        sorted({f"{entry.distribution} {entry.version}" for catalogue in catalogues for entry in catalogue.values()})
    )


def read_journal(folder: Path) -> dict[str, JournalEntry]:
    """What the folder's journal says last of each picture, by its `written_name`."""
    try:
        lines = (folder / NAME).read_bytes().splitlines()
    except OSError:
        return {}
    past: dict[str, JournalEntry] = {}
    for line in filter(None, lines):
        try:
            entry = parse(line, name=NAME)
            judge(entry, "journal", name=NAME)
        except InvalidDocument:
            continue
        facts = ("input", "plan", "options", "versions", "products")
        record = Provenance(**{fact: entry[fact] for fact in facts}) if entry["state"] == "done" else None
        past[entry["output"]] = JournalEntry(record)
    return past


def note_start(picture: Path) -> None:
    """Note that a picture is about to be written where nothing is, or nothing but a run's own work."""
    _append(picture, {"state": "started"})


def note_done(picture: Path, origin: Provenance, products: Iterable[Path]) -> None:
    """Note what was written, and from what."""
    facts = {"input": origin.input, "plan": origin.plan, "options": origin.options, "versions": origin.versions}
    _append(picture, {"state": "done", **facts, "products": {written_name(path): file_hash(path) for path in products}})


def _append(picture: Path, entry: dict[str, Any]) -> None:
    """One write, begun by a line break: whatever tore the line before, this one is whole."""
    line = "\n" + json.dumps({"schema": FORMAT, "output": written_name(picture), **entry})
    journal = os.open(picture.with_name(NAME), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        os.write(journal, line.encode())
    finally:
        os.close(journal)
