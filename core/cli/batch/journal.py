"""The journal of an output folder: from what each picture was made, so that `--resume` knows what is done.

A hidden file of JSON lines, appended to and never rewritten: two runs may share it, and one that is killed leaves at
worst a torn line, which is passed over. A picture counts as done by its hashes, never because a file is there; and a
file is a run's own only where its hash was written down before it got its name.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ...errors import InvalidDocument, UnwritablePhoto
from ...photo import file_hash
from ...plugins.registry import registry
from ...strict_json import judge, parse

NAME = ".veraretouch.jsonl"
FORMAT = "veraretouch.journal/1"
_LONGEST_LINE = 2**20  # bytes


@dataclass(frozen=True)
class Provenance:
    """From what a picture was made, by SHA-256: input, plan or request, options, versions; and what was written."""

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
    """What a journal says of a picture.

    Attributes:
        last: from what it was made last, and the files of that time.
        written: every SHA-256 that runs have written under each file's name.
    """

    last: Provenance
    written: Mapping[str, frozenset[str]]

    def made(self, path: Path) -> bool:
        """Whether a file is an earlier run's own work, which nobody has touched since: it has a hash that a run wrote.

        An empty one is so too: without hard links a name is claimed by an empty file, and it holds nothing to lose.
        """
        hashes = self.written.get(written_name(path), frozenset())
        return bool(hashes) and path.is_file() and (path.stat().st_size == 0 or file_hash(path) in hashes)

    def is_done(self, origin: Provenance, products: Iterable[Path]) -> bool:
        """Whether these products were made from this and are still there as they were written."""
        if not self.last.same_origin(origin):
            return False
        return all(
            path.is_file() and self.last.products.get(written_name(path)) == file_hash(path) for path in products
        )


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
    """The fingerprint of veraretouch and of every distribution that brings ops, areas or planners."""
    catalogues = registry.ops.entries(), registry.areas.entries(), registry.planners.entries()
    return fingerprint(
        sorted({f"{entry.distribution} {entry.version}" for catalogue in catalogues for entry in catalogue.values()})
    )


def check_journal(folder: Path) -> None:
    """Refuse a journal that is no file of its own or cannot be written to.

    Raises:
        UnwritablePhoto
    """
    path = folder / NAME
    try:
        kind = os.lstat(path).st_mode
    except OSError:
        return  # there is none yet, or the folder itself is the problem
    if not stat.S_ISREG(kind):
        what = "a symbolic link" if stat.S_ISLNK(kind) else "no regular file"
        raise UnwritablePhoto(f"the journal {str(path)!r} is {what}: no run made that", cure="Remove it.")
    if not os.access(path, os.R_OK | os.W_OK):
        raise UnwritablePhoto(f"the journal {str(path)!r} may not be read or written", cure="Check its permissions.")


def read_journal(folder: Path) -> dict[str, JournalEntry]:
    """What the folder's journal says of each picture, by its `written_name`.

    Raises:
        UnwritablePhoto: as `check_journal`.
    """
    check_journal(folder)
    entries: dict[str, JournalEntry] = {}
    try:
        with open(folder / NAME, "rb", opener=_opened) as journal:
            for line in iter(lambda: journal.readline(_LONGEST_LINE), b""):
                _add(line.strip(b"\0 \t\r\n"), entries)  # a lost current leaves zeros where an end was to be
    except OSError:
        return {}
    return entries


def note_written(picture: Path, origin: Provenance, files: Mapping[Path, Path]) -> None:
    """Note the files that are about to get their names, each with the finished file that will get it, and from what.

    It comes before they get their names: a run that is killed in between has claimed only what it made itself.

    Raises:
        UnwritablePhoto: as `check_journal`.
    """
    facts = {"input": origin.input, "plan": origin.plan, "options": origin.options, "versions": origin.versions}
    products = {written_name(path): file_hash(made) for path, made in files.items()}
    _append(picture, {"state": "done", **facts, "products": products})


def _add(line: bytes, entries: dict[str, JournalEntry]) -> None:
    """Take in a line; a torn or foreign one is passed over."""
    if not line:
        return
    try:
        entry = parse(line, name=NAME)
        judge(entry, "journal", name=NAME)
    except InvalidDocument:
        return
    if entry["state"] != "done":  # journals of old begin with a line that claims nothing
        return
    last = Provenance(**{fact: entry[fact] for fact in ("input", "plan", "options", "versions", "products")})
    before = entries[entry["output"]].written if entry["output"] in entries else {}
    names = {*before, *last.products}
    written = {
        name: before.get(name, frozenset()) | ({last.products[name]} if name in last.products else set())
        for name in names
    }
    entries[entry["output"]] = JournalEntry(last, written)


def _append(picture: Path, entry: dict[str, Any]) -> None:
    """One write, begun by a line break: whatever tore the line before, this one is whole."""
    check_journal(picture.parent)
    line = "\n" + json.dumps({"schema": FORMAT, "output": written_name(picture), **entry})
    journal = _opened(str(picture.with_name(NAME)), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(journal, line.encode())
    finally:
        os.close(journal)


def _opened(path: str, flags: int) -> int:
    """Open a journal that is no link, and wait for nothing."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0), 0o666)
