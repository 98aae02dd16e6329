"""What a run is given: folders, patterns, photos, webdataset shards, Parquet files; listed while the work goes on."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Final

from veraretouch.core.errors import InvalidRequest, UnreadablePhoto
from veraretouch.core.photo import EXTENSIONS

from .places import Found, Place

SHARD: Final = ".tar"
TABLE: Final = ".parquet"
_WILD: Final = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class Item:
    """What one worker takes at a time: a photo, a shard, or a group of rows of a Parquet file.

    Attributes:
        place: the file. `name`: of its output, below the output folder. `version`: what differs where it is another.
        kind: ``photo``, ``shard`` or ``table``.
        group: which group of rows; -1 for a file that could not be looked into.
    """

    place: Place
    name: str
    version: str
    kind: str = "photo"
    group: int = -1

    def document(self) -> dict[str, Any]:
        """As JSON, for `read`."""
        return asdict(self)

    @classmethod
    def read(cls, document: dict[str, Any]) -> Item:
        """From `document`."""
        return cls(**document | {"place": Place(**document["place"])})


@dataclass(frozen=True)
class Source:
    """One of the places that a run is given.

    Attributes:
        place: a folder, or a file. `pattern`: a regular expression of the names below it; None for all.
        prefix: the folder that its outputs have to themselves; empty for none.
    """

    place: Place
    pattern: str | None = None
    prefix: str = ""
    is_file: bool = False

    @classmethod
    def of(cls, text: str) -> Source:
        """The source of a path, a URL or a pattern of one: ``*`` within a folder, ``**`` across folders.

        Raises:
            InvalidRequest: nothing is there, or it is a file of another kind. UnreadablePhoto
        """
        place = Place.of(text)
        kind = place.kind()
        if kind == "folder":
            return cls(place)
        if kind == "file":
            if _kind(place.path) is None:
                raise InvalidRequest(
                    f"{place.name!r} is no photo, shard or table by its suffix",
                    cure=f"Known are those of photos, {SHARD} and {TABLE}.",
                )
            return cls(place, is_file=True)
        if _WILD.search(place.path):
            return cls._of_pattern(place)
        raise InvalidRequest(f"there is nothing at {place.name!r}", cure="Check its name and your rights to it.")

    @classmethod
    def _of_pattern(cls, place: Place) -> Source:
        from fsspec.utils import glob_translate

        parts = place.path.split("/")
        first = next(index for index, part in enumerate(parts) if _WILD.search(part))
        folder = Place(place.given, "/".join(parts[:first]) or "/")
        try:
            return cls(folder, glob_translate("/".join(parts[first:])))
        except ValueError as error:
            raise InvalidRequest(
                f"{place.name!r} is no pattern: {error}", cure="An example: 'photos/**/*.jpg'."
            ) from None

    def holds(self, other: Source) -> bool:
        """Whether it lists what another source is, or a part of it."""
        if self.is_file or not self.place.holds(other.place):
            return self.place == other.place
        below = posixpath.relpath(other.place.path, self.place.path)
        return self.pattern is None or not other.is_file or re.match(self.pattern, below) is not None

    def items(self, out: Place) -> Iterator[Item]:
        """Its photos, shards and tables, as they are listed. What lies in `out` is left out.

        Raises:
            UnreadablePhoto
        """
        if self.is_file:
            found = self.place.found()
            yield from self._items(self.place, Found(posixpath.basename(self.place.path), found.size, found.modified))
            return
        for found in self.place.files():
            place = self.place / found.name
            if not out.holds(place) and (self.pattern is None or re.match(self.pattern, found.name)):
                yield from self._items(place, found)

    def _items(self, place: Place, found: Found) -> Iterator[Item]:
        kind = _kind(found.name)
        if kind is None:
            return
        name = posixpath.join(self.prefix, found.name)
        if kind != "table":
            yield Item(place, name, found.version, kind)
            return
        for group in range(_groups(place)) or (-1,):
            yield Item(place, name, found.version, kind, group)


def sources_of(texts: Sequence[str]) -> list[Source]:
    """The sources of a run. Of several folders each gets a folder of outputs to itself, called as it is called.

    Raises:
        InvalidRequest: as `Source.of`; one lies in another, or two would write into one folder or file.
    """
    sources = [Source.of(text) for text in dict.fromkeys(texts)]
    for one in sources:
        for other in sources:
            if one is not other and other.holds(one):
                raise InvalidRequest(f"{one.place.name!r} lies in {other.place.name!r}", cure="Name one of them.")
    if len(sources) == 1:
        return sources
    named: dict[str, Source] = {}
    for source in sources:
        name = posixpath.basename(source.place.path.rstrip("/")) or "root"
        if name in named:
            raise InvalidRequest(
                f"{named[name].place.name!r} and {source.place.name!r} would have outputs of one name, {name!r}",
                cure="Give each a run and an OUT of its own.",
            )
        named[name] = source if source.is_file else Source(source.place, source.pattern, name)
    return list(named.values())


def _kind(name: str) -> str | None:
    suffix = posixpath.splitext(name)[1].lower()
    if suffix in EXTENSIONS.readable:
        return "photo"
    return {SHARD: "shard", TABLE: "table"}.get(suffix)


def _groups(place: Place) -> int:
    """How many groups of rows a Parquet file has; 0 where it cannot be read: the worker says why."""
    try:
        with parquet_file(place) as file:
            groups: int = file.metadata.num_row_groups
            return groups
    except UnreadablePhoto:
        return 0


@contextmanager
def parquet_file(place: Place) -> Iterator[Any]:
    """A Parquet file, of which only what is asked for is read.

    Raises:
        UnreadablePhoto
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with place.random_access() as opened:
        try:
            file = pq.ParquetFile(opened, buffer_size=2**20, pre_buffer=False)
        except (pa.ArrowInvalid, OSError) as error:
            raise UnreadablePhoto(f"{place.name!r} is no Parquet file: {error}") from None
        yield file
