"""A command's whole run over its photos: name outputs, plan for a series, work, report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from multiprocessing.context import BaseContext
from pathlib import Path

from ... import errors
from ...atomic_write import remove_abandoned
from ...errors import VeraRetouchError
from ...plugins.registry import PluginState, registry
from ..light_torch import is_enough_for, put_off
from ..nursery import nursery
from ..options import SeriesOptions, WriteOptions
from ..terminal import complain, stdout_to_stderr
from .console import BatchConsole
from .inputs import Source, expand
from .journal import JournalEntry, check_journal, read_journal, versions, written_name
from .memory import budget, weight
from .outputs import Products, check_folders, is_file_name, name_products
from .pool import WorkerDied, cores, run
from .remote.sending import retouch_via
from .remote.server import Server, chosen_server
from .request import BatchRequest
from .task import PhotoOutcome, PhotoTask

# Refusals that lie in the request, not in a photo, and would be the same for every one; values count where the user
# gave them.
_REQUEST = (
    errors.UnknownPlugin,
    errors.PluginCollision,
    errors.BrokenPlugin,
    errors.BlockedPlugin,
    errors.IncompatiblePlugin,
    errors.UnknownBundle,
    errors.UnreachableServer,
    errors.InvalidRequest,
)
_VALUES = (errors.InvalidDocument, errors.InvalidPlan, errors.InvalidLatents, errors.OutOfBounds)


def retouch_all(
    given: Iterable[Path], request: BatchRequest, options: WriteOptions, series: SeriesOptions | None = None
) -> bool:
    """Retouch photos and folders of photos as ordered; say whether every one succeeded.

    Raises:
        VeraRetouchError: before work starts, where it cannot succeed; or when the first photos show that the request is
            refused.
    """
    server = None if options.dry_run else chosen_server()
    if server is None:
        with stdout_to_stderr():  # importing a planner may print
            check_planner(request)
    folder = options.out if options.out is not None and not is_file_name(options.out) else None
    sources = expand(given, recursive=options.recursive, pairs=options.pairs.value, leave_out=folder)
    products = name_products(
        sources,
        out=options.out,
        name=options.name,
        style=request.words,
        planner=request.author,
        compare=options.compare,
        save_plan=options.save_plan,
        overwrite=options.overwrite,
    )
    jobs = min(options.jobs or (cores() if server is None else server.workers()), len(sources))
    # With a server, photos are opened here only to find the middle of a series.
    here = not options.dry_run and (server is None or _needs_one(request, series))
    context = nursery(request.planner) if jobs > 1 and here else None
    if context is None and server is None and is_enough_for(request.planner):
        put_off()
    check_folders((files.picture.parent for files in products), write=not options.dry_run)
    if series is not None and not options.dry_run:
        with stdout_to_stderr():
            request = _for_series(request, sources, jobs, series, context, server)
    tasks = _tasks(sources, products, request, options)
    reasoning = options.verbose or len(tasks) == 1
    with BatchConsole(len(tasks), json=options.json, reasoning=reasoning, timings=options.timings) as console:
        if options.dry_run:
            from .work import preview_task

            for task in tasks:
                console.done(preview_task(task))
        else:
            _work(tasks, console, jobs, context, server)
    return not console.counts["failed"]


def _work(
    tasks: Sequence[PhotoTask], console: BatchConsole, jobs: int, context: BaseContext | None, server: Server | None
) -> None:
    same_for_all = kinds_for_all(tasks[0].request) if tasks else ()
    results: Iterator[tuple[PhotoTask, PhotoOutcome | WorkerDied]]
    if server is not None:
        results = retouch_via(server, tasks, jobs=jobs)
    else:
        from .work import retouch  # NumPy with it, which a command whose work is done elsewhere does without

        results = run(
            retouch, tasks, jobs=jobs, weigh=lambda task: weight(task.source), budget=budget(), context=context
        )
    for task, result in results:
        if isinstance(result, WorkerDied):
            problem = f"the process that worked on it died (exit code {result.exit_code}); a lack of memory may be why"
            result = PhotoOutcome(task.index, task.source, kind="WorkerDied", problem=f"{problem}. Use fewer --jobs.")
        if result.kind in same_for_all and not any(console.counts[s] for s in ("written", "unchanged")):
            raise VeraRetouchError(result.problem)
        console.done(result)


def kinds_for_all(request: BatchRequest) -> frozenset[str]:
    """The kinds of refusals that would be the same for every photo."""
    return frozenset(error.__name__ for error in (*_REQUEST, *(_VALUES if request.params is not None else ())))


def _tasks(
    sources: Sequence[Source], products: Sequence[Products], request: BatchRequest, options: WriteOptions
) -> list[PhotoTask]:
    # A single file that is put somewhere by name leaves no journal there, unless it is to be resumed.
    journal = options.resume or options.out is None or not is_file_name(options.out)
    journals: dict[Path, dict[str, JournalEntry]] = {}
    for folder in {files.picture.parent for files in products} if journal else ():
        check_journal(folder)
        if options.resume:
            journals[folder] = read_journal(folder)
            if not options.dry_run:
                remove_abandoned(folder)
    version = versions()
    return [
        PhotoTask(
            index,
            source.path,
            files,
            request,
            options,
            earlier=journals.get(files.picture.parent, {}).get(written_name(files.picture)),
            journal=journal,
            versions=version,
        )
        for index, (source, files) in enumerate(zip(sources, products, strict=True))
    ]


def _needs_one(request: BatchRequest, series: SeriesOptions | None) -> bool:
    """Whether one photo of the series decides what the others get."""
    if series is None:
        return False
    return series.match or series.match_to is not None or (request.plan is None and series.consistent)


def _for_series(
    request: BatchRequest,
    sources: Sequence[Source],
    jobs: int,
    series: SeriesOptions,
    context: BaseContext | None,
    server: Server | None,
) -> BatchRequest:
    """The request as the series needs it: one plan, and the tones that photos are matched to."""
    if not _needs_one(request, series):
        return request
    from .series import matched_to, median_photo, one_plan

    paths = [source.path for source in sources]
    chosen = series.match_to or median_photo(
        paths,
        jobs=jobs,
        max_pixels=request.max_pixels,
        salvage=request.salvage,
        frame=request.known_frame,
        context=context,
    )
    if chosen is None:
        return request
    if request.plan is None:
        complain(f"one plan for all, by {chosen}", what="Series")
        request = one_plan(request, chosen, server=server)
    if series.match or series.match_to is not None:
        complain(f"exposure and white balance matched to {chosen}", what="Series")
        request = matched_to(request, chosen)
    return request


def check_planner(request: BatchRequest) -> None:
    """Refuse a planner that cannot be used, without importing one that can; fetch a bundle before work starts."""
    if request.plan is not None:
        return
    entry = registry.planners.find(request.planner)
    try:
        if entry is None and registry.announce("prepare_retoucher", name=request.planner):
            return
    except errors.UnknownBundle as error:
        if error.problem != f"no bundle {request.planner!r}":
            raise
        raise errors.UnknownPlugin(f"no planner or bundle {request.planner!r}", cure=error.cure) from None
    if entry is None or entry.state is not PluginState.AVAILABLE:
        registry.planners.load(request.planner)
