"""The work on photos, from place to place: fetched, planned in batches, rendered as the plain commands do it, put.

A photo's work is `core.cli.batch.work.retouch` on a file of this machine, so pictures are byte-equal to the plain
command line's. While one photo is worked on the next are fetched and the last are put.
"""

from __future__ import annotations

import os
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, TypeVar

from veraretouch.core.atomic_write import staging_folder
from veraretouch.core.cli.batch.journal import fingerprint
from veraretouch.core.cli.batch.outputs import Products
from veraretouch.core.cli.batch.planning import make_plans
from veraretouch.core.cli.batch.request import BatchRequest
from veraretouch.core.cli.batch.task import PhotoOutcome, PhotoTask, reported
from veraretouch.core.cli.batch.work import open_subject, retouch
from veraretouch.core.cli.options import WriteOptions
from veraretouch.core.errors import UnreadablePhoto
from veraretouch.core.photo import file_hash, is_raw

from .containers import Given
from .naming import outputs_of, picture_name
from .options import RunOptions
from .places import Place

if TYPE_CHECKING:
    from veraretouch.core.photo.photo_input import PhotoInput
    from veraretouch.core.plan.plan import Plan
    from veraretouch.core.render.retoucher import Retoucher

T = TypeVar("T")

_THREADS: Final = 4  # that fetch and put


@dataclass(frozen=True)
class Job:
    """What every photo of a run gets; plain data, as it travels to workers."""

    request: BatchRequest
    options: WriteOptions
    running: RunOptions
    out: Place


@dataclass
class _Work:
    """One photo on its way.

    Attributes:
        picture: the name of its picture, below the folder of pictures.
        task: from its file on this machine to files beside each other.
    """

    given: Given
    picture: str
    task: PhotoTask
    outcome: PhotoOutcome
    subject: PhotoInput | None = None
    plan: Plan | None = None
    hash: str | None = None
    size: int | None = None
    began: datetime | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    outputs: list[dict[str, Any]] = field(default_factory=list)

    def attempt(self, step: Callable[[], T]) -> T | None:
        """Do a step of a photo that has not failed yet; what is raised becomes words of its outcome."""
        if self.outcome.kind:
            return None
        with reported(self.outcome):
            return step()
        return None

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the seconds inside to a stage."""
        start = perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + perf_counter() - start


def work_on(photos: Sequence[Given], job: Job) -> list[dict[str, Any]]:
    """Work on photos, as many planned at once as the job says, and return their rows of the index, in order."""
    at_once = job.running.batch
    with (
        staging_folder(workshop()) as folder,
        ThreadPoolExecutor(_THREADS, "veraretouch-place") as threads,
    ):
        works = [_prepared(photo, number, folder, job) for number, photo in enumerate(photos)]
        # Threads raise; what that means is noted here, since Python hears warnings for all threads together.
        fetched = [threads.submit(_fetch, work) for work in works]
        put = []
        for start in range(0, len(works), at_once):
            batch = works[start : start + at_once]
            for work, future in zip(batch, fetched[start:], strict=False):
                work.began = datetime.now(UTC)
                work.attempt(future.result)
            _plan(batch, job)
            for work in batch:
                _make(work, job)
                put.append(threads.submit(_put, work, job.out))
        for work, future in zip(works, put, strict=True):
            work.attempt(future.result)
    return [_row(work) for work in works]


@cache
def workshop() -> Path:
    """The folder of this machine's temporary files that is this user's alone."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir(), f"veraretouch-ray-{user}")
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if stat.S_ISDIR(status.st_mode) and status.st_uid == user and not status.st_mode & 0o077:
        return folder
    return Path(tempfile.mkdtemp(prefix="veraretouch-ray-"))  # somebody else was here before


def planner_of(job: Job) -> Retoucher:
    """The retoucher whose planner this process keeps for a job."""
    return _retoucher(job.request.planner, job.request.dtype, job.running.device.value)


@cache
def _retoucher(planner: str, dtype: str | None, device: str) -> Retoucher:
    from veraretouch.core.render.loading import load_retoucher

    return load_retoucher(planner, dtype=dtype, device=device)


def _prepared(photo: Given, number: int, folder: Path, job: Job) -> _Work:
    local = photo.place.local if photo.place is not None else None
    file = local or folder / f"{number}{Path(photo.name).suffix}"
    outcome = PhotoOutcome(number, file)
    picture = ""
    with reported(outcome):
        if photo.problem:
            raise UnreadablePhoto(photo.problem)
        picture = picture_name(photo.name)
    made = folder / "made" / f"{number}{Path(picture).suffix}"
    products = Products(
        made,
        compare=made.with_suffix(".compare.jpg") if job.options.compare else None,
        plan=made.with_suffix(".json") if job.options.save_plan else None,
    )
    return _Work(photo, picture, PhotoTask(number, file, products, job.request, job.options, journal=False), outcome)


