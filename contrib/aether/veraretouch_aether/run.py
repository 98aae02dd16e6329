"""Where the work is done: in this process or on this machine's cores, by the pool of processes behind
`veraretouch auto`. Others may bring a runner of their own, such as `veraretouch ray`; the work is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from veraretouch.core.cli.batch import pool
from veraretouch.core.cli.nursery import nursery
from veraretouch.core.errors import VeraRetouchError

Task = Mapping[str, Any]
"""A JSON object: what one piece of work is about."""

Work = Callable[[Task], dict[str, Any]]
"""A function that can be pickled, from a task to a JSON object."""

Runner = Callable[[Work, Sequence[Task]], Iterator[dict[str, Any]]]
"""Does each task and yields what came of it, in any order."""


class LostWorker(VeraRetouchError):
    """A worker process died over its work."""


def processes(jobs: int) -> Runner:
    """A runner of so many processes of this machine; with one the work is done here, in order."""
    return partial(_run, jobs=jobs)


def _run(work: Work, tasks: Sequence[Task], *, jobs: int) -> Iterator[dict[str, Any]]:
    jobs = min(jobs, len(tasks))
    context = nursery(None) if jobs > 1 else None
    for _, done in pool.run(work, tasks, jobs=jobs, context=context):
        if isinstance(done, pool.WorkerDied):
            raise LostWorker(
                f"a worker process died with exit code {done.exit_code}",
                cure="Give the command again: it goes on where it was. If memory ran out, give fewer --jobs.",
            )
        yield done


HERE: Final[Runner] = processes(1)
"""Works in this process, in order."""
