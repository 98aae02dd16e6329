"""What an assistant may read and write: photos in the folders that were named at the start, new files in one folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from veraretouch.core.cli.batch.inputs import expand
from veraretouch.core.errors import InvalidRequest, UnreadablePhoto
from veraretouch.core.photo import EXTENSIONS

LONGEST_NAME: Final = 1000
MOST_LISTED: Final = 500


class Folders:
    """The folders of a session.

    Args:
        roots: folders whose photos may be read, those below them included.
        out: the folder in which new files may be made; None: nothing is written at all.

    Raises:
        InvalidRequest: a root that is no folder, or none given.
    """

    def __init__(self, roots: Sequence[Path], out: Path | None = None) -> None:
        for folder in roots:
            if not folder.is_dir():
                raise InvalidRequest(f"--root {str(folder)!r} is no folder", cure="Name a folder of photos.")
        if not roots:
            raise InvalidRequest("no folder was named", cure="Name one that may be read: --root ~/photos.")
        self.roots = tuple(Path(os.path.realpath(folder)) for folder in roots)
        self.out = None if out is None else Path(os.path.realpath(out))

    def file(self, name: str) -> Path:
        """The path of a file that may be read.

        Args:
            name: relative to a root, or absolute.

        Raises:
            InvalidRequest: no file, or one outside of the roots; both are answered alike, so that nothing is learnt
                of other folders.
        """
        refused = InvalidRequest(f"no file {name[:200]!r} may be read here", cure="list_photos names what may be.")
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise refused
        for root in self.roots:
            try:
                place = Path(os.path.realpath(root / name))
                if place.is_relative_to(root) and place.is_file():
                    return place
            except (OSError, ValueError):
                continue
        raise refused

    def name_of(self, path: Path) -> str:
        """The shortest name by which a file can be asked for."""
        for root in self.roots:
            if path.is_relative_to(root):
                return str(path.relative_to(root))
        return path.name

    def listed(self) -> Iterator[str]:
        """The names of the photos in the roots, sorted within each; those with unprintable characters are left out."""
        for root in self.roots:
            try:
                photos = expand([root], recursive=True)
            except UnreadablePhoto:
                continue  # a folder without photos
            for source in photos:
                place = Path(os.path.realpath(source.path))
                if place.is_relative_to(root) and (name := self.name_of(source.path)).isprintable():
                    yield name

    def new_file(self, name: str) -> Path:
        """A path in the folder for new files that is not taken.

        Args:
            name: a file's name with the suffix of its format, without folders; numbered where it is taken.

        Raises:
            InvalidRequest: nothing may be written, or what is no plain file name.
        """
        if self.out is None:
            raise InvalidRequest("this server only reads", cure="Start it with --out FOLDER to have files written.")
        path = Path(name)
        plain = name.isprintable() and path.name == name and not set(name) & set('/\\:*?"<>|') and len(name) <= 200
        if not plain or name.startswith("."):
            raise InvalidRequest(f"{name[:200]!r} is no file name", cure="Give a name such as sunset.jpg.")
        if path.suffix.lower() not in EXTENSIONS.writable:
            known = ", ".join(sorted(EXTENSIONS.writable))
            raise InvalidRequest(f"{name[:200]!r}: no format is written with this suffix", cure=f"There are {known}.")
        self.out.mkdir(parents=True, exist_ok=True)
        found, number = self.out / name, 1
        while found.exists() or found.is_symlink():
            number += 1
            found = self.out / f"{path.stem}-{number}{path.suffix}"
        return found