def _fetch(work: _Work) -> None:
    """Bring a photo's bytes into its file, where they are not in one here, and hash them."""
    if work.outcome.kind:
        return
    given, file = work.given, work.task.source
    with work.timed("fetch"):
        if given.data is not None:
            file.write_bytes(given.data)
        elif given.place is not None and given.place.local is None:
            file.write_bytes(given.place.read())
        work.hash, work.size = file_hash(file), file.stat().st_size


def _plan(batch: Sequence[_Work], job: Job) -> None:
    """Open photos and plan them at once; where one of them is refused, each alone."""
    for work in batch:
        with work.timed("decode"):
            work.subject = work.attempt(partial(open_subject, work.task))
    opened = [work for work in batch if work.subject is not None]
    if len(opened) > 1:
        start = perf_counter()
        with suppress(Exception):  # each alone, below, tells whose fault it is
            for work, plan in zip(opened, _plans(job, opened), strict=True):
                work.plan = plan
        for work in opened:
            work.seconds["plan"] = (perf_counter() - start) / len(opened)
    for work in opened:
        if work.plan is None:
            with work.timed("plan"):
                (work.plan,) = work.attempt(partial(_plans, job, [work])) or (None,)


def _plans(job: Job, works: Sequence[_Work]) -> list[Plan]:
    retoucher = planner_of(job) if job.request.plan is None else None
    return make_plans(job.request, [work.subject for work in works if work.subject is not None], retoucher=retoucher)


def _make(work: _Work, job: Job) -> None:
    """Make the outputs of a photo, beside each other in a folder of this machine."""
    if work.plan is None:
        return
    work.task.products.picture.parent.mkdir(exist_ok=True)
    if job.running.pictures:
        heard = work.outcome.warnings
        work.outcome = retouch(work.task, subject=work.subject, plan=work.plan)
        work.outcome.warnings = heard + work.outcome.warnings
    else:
        work.outcome.plan = work.plan.document()
        if work.task.products.plan is not None:
            with work.timed("encode"):
                work.attempt(partial(work.plan.save, work.task.products.plan))
    work.subject = None  # its pixels
    if job.running.xmp:
        with work.timed("encode"):
            beyond = work.attempt(partial(_write_xmp, work, work.plan))
        work.outcome.warnings += [f"XMP cannot say: {', '.join(beyond)}"] if beyond else []


def _write_xmp(work: _Work, plan: Plan) -> Sequence[str]:
    """Write Camera Raw's settings as `veraretouch export xmp` does, a raw's sidecar or a preset; what they cannot say
    comes back.
    """
    from veraretouch.ops.presets import write_preset
    from veraretouch.ops.presets.sidecar import merge_sidecar

    path = work.task.products.picture.with_suffix(".xmp")
    if is_raw(work.given.name):
        return merge_sidecar(plan, path, partial=True).beyond
    return write_preset(plan, path, name=Path(work.given.name).stem, partial=True)


def _put(work: _Work, out: Place) -> None:
    """Put what was made under its names."""
    if work.outcome.kind:
        return
    products = work.task.products
    made = {
        "picture": products.picture,
        "compare": products.compare,
        "plan": products.plan,
        "xmp": products.picture.with_suffix(".xmp"),
    }
    with work.timed("put"):
        for kind, name in outputs_of(work.picture).items():
            file = made[kind]
            if file is not None and file.exists():
                hash, size = file_hash(file), file.stat().st_size
                (out / name).write(file.read_bytes())
                work.outputs.append({"name": name, "hash": hash, "bytes": size})
                file.unlink()


def _row(work: _Work) -> dict[str, Any]:
    outcome, input = work.outcome, work.given.input
    stages = dict(work.seconds)
    for stage, seconds in outcome.timings.items():
        stages[stage] = stages.get(stage, 0.0) + seconds
    here = str(work.task.source)
    return row(work.given, "failed" if outcome.kind else "written") | {
        "input_hash": work.hash,
        "input_bytes": work.size,
        "plan_hash": None if outcome.plan is None else fingerprint(outcome.plan),
        "outputs": [] if outcome.kind else work.outputs,
        "seconds": sum(stages.values()),
        "stages": list(stages.items()),
        "engine": outcome.engine or None,
        "color_error": outcome.error,
        "warnings": list(dict.fromkeys(warning.replace(here, input) for warning in outcome.warnings)),
        "error_kind": outcome.kind or None,
        "error": outcome.problem.replace(here, input) or None,
        "began": work.began,
    }


def row(given: Given, status: str, *, kind: str | None = None, problem: str | None = None) -> dict[str, Any]:
    """A row of the index as far as it is known of every photo."""
    return {
        "input": given.input,
        "version": given.version,
        "status": status,
        "error_kind": kind,
        "error": problem,
        "worker": f"{socket.gethostname()}:{os.getpid()}",
        "began": datetime.now(UTC),
    }
