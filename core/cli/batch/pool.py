"""Work spread over processes: bounded in memory, each death known by its task, nothing left behind on Ctrl-C.

Workers never begin as forks of a process that has computed: torch's threads do not survive that. A photo never travels
between them, only its path and what became of it.
"""

from __future__ import annotations

import atexit
import gc
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from typing import Any, Generic, NamedTuple, TypeVar

from ..nursery import deaf_to_interrupts
from ..terminal import stdout_to_stderr

T = TypeVar("T")
R = TypeVar("R")

_PATIENCE = 5.0  # seconds that a worker has to remove its temporary files


class WorkerDied(NamedTuple):
    """A worker process died over a task."""

    exit_code: int | None


def cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(
    work: Callable[[T], R],
    tasks: Sequence[T],
    *,
    jobs: int = 1,
    weigh: Callable[[T], int] = lambda task: 0,
    budget: int = 2**62,
    context: BaseContext | None = None,
    apart: bool = False,
) -> Iterator[tuple[T, R | WorkerDied]]:
    """Do the tasks, `jobs` at a time, and yield each with its result as it is done; with one job, in this process.

    Args:
        work: a module's function; what it writes to stdout goes to stderr. It should not raise.
        weigh: a task's bytes. Tasks are held back while those in work would exceed `budget`; one alone always goes.
        context: in which workers are started; by default they begin from nothing.
        apart: never in this process, so that it outlives whatever a task does.
    """
    if not apart and (jobs <= 1 or len(tasks) <= 1):
        for task in tasks:
            with stdout_to_stderr():
                result = work(task)
            yield task, result
        return
    yield from _WorkerPool(work, jobs, weigh, budget, context or multiprocessing.get_context("spawn")).do(tasks)


class _WorkerPool(Generic[T, R]):
    def __init__(
        self, work: Callable[[T], R], jobs: int, weigh: Callable[[T], int], budget: int, context: BaseContext
    ) -> None:
        self.work, self.jobs, self.weigh, self.budget, self.context = work, jobs, weigh, budget, context
        self.idle: list[Worker] = []
        self.busy: dict[Worker, tuple[T, int]] = {}
        self.next_weight: int | None = None

    def do(self, tasks: Sequence[T]) -> Iterator[tuple[T, R | WorkerDied]]:
        waiting = deque(tasks)
        try:
            while waiting or self.busy:
                self._hand_out(waiting)
                ready = wait([worker.pipe for worker in self.busy])
                for worker in [worker for worker in self.busy if worker.pipe in ready]:
                    task, _ = self.busy.pop(worker)
                    result: R | WorkerDied
                    try:
                        result = worker.pipe.recv()
                        self.idle.append(worker)
                    except (EOFError, ConnectionError):
                        result = WorkerDied(worker.stop())
                    yield task, result
        finally:
            self._dismiss()

    def _hand_out(self, waiting: deque[T]) -> None:
        """Give tasks to workers, in order, as far as their number and the budget go."""
        while waiting and len(self.busy) < self.jobs:
            if self.next_weight is None:
                self.next_weight = self.weigh(waiting[0])
            if self.busy and self.next_weight + sum(weight for _, weight in self.busy.values()) > self.budget:
                return
            worker = self.idle.pop() if self.idle else Worker(self.work, max(1, cores() // self.jobs), self.context)
            task = waiting.popleft()
            self.busy[worker], self.next_weight = (task, self.next_weight), None
            with suppress(ConnectionError):  # it died while idle: the next look at its pipe tells
                worker.pipe.send(task)

    def _dismiss(self) -> None:
        for worker in self.idle:
            worker.pipe.close()  # the end of its tasks
        for worker in self.busy:
            worker.process.terminate()
        for worker in (*self.idle, *self.busy):
            worker.stop()


class Worker:
    """A process that does one task after another: each is sent through `pipe`, which gives its result, or raises
    EOFError or ConnectionError where the process died over it.

    Args:
        work: as for `run`.
        threads: of torch and BLAS, in its process; the environment's OMP_NUM_THREADS goes before it.
        context: in which it is started.
    """

    def __init__(self, work: Callable[[Any], Any], threads: int, context: Any) -> None:
        self.pipe, far_end = context.Pipe()
        self.process = context.Process(target=_serve, args=(far_end, work, threads))
        with deaf_to_interrupts():
            self.process.start()
        far_end.close()

    def stop(self) -> int | None:
        """Wait for the end, hasten it where it does not come, and return the exit code."""
        self.process.join(_PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.pipe.close()
        code: int | None = self.process.exitcode
        return code


def _serve(pipe: Connection, work: Callable[[Any], Any], threads: int) -> None:
    """A worker's life: until the pipe is closed or SIGTERM comes, which lets temporary files be removed."""
    at_work = False

    def leave(*_: object) -> None:
        if at_work:
            raise KeyboardInterrupt
        os._exit(130)

    signal.signal(signal.SIGTERM, leave)
    atexit.register(gc.freeze)  # as in the command itself: a last search for garbage walks through all of torch
    # Read by torch and BLAS when they are imported, which may have happened already.
    chosen = int(os.environ.setdefault("OMP_NUM_THREADS", str(threads)))
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(chosen)
    # stdout is the command's own: what libraries and plugins print must not get between its lines.
    os.dup2(2, 1)
    first, sys.stdout = sys.stdout, sys.stderr
    try:
        while True:
            task = pipe.recv()
            at_work = True
            result = work(task)
            at_work = False
            pipe.send(result)
    except (EOFError, ConnectionError):
        with suppress(OSError, ValueError):
            first.flush()  # what libraries wrote to it: a process that was forked ends without
    except KeyboardInterrupt:
        os._exit(130)
