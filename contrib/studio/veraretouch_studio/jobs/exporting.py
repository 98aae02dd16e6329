"""Exports: photos written by the command line's own batch, each by its plan."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from veraretouch_serve.jobs import Job, Jobs

from veraretouch.core.cli.batch.inputs import OUTPUT_FOLDER, Source
from veraretouch.core.cli.batch.journal import versions
from veraretouch.core.cli.batch.memory import budget, weight
from veraretouch.core.cli.batch.outputs import check_folders, name_products
from veraretouch.core.cli.batch.pool import WorkerDied, cores, run
from veraretouch.core.cli.batch.request import BatchRequest
from veraretouch.core.cli.batch.task import PhotoTask
from veraretouch.core.cli.batch.work import retouch
from veraretouch.core.cli.options import Space, WriteOptions
from veraretouch.core.errors import InvalidRequest
from veraretouch.core.plan.plan import Plan

from .sheet import SHEET, write_sheets

_OPTIONS = ("quality", "max_size", "color_space", "compare", "save_plan", "overwrite")


def begin_export(jobs: Jobs, photos: Sequence[tuple[Path, Mapping[str, Any] | None]], wish: Mapping[str, Any]) -> Job:
    """Name what is to be written, and begin to write it.

    Args:
        photos: each with the document of its plan; None for a photo that is not edited.
        wish: `format` (a suffix, or `sheet` for a contact sheet), `folder` (the name of a folder beside each photo),
            and the options of the command line: `quality`, `max_size`, `color_space`, `compare`, `save_plan`,
            `overwrite`.

    Raises:
        InvalidRequest, UnwritablePhoto: before anything is written.
    """
    if wish.get("format") == SHEET:
        folder = photos[0][0].parent / _folder(wish)
        check_folders([folder], write=True)
        return jobs.begin(Job("export", len(photos)), lambda job: write_sheets(job, photos, folder, wish))
    tasks = list(_tasks(photos, wish))
    check_folders((task.products.picture.parent for task in tasks), write=True)
    return jobs.begin(Job("export", len(tasks), command=_command(tasks, wish)), lambda job: _work(job, tasks))


def _work(job: Job, tasks: Sequence[PhotoTask]) -> None:
    results = run(retouch, tasks, jobs=_processes(len(tasks)), weigh=lambda task: weight(task.source), budget=budget())
    for task, outcome in results:
        job.done += 1
        if isinstance(outcome, WorkerDied):
            job.failed.append({"name": task.source.name, "problem": "the process that worked on it died"})
        elif outcome.status == "failed":
            job.failed.append({"name": task.source.name, "problem": _there(task) or outcome.problem})
        else:
            job.files += [str(path) for path in task.products]
        if job.cancel.is_set():
            results.close()
            break


def _there(task: PhotoTask) -> str:
    """Why a photo is not written over a file of an earlier export, in the dialog's words: the batch names options."""
    there = [] if task.options.overwrite else [path for path in task.products if path.is_file()]
    cure = "Tick \u201cReplace files that are there\u201d, or name another folder."
    return f"{str(there[0])!r} exists already. {cure}" if there else ""


def _processes(photos: int) -> int:
    """Processes: a few photos are written sooner by this one, which has everything imported."""
    return cores() if photos > 8 else 1


def _tasks(photos: Sequence[tuple[Path, Mapping[str, Any] | None]], wish: Mapping[str, Any]) -> Iterator[PhotoTask]:
    options = _options(wish)
    folder = _folder(wish)
    version = versions()
    for index, (path, document) in enumerate(photos):
        request = BatchRequest("", plan=_plan(document))
        (products,) = name_products(
            [Source(path)],
            out=path.parent / folder,
            name=options.name,
            compare=options.compare,
            save_plan=options.save_plan,
            overwrite=options.overwrite,
        )
        yield PhotoTask(index, path, products, request, options, versions=version)


def _options(wish: Mapping[str, Any]) -> WriteOptions:
    given = {name: wish[name] for name in _OPTIONS if wish.get(name) is not None}
    if "color_space" in given:
        given["color_space"] = Space(given["color_space"])
    suffix = wish.get("format")
    return WriteOptions(name=f"{{stem}}.{suffix}" if suffix else None, **given)


def _folder(wish: Mapping[str, Any]) -> str:
    """The name of the folder beside the photos; a page may not choose a place elsewhere."""
    name = wish.get("folder") or OUTPUT_FOLDER
    if name in (".", "..") or set(name) & set("/\\\0") or len(name) > 100:
        raise InvalidRequest(f"{name[:100]!r} is no name of a folder", cure="Give a name without slashes.")
    return str(name)


def _plan(document: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return Plan.load(dict(document)).document() if document is not None else Plan("param").document()


def _command(tasks: Sequence[PhotoTask], wish: Mapping[str, Any]) -> str:
    """What a shell is told to write the same files."""
    lines = []
    for task in tasks:
        words = ["veraretouch", "render", str(task.source.absolute()), "--plan", "-"]
        words += ["--out", str(task.products.picture.absolute())]
        for name in _OPTIONS:
            value = wish.get(name)
            if value is True:
                words.append(f"--{name.replace('_', '-')}")
            elif value not in (None, False):
                words += [f"--{name.replace('_', '-')}", str(value)]
        plan = json.dumps(task.request.plan, ensure_ascii=False, separators=(",", ":"))
        lines.append(f"printf %s {shlex.quote(plan)} | {shlex.join(words)}")
    return "\n".join(lines)
