"""A run: places in, places out, over Ray Data, and the index of what became of each photo."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from veraretouch.core.atomic_write import remove_abandoned
from veraretouch.core.cli.batch.journal import versions
from veraretouch.core.cli.batch.request import BatchRequest
from veraretouch.core.cli.batch.session import check_planner, kinds_for_all
from veraretouch.core.cli.options import WriteOptions
from veraretouch.core.cli.terminal import complain, json_text, say, stdout_to_stderr
from veraretouch.core.errors import InvalidRequest, UnreadablePhoto, VeraRetouchError

from .index import FOLDER, Done, Index, claim
from .options import Device, RunOptions
from .places import Place
from .session import ClusterOptions, session
from .sources import Source, sources_of
from .work import Job
from .worker import AT_ONCE, Attempts, Worker, listing, rows_of

_TOLD: Final = 20  # failures that are told on stderr; the index has all
_PROGRESS: Final = 30.0  # seconds between two lines of it


class UnfinishedRun(VeraRetouchError):
    """Ray could not go on with a run, such as where no worker can load the planner."""


@dataclass
class Report:
    """What became of a run.

    Attributes:
        done_before: photos that the index had already. `written`, `failed`: photos of this run.
        start: seconds until the first photo was begun. `seconds`: of the run, from its begin to its end.
    """

    done_before: int = 0
    written: int = 0
    failed: int = 0
    start: float = 0.0
    seconds: float = 0.0

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


def retouch_places(
    given: Sequence[str],
    out: str,
    request: BatchRequest,
    options: WriteOptions,
    running: RunOptions,
    cluster: ClusterOptions,
) -> Report:
    """Retouch what lies in places, and put pictures, plans, XMP and the index into another.

    Raises:
        VeraRetouchError: before work starts, where it cannot succeed; or when the first photos show that the request is
            refused. UnfinishedRun
    """
    began = time.time()
    if not (running.pictures or running.xmp or options.save_plan):
        raise InvalidRequest("nothing would be written", cure="--no-pictures goes with --save-plan or --xmp.")
    with stdout_to_stderr():  # importing a planner may print
        check_planner(request)
    place = Place.of(out)
    if place.given and "/" not in place.path:
        raise InvalidRequest(f"{place.name!r} is a whole bucket", cure="Name a folder in it.")
    sources = sources_of(given)
    for source in sources:
        if place.holds(source.place):
            raise InvalidRequest(f"{source.place.name!r} lies in OUT, {place.name!r}", cure="Choose another OUT.")
    claim(place, _facts(sources, request, options, running), resume=options.resume, overwrite=options.overwrite)
    job = Job(request, replace(options, resume=False, overwrite=False), running, place)
    _tidy(place)
    report = Report()
    with session(cluster) as workers, Index(place) as index:
        done = index.settle(failed=False)
        report.done_before = len(done)
        progress = _Progress(report, began, same_for_all=kinds_for_all(request))
        _work(sources, job, done, workers, index, progress)
        if len(done):  # some of them may have been done anew, since they are other photos now
            index.flush()
            index.settle(failed=True)
    _tidy(place)
    report.seconds = time.time() - began
    return report


def show(report: Report, out: str, *, json: bool) -> None:
    """Print what became of a run."""
    if json:
        say(json_text(report.document(), indent=None))
        return
    before = f", {report.done_before} done before" if report.done_before else ""
    say(
        f"{report.written} written, {report.failed} failed{before} in {report.seconds:.1f} s, of which starting took "
        f"{report.start:.1f} s. Index: {(Place.of(out) / FOLDER).name}"
    )


def _facts(
    sources: Sequence[Source], request: BatchRequest, options: WriteOptions, running: RunOptions
) -> dict[str, Any]:
    """What has to be the same where a run is resumed."""
    return {
        "inputs": [[source.place.name, source.pattern] for source in sources],
        "request": request.facts(),
        "options": options.picture_options(),
        "outputs": {
            "pictures": running.pictures,
            "plans": options.save_plan,
            "compare": options.compare,
            "xmp": running.xmp,
            "column": running.column,
        },
        "versions": versions(),
    }


def _work(sources: Sequence[Source], job: Job, done: Done, workers: int, index: Index, progress: _Progress) -> None:
    """Do what is not done, on so many workers; their rows go into the index as they come."""
    import ray.data
    from ray.exceptions import RayError

    size = max(AT_ONCE, job.running.batch)
    with _one_row_a_task():
        reference, attempts = ray.put(done), ray.remote(num_cpus=0)(Attempts).remote()
        given = ray.data.from_items([{"source": number} for number in range(len(sources))], override_num_blocks=1)
        listed = given.map_batches(
            listing(sources, job.out, reference, size), batch_size=1, batch_format="pyarrow", num_cpus=0
        )
        worked = listed.map_batches(
            Worker,
            fn_constructor_kwargs={"job": job, "done": reference, "attempts": attempts},
            batch_size=1,
            batch_format="pyarrow",
            compute=ray.data.ActorPoolStrategy(size=workers),
            num_cpus=1,
            num_gpus=1 if job.running.device is Device.CUDA else None,
        )
        try:
            for batch in worked.iter_rows():
                if batch["failed"]:
                    raise UnreadablePhoto(batch["failed"])
                rows = rows_of(batch)
                index.add(rows)
                progress.take(rows)
        except KeyboardInterrupt:
            print("Interrupted: --resume goes on.", file=sys.stderr, flush=True)
            raise
        except RayError as error:
            why = str(error).strip().splitlines()[-1]
            raise UnfinishedRun(
                f"Ray gave up: {why}", cure="What was done stands in the index; --resume goes on."
            ) from error


@contextmanager
def _one_row_a_task() -> Iterator[None]:
    """Each row of Ray Data is a task of its own; what Ray warns of is its own affair."""
    import ray.data

    context = ray.data.DataContext.get_current()
    before, context.target_max_block_size = context.target_max_block_size, 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        context.target_max_block_size = before


class _Progress:
    """Counts photos, and tells of failures and of how far a run is."""

    def __init__(self, report: Report, began: float, *, same_for_all: frozenset[str]) -> None:
        self.report, self._began, self._told, self._same = report, began, began, same_for_all

    def take(self, rows: Sequence[dict[str, Any]]) -> None:
        """Take in rows that came back.

        Raises:
            VeraRetouchError: the first photos show that the request is refused, for all alike.
        """
        report, now = self.report, time.time()
        if rows and not report.start:
            report.start = max(0.0, min(row["began"].timestamp() for row in rows) - self._began)
        for row in rows:
            if row["status"] == "written":
                report.written += 1
                continue
            if row["error_kind"] in self._same and not (report.written or report.done_before):
                raise VeraRetouchError(row["error"])
            report.failed += 1
            if report.failed <= _TOLD:
                complain(f"{row['input']}: {row['error']}")
            if report.failed == _TOLD + 1:
                complain("further ones stand in the index alone", what="Note")
        if now - self._told > _PROGRESS:
            self._told = now
            rate = (report.written + report.failed) / max(1e-9, now - self._began - report.start)
            told = f"{report.written:,} written, {report.failed:,} failed, {rate:.1f} photos a second"
            print(told, file=sys.stderr, flush=True)


def _tidy(out: Place) -> None:
    """Remove the temporary files that killed workers left in an output folder of this machine."""
    if out.local is not None and out.local.is_dir():
        for folder in (out.local, *(path for path in out.local.rglob("*") if path.is_dir())):
            remove_abandoned(folder)
