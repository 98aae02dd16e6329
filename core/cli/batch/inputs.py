"""Which photos a command is given: files as they are named, folders by the suffixes of what they hold."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import UnreadablePhoto
from ...photo import EXTENSIONS, is_raw
from ..terminal import complain

OUTPUT_FOLDER = "retouched"

_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}

# What cameras write beside a raw.
_COMPANIONS = {".jpg", ".jpeg", ".jpe", ".heic", ".heif", ".hif"}


@dataclass(frozen=True)
class Source:
    """A photo to work on. `folder`: the folder that was given and scanned; None for a file that was named itself."""

    path: Path
    folder: Path | None = None


def expand(
    given: Iterable[Path], *, recursive: bool = False, pairs: str = "both", leave_out: Path | None = None
) -> list[Source]:
    """The photos among files and folders, each once: files in the order given, those of a folder sorted.

    Args:
        recursive: go down into folders of folders. Hidden ones, `retouched` and `leave_out` are never entered.
        pairs: which file of a RAW+JPEG pair to take: `raw`, `jpeg` or `both`.

    Raises:
        UnreadablePhoto: a folder may not be read, or there is no photo at all.
    """
    given = list(given)
    found: dict[Path, Source] = {}
    for path in given:
        if path.is_dir():
            sources: Iterable[Source] = (Source(photo, path) for photo in _scan(path, recursive, leave_out))
        else:
            sources = [Source(path)]
        for source in sources:
            found.setdefault(_place(source.path), source)
    photos = _without_twins(list(found.values()), pairs)
    if not photos:
        names = ", ".join(repr(str(path)) for path in given[:3]) or "nothing"
        hint = "" if recursive else " --recursive goes down into folders."
        raise UnreadablePhoto(f"no photos in {names}", cure=f"Name photos, or folders that hold some.{hint}")
    return photos


def _scan(folder: Path, recursive: bool, leave_out: Path | None) -> Iterator[Path]:
    try:
        children = sorted(folder.iterdir(), key=lambda child: child.name)
    except OSError as error:
        raise UnreadablePhoto(f"folder {str(folder)!r} cannot be read: {error.strerror}") from None
    for child in children:
        if child.name.startswith("."):
            continue
        if child.is_dir():
            outputs = child.name == OUTPUT_FOLDER or (leave_out is not None and _place(child) == _place(leave_out))
            if recursive and not outputs and not child.is_symlink():
                yield from _scan(child, recursive, leave_out)
        elif child.suffix.lower() in EXTENSIONS.readable:
            if kind := _special(child):
                complain(f"{child} is passed over: it is {kind}, not a photo", what="Note")
            else:
                yield child


def _special(path: Path) -> str:
    """What a path is that is neither a file nor nothing; to open it might wait for ever. Empty for all else."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return ""  # the reader will say why
    return "" if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else _KINDS.get(stat.S_IFMT(mode), "no regular file")


def _place(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _without_twins(sources: list[Source], pairs: str) -> list[Source]:
    if pairs == "both":
        return sources

    def shot(source: Source) -> tuple[Path, str]:
        return source.path.parent, source.path.stem.casefold()

    def is_companion(source: Source) -> bool:
        return source.path.suffix.lower() in _COMPANIONS

    raws = {shot(source) for source in sources if is_raw(source.path)}
    companions = {shot(source) for source in sources if is_companion(source)}
    if pairs == "raw":
        return [source for source in sources if not (is_companion(source) and shot(source) in raws)]
    return [source for source in sources if not (is_raw(source.path) and shot(source) in companions)]
