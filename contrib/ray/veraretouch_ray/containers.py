"""Photos within files: members of webdataset shards, rows of Parquet files. They are read as a stream, one by one."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from veraretouch.core.errors import InvalidRequest, UnreadablePhoto
from veraretouch.core.photo import EXTENSIONS
from veraretouch.core.photo.formats.table import sniff

from .places import Place
from .sources import Item, parquet_file

_PATHS: Final = ("path", "file_name", "file", "filename", "url", "uri", "image")
"""Columns that hold the paths of photos, the first that there is."""
_ROWS: Final = 16  # are decoded at a time
_USUAL: Final = {"JPEG": "jpg", "TIFF": "tif", "HEIF": "heic", "RAW": "dng"}


@dataclass(frozen=True)
class Given:
    """A photo as a run is given it.

    Attributes:
        input: how the index calls it. `version`: of the file that it is, or is in.
        name: of its output, below the output folder.
        place: its file; or `data`: its bytes.
        problem: why there is no photo.
    """

    input: str
    version: str
    name: str
    place: Place | None = None
    data: bytes | None = None
    problem: str = ""


def photos_of(item: Item, column: str) -> Iterator[Given]:
    """The photos of an item; a file that breaks off ends with one that has a problem.

    Args:
        column: of a Parquet file, the column of the photos or of their paths; of a shard, the suffix of the members, as
            ``input.jpg``. Empty: found by kind and name.
    """
    if item.kind == "photo":
        yield Given(item.place.name, item.version, item.name, item.place)
        return
    try:
        yield from _members(item, column) if item.kind == "shard" else _rows(item, column)
    except Exception as error:  # whatever the libraries make of a damaged file: the run goes on
        said = str(error) or type(error).__name__
        problem = said if isinstance(error, UnreadablePhoto) else f"{item.place.name!r} is damaged: {said}"
        place = item.place.name if item.group < 0 else f"{item.place.name}#group-{item.group}"
        yield Given(place, item.version, item.name, problem=problem)


def _members(shard: Item, suffix: str) -> Iterator[Given]:
    seen: dict[str, int] = {}
    with shard.place.open() as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
        for member in tar:
            last = f".{member.name.rpartition('.')[2].lower()}"
            wanted = member.name.endswith(f".{suffix}") if suffix else last in EXTENSIONS.readable
            file = tar.extractfile(member) if wanted and member.isfile() else None
            if file is None:
                continue
            input, name = f"{shard.place.name}#{member.name}", f"{shard.name}/{member.name}"
            seen[member.name] = seen.get(member.name, 0) + 1
            if seen[member.name] > 1:
                problem = f"the shard has {member.name!r} more than once; the first is taken"
                yield Given(f"{input}#{seen[member.name]}", shard.version, name, problem=problem)
            else:
                yield Given(input, shard.version, name, data=file.read())
        if shard.place.found().size - tar.offset < tarfile.BLOCKSIZE:  # tarfile takes half a header for the end
            raise tarfile.ReadError("it breaks off")


def _rows(table: Item, column: str) -> Iterator[Given]:
    with parquet_file(table.place) as file:
        if table.group < 0:
            return
        chosen, holds = _column(file.schema_arrow, column, table.place)
        first = sum(file.metadata.row_group(group).num_rows for group in range(table.group))
        batches = file.iter_batches(batch_size=_ROWS, row_groups=[table.group], columns=[chosen])
        values = (value for batch in batches for value in batch.column(0).to_pylist())
        for number, value in enumerate(values, start=first):
            input, name = f"{table.place.name}#{number}", f"{table.name}/{number:09d}"
            data, path = (value, None) if holds == "bytes" else (None, value)
            if holds == "both" and value is not None:
                data, path = value["bytes"], value.get("path")
            if data is not None:
                yield Given(input, table.version, f"{name}.{_suffix(data, path)}", data=data)
            elif path:
                yield _at(path, table, Given(input, table.version, f"{name}.{path.rpartition('.')[2].lower()}"))
            else:
                yield Given(input, table.version, f"{name}.jpg", problem=f"row {number} holds no photo")


def _at(path: str, table: Item, given: Given) -> Given:
    """A photo of a row at its path, or URL, or below the table's folder."""
    try:
        place = Place.of(path) if "://" in path or path.startswith("/") else _beside(table.place, path)
    except InvalidRequest as error:
        return replace(given, problem=str(error))
    return replace(given, place=place)


def _column(schema: Any, wanted: str, place: Place) -> tuple[str, str]:
    """The column of photos, and what it holds: ``bytes``, ``paths``, or ``both``, as Hugging Face's images do."""
    import pyarrow.types as types

    kinds = {}
    for field in schema:
        if types.is_struct(field.type) and field.type.get_field_index("bytes") >= 0:
            kinds[field.name] = "both"
        elif types.is_binary(field.type) or types.is_large_binary(field.type):
            kinds[field.name] = "bytes"
        elif types.is_string(field.type) or types.is_large_string(field.type):
            kinds[field.name] = "paths"
    if wanted in kinds:
        return wanted, kinds[wanted]
    held = [name for name, kind in kinds.items() if kind != "paths"]
    named = [name for name in _PATHS if kinds.get(name) == "paths"]
    if wanted or not (len(held) == 1 or (not held and named)):
        have = ", ".join(schema.names)
        raise UnreadablePhoto(
            f"{place.name!r} has no column {wanted!r} of photos"
            if wanted
            else f"{place.name!r} has no one such column",
            cure=f"Name the column of photos or of their paths by --column. It has {have}.",
        )
    chosen = held[0] if held else named[0]
    return chosen, kinds[chosen]


def _suffix(data: bytes, path: str | None) -> str:
    """The suffix of a photo's bytes: by what they begin with, or by the path that it had."""
    named = f".{path.rpartition('.')[2].lower()}" if path else ""
    kind = sniff(data[:32], named)
    usual = _USUAL.get(kind, kind.lower()) if kind else "jpg"
    return named[1:] if named in EXTENSIONS.readable else usual


def _beside(table: Place, path: str) -> Place:
    return Place(table.given, f"{table.path.rpartition('/')[0]}/{path}")
