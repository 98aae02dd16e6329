"""Ray Data's side of the work: what lists, what works, and the batches that pass between them.

A row of Ray Data is a batch here: of items on the way to workers, of index rows on the way back. So a task is as large
as we say, and not as many bytes; the bytes of photos never pass, as each worker fetches its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

from veraretouch.core.atomic_write import remove_abandoned
from veraretouch.core.cli.batch.pool import WorkerDied, run
from veraretouch.core.cli.light_torch import import_lightly, is_enough_for
from veraretouch.core.errors import VeraRetouchError

from .containers import Given, photos_of
from .index import Done, schema
from .places import Place
from .sources import Item, Source
from .work import Job, planner_of, row, work_on, workshop

AT_ONCE: Final = 16
"""Photos of a batch, unless planners are asked about more at once."""
TRIES: Final = 2
"""How often a batch is begun before its photos are tried in processes of their own, which tell whose fault it is."""


def listing(sources: Sequence[Source], out: Place, done: Any, size: int) -> Any:
    """A function that lists sources for Ray Data: batches of items that are not done."""

    def batches(given: Any) -> Iterator[Any]:
        for number in given["source"].to_pylist():
            held: list[dict[str, Any]] = []
            try:
                for item in sources[number].items(out):
                    if item.kind == "photo" and (item.place.name, item.version) in _value(done):
                        continue
                    held.append(item.document())
                    # A shard is a task of its own: it takes its time.
                    if len(held) == size or item.kind != "photo":
                        yield _batch(items=held)
                        held = []
            except VeraRetouchError as error:
                yield _batch(failed=str(error))
            if held:
                yield _batch(items=held)

    return batches


class Attempts:
    """A Ray actor that counts how often each batch was begun that has not ended: Ray begins one anew whose worker died,
    for ever. It holds the batches in work, and no others.
    """

    def __init__(self) -> None:
        self._begun: dict[str, int] = {}

    def begin(self, batch: str) -> int:
        """Count a batch; 1 where it was not begun before."""
        self._begun[batch] = self._begun.get(batch, 0) + 1
        return self._begun[batch]

    def end(self, batch: str) -> None:
        """Forget a batch."""
        self._begun.pop(batch, None)


class Worker:
    """A Ray actor that keeps a planner and works on batches of items.

    Args:
        done: a reference to the photos that are done, for items that hold several.
        attempts: the actor `Attempts`.
    """

    def __init__(self, job: Job, done: Any, attempts: Any) -> None:
        self._job, self._done, self._attempts = job, done, attempts
        remove_abandoned(workshop())  # of workers that were killed
        if job.request.plan is None:
            if is_enough_for(job.request.planner):
                import_lightly()
            planner_of(job)

    def __call__(self, batch: Any) -> Iterator[Any]:
        """The rows of the index for one batch of items, perhaps in several pieces."""
        import ray

        (given,) = batch.to_pylist()
        if given["failed"]:
            yield batch
            return
        items = [Item.read(item) for item in json.loads(given["items"])]
        name = f"{items[0].place.name} {items[0].group}"
        apart = ray.get(self._attempts.begin.remote(name)) > TRIES
        size = max(AT_ONCE, self._job.running.batch)
        photos: list[Given] = []
        for item in items:
            for photo in photos_of(item, self._job.running.column):
                if item.kind == "photo" or (photo.input, photo.version) not in _value(self._done):
                    photos.append(photo)
                if len(photos) == size:
                    yield _batch(rows=self._rows(photos, apart))
                    photos = []
        yield _batch(rows=self._rows(photos, apart))
        self._attempts.end.remote(name)

    def _rows(self, photos: Sequence[Given], apart: bool) -> list[dict[str, Any]]:
        if not apart or not photos:
            return work_on(photos, self._job)
        rows = []
        for photo, made in run(partial(_alone, job=self._job), photos, jobs=2, apart=True):
            if isinstance(made, WorkerDied):
                problem = "the process that worked on it died, each time; a lack of memory may be why"
                made = row(photo, "failed", kind="WorkerDied", problem=problem)
            rows.append(made)
        return rows


def _alone(photo: Given, *, job: Job) -> dict[str, Any]:
    (made,) = work_on([photo], job)
    return made


def _value(reference: Any) -> Done:
    """What a reference of Ray's leads to; an object of shared memory, read once by each process."""
    if reference not in _values:
        import ray

        _values[reference] = ray.get(reference)
    return _values[reference]


_values: dict[Any, Done] = {}


def _batch(*, items: Sequence[dict[str, Any]] = (), rows: Sequence[dict[str, Any]] = (), failed: str = "") -> Any:
    """A batch as a table of one row; `failed`: why a source could be listed no further."""
    import pyarrow as pa

    table = pa.Table.from_pylist(list(rows), schema=schema())
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return pa.table({"items": [json.dumps(list(items))], "rows": [sink.getvalue().to_pybytes()], "failed": [failed]})


def rows_of(batch: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of the index in a batch that came back."""
    import pyarrow as pa

    rows: list[dict[str, Any]] = pa.ipc.open_stream(batch["rows"]).read_all().to_pylist()
    return rows
