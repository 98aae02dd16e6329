"""The edits of a session's photos: steps that can be undone, written down before they are answered.

Each folder has a journal, `.veraretouch-studio.jsonl`: a line an edit, appended to and flushed, so that a process that
is killed loses nothing that was answered, and at worst leaves a torn last line, which is passed over. A folder that
cannot be written to has its journal in the user's state folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from base64 import b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from veraretouch.core.atomic_write import new_file
from veraretouch.core.errors import InvalidDocument, InvalidRequest, UnwritablePhoto
from veraretouch.core.plan.plan import Plan
from veraretouch.core.strict_json import parse

from .sidecars import Sidecars
from .steps import History

NAME = ".veraretouch-studio.jsonl"
FORMAT = "veraretouch.studio/1"

_COMPACT = 2 * 2**20
_LONGEST_LINE = 16 * 2**20
"""Bytes of an edit as it is written down, more than a request can bring unless it is made to."""


class OtherRevision(InvalidRequest):
    """Somebody else, such as another tab, has edited the photo meanwhile: `history` is how it stands."""

    def __init__(self, history: History, revision: int) -> None:
        self.history = history
        super().__init__(
            f"the photo was edited elsewhere: it is at revision {history.revision}, not {revision}",
            cure="Load it again.",
        )


class Edits:
    """The edits of photos by their paths; safe to use from several threads.

    Args:
        sidecars: what follows each edit; none by default.
    """

    def __init__(self, sidecars: Sidecars | None = None) -> None:
        self._sidecars = sidecars or Sidecars()
        self._lock = threading.Lock()
        self._folders: dict[Path, _Journal] = {}

    def of(self, photo: Path) -> History:
        """The photo's history as it stands."""
        with self._lock:
            return self._journal(photo).history(photo.name)

    def put(self, photo: Path, revision: int, plan: Mapping[str, Any] | None, name: str) -> History:
        """Add a step.

        Args:
            revision: the one that the edit was made from.
            plan: the whole plan's document, None for the photo as it is.
            name: what was done, for the list of steps.

        Raises:
            OtherRevision: the photo has another by now. InvalidPlan: what is no plan.
            UnwritablePhoto: the journal cannot be written to; nothing has changed then.
        """
        if plan is not None:
            Plan.load(dict(plan))
        line = {"name": name[:200], "time": time.time(), "plan": plan}
        return self._write(photo, revision, lambda history: line)

    def undo(self, photo: Path, revision: int, steps: int = 1) -> History:
        """Go back, or forth by a negative number, as far as there are steps; raises as `put`."""
        return self._write(photo, revision, lambda history: {"at": history.at - steps})

    def _write(self, photo: Path, revision: int, line: Any) -> History:
        with self._lock:
            journal = self._journal(photo)
            history = journal.history(photo.name)
            if history.revision != revision:
                raise OtherRevision(history, revision)
            journal.append({"photo": photo.name, "revision": revision + 1, **line(history)})
            self._follow(photo, journal)
            return journal.history(photo.name)

    def write_sidecars(self, photos: Iterable[Path]) -> None:
        """Make the sidecars of photos that were edited before what their edits say."""
        for photo in photos:
            with self._lock:
                journal = self._journal(photo)
                if journal.history(photo.name).edited:
                    self._follow(photo, journal)

    def _follow(self, photo: Path, journal: _Journal) -> None:
        def keep(xmp: bytes | None) -> None:
            journal.append({"photo": photo.name, "xmp": None if xmp is None else b64encode(xmp).decode()})

        history = journal.history(photo.name)
        history.said = self._sidecars.follow(photo, history, keep)

    def _journal(self, photo: Path) -> _Journal:
        folder = photo.parent
        if folder not in self._folders:
            self._folders[folder] = _Journal(folder)
        return self._folders[folder]


class _Journal:
    """The journal of one folder."""

    def __init__(self, folder: Path) -> None:
        self.path = _place(folder)
        self.histories: dict[str, History] = {}
        for line in _lines(self.path):
            try:
                self.histories.setdefault(str(line["photo"]), History()).apply(line)
            except (KeyError, TypeError, ValueError):
                continue
        if self.path.exists() and self.path.stat().st_size > _COMPACT:
            self._compact()

    def history(self, name: str) -> History:
        return self.histories.setdefault(name, History())

    def append(self, line: Mapping[str, Any]) -> None:
        """Write a line down, then take it."""
        text = json.dumps(line, separators=(",", ":"), allow_nan=False)
        if len(text) >= _LONGEST_LINE:
            raise InvalidRequest(
                f"the edit takes {len(text):,} bytes written down, at most {_LONGEST_LINE:,} are read again",
                cure="Use smaller tables, or smaller pictures as masks.",
            )
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.is_symlink():
                raise UnwritablePhoto(f"{str(self.path)!r} is a link", cure="Remove it.")
            with self.path.open("a+b") as file:
                if file.tell() == 0:
                    file.write(json.dumps({"format": FORMAT}).encode() + b"\n")
                elif _is_torn(file):
                    file.write(b"\n")
                file.write(text.encode() + b"\n")
        except OSError as error:
            raise UnwritablePhoto(
                f"the edit cannot be written down: {error.strerror} ({str(self.path)!r})", cure="Check the folder."
            ) from None
        self.history(str(line["photo"])).apply(line)

    def _compact(self) -> None:
        """Keep the steps that can still be gone to."""
        with new_file(self.path) as file:
            file.write(json.dumps({"format": FORMAT}).encode() + b"\n")
            for name, history in self.histories.items():
                kept: list[dict[str, Any]] = [
                    {"name": step.name, "time": step.time, "plan": step.plan} for step in history.steps
                ]
                if history.xmp_kept:
                    before = history.xmp_before
                    kept.append({"xmp": None if before is None else b64encode(before).decode()})
                for line in (*kept, {"at": history.at}):
                    line = {"photo": name, "revision": history.revision} | line
                    file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")


def _place(folder: Path) -> Path:
    """The journal of a folder: in it, or, where it cannot be written to, in the user's state folder."""
    own = folder / NAME
    if own.exists() or os.access(folder, os.W_OK):
        return own
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    key = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:24]
    return state / "veraretouch" / "studio" / f"{key}.jsonl"


def _lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a journal that can be read; a torn one is passed over."""
    found: list[dict[str, Any]] = []
    if not path.is_file() or path.is_symlink():
        return found
    with path.open("rb") as file:
        while line := file.readline(_LONGEST_LINE):
            try:
                document = parse(line, name=str(path))
            except InvalidDocument:
                continue
            if isinstance(document, dict) and "photo" in document:
                found.append(document)
    return found


def _is_torn(file: Any) -> bool:
    """Whether a file that is opened at its end does not end in a whole line."""
    file.seek(-1, os.SEEK_END)
    torn = file.read(1) != b"\n"
    file.seek(0, os.SEEK_END)
    return bool(torn)
