"""Edits by their handles: each says how a photo is retouched, and from which edit it was made; none ever changes."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import veraretouch as vr
from veraretouch.core.errors import InvalidRequest

MOST: Final = 1000
"""How many edits are kept; the longest unused are forgotten first."""


@dataclass(frozen=True)
class Edit:
    """A state of a photo.

    Attributes:
        handle: by which it is asked for.
        photo: the file, whose pixels are never changed.
        plan: what is done to it.
        said: what made it of the edit before, in words.
        before: the handle of that edit; None for the photo as it is.
    """

    handle: str
    photo: Path
    plan: vr.Plan
    said: str
    before: str | None = None


class Edits:
    """The edits of a server; safe to use from several threads."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Edit] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, photo: Path, said: str) -> Edit:
        """A photo as it is."""
        return self._keep(Edit(_handle(), photo, vr.Plan("param"), said))

    def after(self, before: Edit, plan: vr.Plan, said: str) -> Edit:
        """What another plan makes of the same photo."""
        return self._keep(Edit(_handle(), before.photo, plan, said, before.handle))

    def get(self, handle: str) -> Edit:
        """The edit of a handle.

        Raises:
            InvalidRequest: there is none, or it has been forgotten.
        """
        with self._lock:
            if handle not in self._held:
                raise InvalidRequest(f"no edit {handle[:40]!r}", cure="open_photo gives the first handle of a photo.")
            self._held.move_to_end(handle)
            return self._held[handle]

    def undone(self, edit: Edit) -> Edit:
        """The edit that this one was made from.

        Raises:
            InvalidRequest: it is the photo as it is, or what came before has been forgotten.
        """
        if edit.before is None:
            raise InvalidRequest(f"edit {edit.handle!r} is the photo as it is", cure="There is nothing to undo.")
        return self.get(edit.before)

    def steps(self, edit: Edit) -> list[Edit]:
        """All that led to an edit, from the first that is still known to itself."""
        return list(self._back(edit))[::-1]

    def _back(self, edit: Edit) -> Iterator[Edit]:
        found: Edit | None = edit
        while found is not None:
            yield found
            found = self._held.get(found.before) if found.before else None

    def _keep(self, edit: Edit) -> Edit:
        with self._lock:
            self._held[edit.handle] = edit
            while len(self._held) > MOST:
                self._held.popitem(last=False)
        return edit


def _handle() -> str:
    return f"edit-{secrets.token_hex(6)}"
