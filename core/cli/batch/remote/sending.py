"""Photos retouched by a resident process: what is asked of the files here is asked here, the work is done there."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from ....errors import VeraRetouchError
from ..journal import Provenance
from ..placing import check_places, finish, frame_losses, in_place, is_done, origin_of, refuse_losses
from ..request import BatchRequest
from ..task import PhotoOutcome, PhotoTask, reported
from .server import Refused, Server, sent_name
from .wire import order_for, order_of, read_archive, take_files


def retouch_via(server: Server, tasks: Sequence[PhotoTask], *, jobs: int) -> Iterator[tuple[PhotoTask, PhotoOutcome]]:
    """Have the server do the tasks, `jobs` at a time, and yield each with its outcome, in order.

    Files are judged, named and journaled here, as `retouch` does it.
    """
    waiting: deque[_Exchange] = deque()
    with ThreadPoolExecutor(jobs, thread_name_prefix="via") as threads:
        try:
            for task in tasks:
                waiting.append(_Exchange(server, task, threads))
                if len(waiting) > jobs:
                    first = waiting.popleft()
                    yield first.task, first.outcome()
            while waiting:
                first = waiting.popleft()
                yield first.task, first.outcome()
        finally:
            server.close()
            for each in waiting:
                each.drop()


def plan_via(server: Server, request: BatchRequest, photo: Path) -> dict[str, Any]:
    """The plan's document that the server makes for a photo.

    Raises:
        VeraRetouchError
    """
    try:
        return server.plan(order_for(request), photo)
    except Refused as refusal:
        raise VeraRetouchError(_named(refusal.problem, photo)) from None


class _Exchange:
    """One task under way. The network is another thread's; files and warnings are this one's."""

    def __init__(self, server: Server, task: PhotoTask, threads: ThreadPoolExecutor) -> None:
        self.task, self._outcome = task, PhotoOutcome(task.index, task.source, products=task.products)
        self._origin: Provenance | None = None
        self._made: Future[None] | None = None
        self._archive: BinaryIO | None = None
        with reported(self._outcome):
            if task.options.resume and is_done(task, origin_of(task)):
                self._outcome.status = "unchanged"
                return
            check_places(task)
            self._archive = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `outcome` or `drop`
            self._made = threads.submit(server.retouch, order_of(task), task.source, self._archive)
            self._origin = origin_of(task)  # while the server works

    def outcome(self) -> PhotoOutcome:
        """What became of it; waits for it."""
        if self._made is not None and self._archive is not None and self._origin is not None:
            before = self._outcome.seconds
            with reported(self._outcome), self._archive:
                self._finish(self._made, self._archive, self._origin)
            self._outcome.seconds += before
        else:
            self.drop()
        return self._outcome

    def drop(self) -> None:
        """Give it up."""
        if self._made is not None:
            self._made.cancel()
        if self._archive is not None:
            self._archive.close()

    def _finish(self, made: Future[None], archive: BinaryIO, origin: Provenance) -> None:
        task, outcome = self.task, self._outcome
        try:
            made.result()
        except Refused as refusal:
            outcome.kind, outcome.problem = refusal.kind, _named(refusal.problem, task.source)
            return
        read_archive(archive, outcome)
        if in_place(task) and not task.options.lossy:
            from ....plan.frame import read_frame

            framing = read_frame((outcome.plan or {}).get("frame"))
            refuse_losses(frame_losses(framing), task.products.picture)
        finish(task, origin, partial(take_files, archive, task.products), told=outcome.warnings)
        outcome.status = "written"


def _named(problem: str, photo: Path) -> str:
    """What the server says of the photo, which it knows by its suffix alone, in the user's names."""
    return problem.replace(repr(sent_name(photo)), repr(str(photo)))
