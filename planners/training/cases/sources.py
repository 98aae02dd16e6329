"""Photos by source, and the folds that sources fall into: photos of one hand are alike, so a planner is judged on
sources that it has not seen, never on other photos of those it has.

A collection is a folder with an `index.csv` (columns `file`, `source`, which may end in `@REVISION`, and perhaps
`tier`) beside tar archives that hold the files, or beside the files themselves; or a plain folder of photos, which is
one source. Where no tier is named, it is `ordinary`.
"""

from __future__ import annotations

import csv
import hashlib
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from torch import Tensor

from ....core import strict_json
from ....core.errors import InvalidDocument
from ..data import photos_of, read_pixels

FOLDS: Final = 5
RETOUCHED: Final = "retouched"  # published as finished pictures
ORDINARY: Final = "ordinary"
INDEX: Final = "index.csv"
_COLUMNS: Final = ("file", "source")


@dataclass(frozen=True)
class SourcePhoto:
    """A photo that can be read.

    Attributes:
        file: its name in the collection; source: where it comes from, without revision; tier: `retouched` or
            `ordinary`.
        archive: the tar that holds it, or None where it is a file of its own.
    """

    file: str
    source: str
    tier: str
    folder: Path
    archive: str | None = None

    @property
    def fold(self) -> int:
        """The fold that holds it out, from 0."""
        return fold_of(self.source)


def photos_by_source(folder: Path) -> list[SourcePhoto]:
    """The photos of a collection, in order of source and file.

    Raises:
        InvalidDocument: an index without the columns, or that names a file which is not there.
        UnreadablePhoto: a plain folder without photos.
    """
    if not (folder / INDEX).is_file():
        plain = [path.relative_to(folder).as_posix() for path in photos_of(folder)]
        return [SourcePhoto(name, folder.resolve().name, ORDINARY, folder) for name in plain]
    archives = _archives(folder)
    found = [_listed(folder, row, archives) for row in _rows(folder / INDEX)]
    return sorted(found, key=lambda photo: (photo.source, photo.file))


def read_photos(photos: Sequence[SourcePhoto]) -> Iterator[tuple[SourcePhoto, Tensor]]:
    """Each photo with its pixels (3, H, W), uint8; archive by archive, so not in the order given.

    Raises:
        UnreadablePhoto: one cannot be read.
    """
    by_archive: dict[tuple[Path, str | None], list[SourcePhoto]] = {}
    for photo in photos:
        by_archive.setdefault((photo.folder, photo.archive), []).append(photo)
    for (folder, archive), some in by_archive.items():
        if archive is None:
            for photo in some:
                yield photo, read_pixels((folder / photo.file).read_bytes(), photo.file)
            continue
        with tarfile.open(folder / archive) as opened:
            for photo in some:
                file = opened.extractfile(photo.file)
                assert file is not None  # the index was checked against the archive's files
                yield photo, read_pixels(file.read(), photo.file)


def fold_of(source: str) -> int:
    """The fold, from 0, that holds a source out: always the same, whatever other sources there are.

    Sources of one owner (the part before the slash) and of one family of `sources.json` share a fold.
    """
    about = strict_json.packaged(__name__, "sources.json")
    owner = source.partition("@")[0].partition("/")[0]
    names = (source.partition("@")[0], owner)
    family = next((name for name, members in about["families"].items() if set(names) & set(members)), owner)
    return int.from_bytes(hashlib.sha256(f"{about['salt']} {family}".encode()).digest()[:6], "little") % FOLDS


def _rows(index: Path) -> list[Mapping[str, str]]:
    with index.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        missing = [column for column in _COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise InvalidDocument(
                f"lacks the columns {', '.join(missing)}", path=str(index), cure="Name them in its first line."
            )
        return list(reader)


def _archives(folder: Path) -> dict[str, str]:
    """Which tar holds each file."""
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.tar")):
        with tarfile.open(path) as archive:
            found |= {member.name: path.name for member in archive if member.isfile()}
    return found


def _listed(folder: Path, row: Mapping[str, str], archives: Mapping[str, str]) -> SourcePhoto:
    name, source = row["file"], row["source"].partition("@")[0]
    archive = archives.get(name)
    if archive is None and not (folder / name).is_file():
        raise InvalidDocument(
            f"names {name!r}, which is neither a file nor in a tar there",
            path=str(folder / INDEX),
            cure="Copy the collection again.",
        )
    return SourcePhoto(name, source, row.get("tier") or ORDINARY, folder, archive)
