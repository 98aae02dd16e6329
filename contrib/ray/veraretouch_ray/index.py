"""The index of a run: one row for each photo, in Parquet files that appear whole, and what the run was asked for.

The index is what a run resumes by. Ray Data has checkpoints of its own (`ray.data.checkpoint`), which keep the ids of
rows that went through a `write_*`: they know neither the outputs' hashes nor why a photo failed, need a second store
beside the index, and hold back a gibibyte for each of their filters. The index knows all that already, so it is asked.

Only the driver writes it, of rows that come after the outputs were put: a photo has a row once its outputs are whole,
and never two. A run that is killed has lost at most the rows of its last fifteen seconds, or of a hundredth of its
time; their photos are done again, to the same names.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from veraretouch.core.errors import InvalidRequest

from .places import Place

FOLDER: Final = "index"
RUN: Final = "run.json"
FORMAT: Final = "veraretouch.run/1"
_ROWS: Final = 10_000  # of a part, at most
_SECONDS: Final = 15.0  # that a row waits for its part, at most, as long as rows come
_SHARE: Final = 0.01  # or this share of the run so far, if that is longer: no run has thousands of parts


def schema() -> Any:
    """The columns of the index, as pyarrow has them."""
    import pyarrow as pa

    text, number = pa.string(), pa.float64()
    return pa.schema(
        {
            "input": text,  # path or URL; member or row after '#'
            "version": text,  # of its file: bytes and time of change
            "input_hash": text,  # SHA-256
            "input_bytes": pa.int64(),
            "status": text,  # written or failed
            "plan_hash": text,  # SHA-256 of the plan's canonical JSON
            "outputs": pa.list_(pa.struct({"name": text, "hash": text, "bytes": pa.int64()})),
            "seconds": number,
            "stages": pa.map_(text, number),  # seconds by stage
            "engine": text,
            "color_error": number,  # CIEDE2000
            "warnings": pa.list_(text),
            "error_kind": text,
            "error": text,
            "worker": text,  # node and process
            "began": pa.timestamp("ms", tz="UTC"),
        }
    )


class Done:
    """Which photos have a row: sixteen bytes for each, in order."""

    def __init__(self, digests: NDArray[np.void]) -> None:
        self._digests = digests

    @classmethod
    def of(cls, photos: Iterable[tuple[str, str]]) -> Self:
        """Of inputs and their versions."""
        return cls(np.unique(np.array([_digest(*photo) for photo in photos], dtype="S16")))

    def __contains__(self, photo: tuple[str, str]) -> bool:
        digest = np.array(_digest(*photo), dtype="S16")
        place = int(np.searchsorted(self._digests, digest))
        return place < len(self._digests) and bool(self._digests[place] == digest)

    def __len__(self) -> int:
        return len(self._digests)


def _digest(input: str, version: str) -> bytes:
    # Hexadecimal would take twice the room; without zeros at the end, which NumPy does not keep.
    return blake2b(f"{input}\n{version}".encode(), digest_size=15).digest() + b"."


class Index:
    """The index of a run's output folder, written in parts; a context manager, at whose end every row is written."""

    def __init__(self, out: Place) -> None:
        self._folder = out / FOLDER
        self._waiting: list[dict[str, Any]] = []
        self._begun = self._since = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()

    def add(self, rows: Iterable[dict[str, Any]]) -> None:
        """Take rows in, and write a part where enough have come, or time has passed."""
        self._waiting += rows
        now = time.monotonic()
        if len(self._waiting) >= _ROWS or now - self._since > max(_SECONDS, _SHARE * (now - self._begun)):
            self.flush()

    def flush(self) -> None:
        """Write what has come."""
        if self._waiting:
            (self._folder / f"part-{time.time_ns():020d}.parquet").write(_parquet(self._waiting))
        self._waiting, self._since = [], time.monotonic()

    def settle(self, *, failed: bool) -> Done:
        """Leave each photo one row, the latest, and say which photos are done.

        Args:
            failed: whether rows of photos that failed stay; else those are tried again.
        """
        import pyarrow.parquet as pq

        photos: list[tuple[str, str]] = []
        told: set[bytes] = set()
        for found in sorted(self._folder.files(), key=lambda found: found.name, reverse=True):
            part = self._folder / found.name
            table = pq.read_table(io.BytesIO(part.read()))
            keep = []
            columns = (table[name].to_pylist() for name in ("input", "version", "status"))
            for row, (input, version, status) in reversed([*enumerate(zip(*columns, strict=True))]):
                name = _digest(input, "")
                if name not in told and (failed or status == "written"):
                    keep.append(row)
                if name not in told and status == "written":
                    photos.append((input, version))
                told.add(name)
            if not keep:
                part.remove()
            elif len(keep) < table.num_rows:
                part.write(_parquet(table.take(sorted(keep))))
        return Done.of(photos)

    def rows(self) -> Any:
        """All rows, as a table of pyarrow."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        parts = [pq.read_table(io.BytesIO((self._folder / found.name).read())) for found in self._folder.files()]
        return pa.concat_tables(parts) if parts else schema().empty_table()


def _parquet(rows: Any) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist(rows, schema=schema()) if isinstance(rows, list) else rows
    held = io.BytesIO()
    pq.write_table(table, held, compression="zstd")
    return held.getvalue()


def claim(out: Place, facts: Mapping[str, Any], *, resume: bool, overwrite: bool) -> None:
    """Take the output folder for a run of these facts, or see that it is the run that was begun in it.

    Raises:
        InvalidRequest: the folder holds something, and neither `resume` nor `overwrite` is on; or another run.
    """
    path = out / RUN
    text = json.dumps({"schema": FORMAT, **facts}, indent=1, sort_keys=True, default=str).encode()
    if path.kind() == "file" and not overwrite:
        if not resume:
            raise InvalidRequest(f"{out.name!r} holds a run", cure="--resume goes on with it, --overwrite begins anew.")
        begun = json.loads(path.read())
        differs = [name for name, value in json.loads(text).items() if begun.get(name) != value]
        if differs:
            raise InvalidRequest(
                f"{out.name!r} was begun with other {', '.join(differs)}",
                cure="Choose another OUT, or begin anew by --overwrite.",
            )
        return
    if not overwrite and next(out.files(), None) is not None:
        raise InvalidRequest(
            f"{out.name!r} holds files that no run wrote", cure="Choose another OUT, or replace them by --overwrite."
        )
    (out / FOLDER).remove_folder()
    path.write(text)
