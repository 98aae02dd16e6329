"""Sidecars: an edited photo's plan, and Camera Raw's settings, in files beside it that follow its edits.

The plan is written as `IMG.jpg.plan.json`, XMP where other programs look for it: as `IMG.xmp` (or `IMG.CR3.xmp`, where
that is there) for a raw file, as `IMG.jpg.xmp` for others. An XMP that was there before stays in everything but the
settings that the plan edits; it is kept in the journal, so that each edit is merged into it anew, and undoing all edits
brings it back. A plan's file that is not the studio's own is left alone.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final

from veraretouch.core.atomic_write import write_file
from veraretouch.core.errors import InvalidRequest, VeraRetouchError
from veraretouch.core.photo import is_raw
from veraretouch.core.plan.plan import Plan
from veraretouch.ops.presets.sidecar import merge_sidecar, sidecar_of

from .steps import History

KINDS: Final = ("plan", "xmp")
LARGEST: Final = 2**20
"""Bytes of a sidecar that was there before; a larger one is left alone."""

Keep = Callable[[bytes | None], None]
"""Called with the XMP that was there before the studio wrote one, None for none."""


class Sidecars:
    """The sidecars of a session's photos.

    Args:
        kinds: which are written, of `KINDS`.

    Raises:
        InvalidRequest: another kind.
    """

    def __init__(self, kinds: Collection[str] = ()) -> None:
        unknown = sorted(set(kinds) - set(KINDS))
        if unknown:
            raise InvalidRequest(f"no sidecars are called {unknown[0]!r}", cure=f"Name {' or '.join(KINDS)}.")
        self.kinds = tuple(kind for kind in KINDS if kind in kinds)
        self._written: dict[Path, bytes] = {}

    def follow(self, photo: Path, history: History, keep: Keep) -> list[str]:
        """Make a photo's sidecars what its plan says; none for a photo that is not edited.

        Returns:
            What has to be said: a file that is left alone, with the reason, and what XMP cannot say.
        """
        said: list[str] = []
        for kind in self.kinds:
            try:
                said += self._plan(photo, history) if kind == "plan" else self._xmp(photo, history, keep)
            except VeraRetouchError as error:
                said.append(f"The sidecar ({kind}) is not written: {error}")
            except OSError as error:
                said.append(f"The sidecar ({kind}) is not written: {error.strerror}.")
        return said

    def _plan(self, photo: Path, history: History) -> list[str]:
        path = photo.with_name(f"{photo.name}.plan.json")
        held, wanted = _held(path), history.document
        if held == wanted:
            return []
        if held is not None and held not in (step.document for step in reversed(history.steps)):
            return [f"{path.name} is not the studio's and stays as it is. Move it away to have one written."]
        _put(path, wanted)
        return []

    def _xmp(self, photo: Path, history: History, keep: Keep) -> list[str]:
        path = sidecar_of(photo) if is_raw(photo) else photo.with_name(f"{photo.name}.xmp")
        if not (history.edited or history.xmp_kept):
            return []
        held = _held(path)
        if not (history.xmp_kept and self._is_own(path, held, history)):
            keep(held)
        wanted: bytes | None = history.xmp_before
        beyond: tuple[str, ...] = ()
        if history.edited and history.plan is not None:
            wanted, beyond = _merged(path.name, history.xmp_before, history.plan)
        if held != wanted:
            _put(path, wanted)
        if wanted is not None:
            self._written[path] = wanted
        return [f"{path.name} cannot say: {', '.join(beyond)}."] if beyond else []

    def _is_own(self, path: Path, held: bytes | None, history: History) -> bool:
        """Whether an XMP is as it was before the studio's, or as the studio wrote it, in this session or an earlier."""
        if held == history.xmp_before or (path in self._written and held == self._written[path]):
            return True
        plans = [step.plan for step in reversed(history.steps) if step.plan is not None]
        made = (_merged(path.name, history.xmp_before, plan)[0] for plan in plans)
        return held is not None and held in made


def _merged(name: str, before: bytes | None, plan: Mapping[str, Any]) -> tuple[bytes, tuple[str, ...]]:
    """An XMP with what a plan edits, and what it cannot say.

    Raises:
        VeraRetouchError: the XMP cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="studio-") as folder:
        path = Path(folder, name)
        if before is not None:
            path.write_bytes(before)
        try:
            merge = merge_sidecar(Plan.load(dict(plan)), path, partial=True, overwrite=True)
        except VeraRetouchError as error:
            raise InvalidRequest(error.problem.replace(str(path), name), cure=error.cure) from None
        return path.read_bytes(), merge.beyond


def _held(path: Path) -> bytes | None:
    """What is in a sidecar; None where there is none.

    Raises:
        InvalidRequest: it is a link, no file, or too large. OSError.
    """
    if not os.path.lexists(path):
        return None
    if path.is_symlink() or not path.is_file():
        raise InvalidRequest(f"{path.name} is no plain file", cure="Move it away.")
    if path.stat().st_size > LARGEST:
        raise InvalidRequest(f"{path.name} has more than {LARGEST:,} bytes", cure="Move it away.")
    return path.read_bytes()


def _put(path: Path, data: bytes | None) -> None:
    if data is None:
        path.unlink()
    else:
        write_file(path, data)
