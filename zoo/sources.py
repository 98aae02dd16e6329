"""Where a bundle lies: a repository of the Hub at a revision, or a folder."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import UnknownBundle

_REPOSITORY = re.compile(r"([A-Za-z0-9][\w.\-]{0,95})/([A-Za-z0-9][\w.\-]{0,95})(?:@([\w.\-/]{1,100}))?")
_REVISION = re.compile(r"[\w.\-+/]{1,200}")
COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class HubRepository:
    """A model repository of the Hub; `revision` is a commit, a branch or a tag.

    Raises:
        UnknownBundle: no revision could have this name, which becomes a file's name in the cache.
    """

    id: str
    revision: str = "main"

    def __post_init__(self) -> None:
        if not _REVISION.fullmatch(self.revision) or ".." in self.revision or self.revision.startswith("/"):
            raise UnknownBundle(
                f"{self.id} has no revision {self.revision[:200]!r}", cure="Name a commit, a branch or a tag."
            )

    def __str__(self) -> str:
        return f"{self.id}@{self.revision}"


@dataclass(frozen=True)
class Folder:
    """A folder of this machine."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


Source = HubRepository | Folder


def parse_source(text: str, *, revision: str | None = None, base: Path | None = None) -> Source | None:
    """The source that a text means: `owner/repo[@revision]`, `hf://owner/repo[@revision]`, or a folder;
    None for a plain name.

    A folder that exists goes before a repository of the same spelling.

    Raises:
        UnknownBundle: `hf://` without owner and repository, a revision for a folder.
    """
    given = text.removeprefix("hf://")
    if given == text and (found := _folder(text, base)):
        return parse_folder(found.path, revision=revision)
    match = _REPOSITORY.fullmatch(given)
    if match is None or ".." in given:
        if given != text:
            raise UnknownBundle(
                f"{text!r} names no repository", cure="Write hf://owner/repo or hf://owner/repo@revision."
            )
        return None
    return HubRepository(f"{match[1]}/{match[2]}", revision or match[3] or "main")


def parse_folder(path: str | os.PathLike[str], *, revision: str | None = None) -> Folder:
    """The folder at a path.

    Raises:
        UnknownBundle: a revision was given.
    """
    text = os.fspath(path)
    if revision is not None:
        raise UnknownBundle(f"revision {revision!r} of the folder {text!r}", cure="Folders have no revisions.")
    return Folder(Path(path))


def _folder(text: str, base: Path | None) -> Folder | None:
    looks_local = text.startswith((".", "/", "~")) or "\\" in text or Path(text).is_absolute()
    path = Path(text).expanduser()
    if base is not None and not path.is_absolute():
        path = base / path
    return Folder(path) if looks_local or ("/" in text and path.is_dir()) else None
