"""Exports: photos written by the command line's own batch, each by its plan, in a job that can be watched and ended."""

from __future__ import annotations

import json
import secrets
import shlex
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

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

State = Literal["running", "done", "cancelled", "failed"]
KEPT: Final = 100
"""How many finished jobs are remembered."""

_OPTIONS = ("quality", "max_size", "color_space", "compare", "save_plan", "overwrite")


@dataclass
class Job:
    """An export under way: how far it is, what was written, and what was not, with the reason."""

    id: str
    total: int
    command: str
    done: int = 0
    state: State = "running"
    files: list[str] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)
    cancel: threading.Event = field(default_factory=threading.Event, repr=False)

    def facts(self) -> dict[str, Any]:
        """What the page is told."""
        return {
            "job": self.id,
            "state": self.state,
            "done": self.done,
            "total": self.total,
            "files": self.files,
            "failed": self.failed,
            "command": self.command,
        }


class Exports:
    """The exports of a session, one at a time; others wait in line."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._turn = threading.Lock()

    def job(self, id: str) -> Job:
        """The job of an id.

        Raises:
            InvalidRequest
        """
        if id not in self._jobs:
            raise InvalidRequest(f"no export {id[:40]!r} in this session", cure="Start it again.")
        return self._jobs[id]

    def begin(self, photos: Sequence[tuple[Path, Mapping[str, Any] | None]], wish: Mapping[str, Any]) -> Job:
        """Name what is to be written, and begin to write it.

        Args:
            photos: each with the document of its plan; None for a photo that is not edited.
            wish: `format` (a suffix), `folder` (the name of a folder beside each photo), and the options of the
                command line: `quality`, `max_size`, `color_space`, `compare`, `save_plan`, `overwrite`.

        Raises:
            InvalidRequest, UnwritablePhoto: before anything is written.
        """
        tasks = list(_tasks(photos, wish))
        check_folders((task.products.picture.parent for task in tasks), write=True)
        job = Job(secrets.token_urlsafe(9), len(tasks), _command(tasks, wish))
        for id in [id for id, old in self._jobs.items() if old.state != "running"][: -KEPT or None]:
            del self._jobs[id]
        self._jobs[job.id] = job
        threading.Thread(target=self._run, args=(job, tasks), daemon=True, name=f"export {job.id}").start()
        return job

    def close(self) -> None:
        """End whatever is under way, after the photos that are being written."""
        for job in self._jobs.values():
            job.cancel.set()
        with self._turn:
            pass

    def _run(self, job: Job, tasks: Sequence[PhotoTask]) -> None:
        try:
            with self._turn:
                _work(job, tasks)
        except Exception as error:  # a thread has nobody to tell; whatever it is must end the job
            job.failed.append({"name": "export", "problem": f"{type(error).__name__}: {error}"})
            job.state = "failed"


def _work(job: Job, tasks: Sequence[PhotoTask]) -> None:
    waiting = [] if job.cancel.is_set() else tasks
    results = run(retouch, waiting, jobs=_jobs(len(tasks)), weigh=lambda task: weight(task.source), budget=budget())
    for task, outcome in results:
        job.done += 1
        if isinstance(outcome, WorkerDied):
            job.failed.append({"name": task.source.name, "problem": "the process that worked on it died"})
        elif outcome.status == "failed":
            job.failed.append({"name": task.source.name, "problem": outcome.problem})
        else:
            job.files += [str(path) for path in task.products]
        if job.cancel.is_set():
            results.close()
            break
    job.state = "cancelled" if job.cancel.is_set() else "failed" if len(job.failed) == job.total else "done"


def _jobs(photos: int) -> int:
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
