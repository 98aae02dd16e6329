"""Worker processes that stay: each has planners and torch loaded, does one task after another, and is replaced when it
dies or takes too long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from time import perf_counter
from typing import Any, Final, Literal

from veraretouch.core.cli.batch.pool import Worker, cores

Reason = Literal["died", "timeout", "gone", "stopped"]
"""Why a worker ended: by itself or by somebody else's hand, or ended here, since its task took too long, since nobody
waited for it any more, or since the server stopped."""

_ATTEMPTS: Final = 2
_ROUND: Final = 1.0  # seconds between two looks at workers at rest
_WARMING: Final = 120.0  # seconds in which a worker has to be warm
_GRACE: Final = 2.0
"""Seconds in which work that nobody waits for may end by itself: to start another worker takes as long."""


class WorkLost(Exception):
    """A task was not done: its workers died, or it took too long."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Done:
    """What a worker gave for a task, and how many seconds it waited and was worked on."""

    result: Any
    queue: float
    work: float


class Workers:
    """So many worker processes. Tasks wait in line for one.

    Args:
        count: how many.
        work: a module's function that is called with each task, in a worker. It should not raise.
        warm: what each worker does before its first task, as a task.
        timeout: seconds that a task may take.
        context: in which workers are started.
        ended: called with the reason each time that a worker ended before its time.
        warmed: called once, with what the first worker gave for `warm`.
    """

    def __init__(
        self,
        count: int,
        work: Callable[[Any], Any],
        *,
        warm: Any,
        timeout: float,
        context: BaseContext,
        ended: Callable[[Reason], None] = lambda reason: None,
        warmed: Callable[[Any], None] = lambda result: None,
    ) -> None:
        threads = max(1, cores() // count)
        self._slots = [_Slot(lambda: Worker(work, threads, context), warm) for _ in range(count)]
        self._free: asyncio.Queue[_Slot] = asyncio.Queue()
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="worker")
        self._timeout, self._ended, self._warmed = timeout, ended, warmed
        self._under_way: set[asyncio.Task[Any]] = set()
        self._end, self._told = asyncio.Event(), False

    @property
    def ready(self) -> int:
        """How many are alive and warm."""
        return sum(slot.is_warm and not slot.is_dead for slot in self._slots)

    @property
    def busy(self) -> int:
        """How many are at work."""
        return sum(slot.at_work for slot in self._slots)

    def start(self) -> None:
        """Begin to start them; tasks may be given meanwhile."""
        for slot in self._slots:
            self._begin(self._prepare(slot))
        self._begin(self._tend())

    async def do(self, task: Any, *, abandoned: Callable[[], None] = lambda: None) -> Done:
        """Have a task done. Whoever is cancelled while waiting for a worker leaves the line; cancelled later, the task
        has two more seconds to end by itself, and then its worker is ended.

        Args:
            abandoned: called when a task has ended for which nobody waited any more.

        Raises:
            WorkLost: a second worker died over it, too, or it took too long.
        """
        asked = perf_counter()
        slot = await self._free.get()
        begun, wanted = perf_counter(), asyncio.Event()
        wanted.set()
        running = self._begin(self._run(slot, task, wanted))
        try:
            result = await asyncio.shield(running)
        except asyncio.CancelledError:
            wanted.clear()
            timer = asyncio.get_running_loop().call_later(_GRACE, slot.end, "gone")

            def end(done: asyncio.Task[Any]) -> None:
                timer.cancel()
                done.exception()  # nobody else asks for it any more
                abandoned()

            running.add_done_callback(end)
            raise
        return Done(result, begun - asked, perf_counter() - begun)

    async def stop(self) -> None:
        """End them, and whatever they are at."""
        if self._end.is_set():
            return
        self._end.set()
        while self._under_way:
            for slot in self._slots:
                slot.end("stopped")
            await asyncio.wait(self._under_way, timeout=0.1)
        for slot in self._slots:
            slot.end("stopped")
            await self._in_thread(slot.bury)
        self._threads.shutdown(wait=False)

    async def _run(self, slot: _Slot, task: Any, wanted: asyncio.Event) -> Any:
        """Do a task in a slot, which is free again afterwards."""
        reason: Reason = "died"
        try:
            async with slot.lock:
                for _ in range(_ATTEMPTS):
                    if await self._hire(slot) and wanted.is_set():
                        try:
                            return await self._attempt(slot, task)
                        except (EOFError, ConnectionError):
                            reason = await self._bury(slot)
                    if reason != "died" or not wanted.is_set():
                        break
            raise WorkLost("stopped" if self._end.is_set() else reason)
        finally:
            self._begin(self._prepare(slot))

    async def _attempt(self, slot: _Slot, task: Any) -> Any:
        timer = asyncio.get_running_loop().call_later(self._timeout, slot.end, "timeout")
        slot.at_work = True
        try:
            return await self._in_thread(lambda: slot.exchange(task))
        finally:
            slot.at_work = False
            timer.cancel()

    async def _prepare(self, slot: _Slot) -> None:
        """Give a slot to whoever is next, once its worker is warm."""
        async with slot.lock:
            await self._hire(slot)
        self._free.put_nowait(slot)

    async def _tend(self) -> None:
        """Replace workers that die while they are at rest."""
        while not self._end.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_ROUND):
                    await self._end.wait()
            for slot in self._slots:
                if not slot.lock.locked():
                    async with slot.lock:
                        await self._hire(slot)

    async def _hire(self, slot: _Slot) -> bool:
        """Whether a slot has a warm worker; a new one where there was none, or a dead one."""
        if slot.is_dead:
            await self._bury(slot)
        if self._end.is_set():
            return False
        timer = asyncio.get_running_loop().call_later(max(self._timeout, _WARMING), slot.end, "timeout")
        try:
            warmed = await self._in_thread(slot.hire)
        except (EOFError, ConnectionError):
            await self._bury(slot)
            return False
        finally:
            timer.cancel()
        if warmed is not None and not self._told:
            self._told = True
            self._warmed(warmed)
        return True

    async def _bury(self, slot: _Slot) -> Reason:
        """Take a dead worker away, and say why it ended."""
        reason, slot.reason = slot.reason or "died", None
        self._ended(reason)
        await self._in_thread(slot.bury)
        return reason

    def _begin(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    def _in_thread(self, work: Callable[[], Any]) -> Any:
        return asyncio.get_running_loop().run_in_executor(self._threads, work)


class _Slot:
    """A place for a worker, and the one that is in it. What waits for it runs in a thread."""

    def __init__(self, make: Callable[[], Worker], warm: Any) -> None:
        self._make, self._warm = make, warm
        self.lock = asyncio.Lock()
        self.worker: Worker | None = None
        self.at_work = self.is_warm = False
        self.reason: Reason | None = None

    @property
    def is_dead(self) -> bool:
        """Whether its worker has died."""
        return self.worker is not None and not self.worker.process.is_alive()

    def hire(self) -> Any:
        """See to it that there is a warm worker; what a new one gave for warming.

        Raises:
            EOFError, ConnectionError: it died while it was warmed.
        """
        if self.worker is not None:
            return None
        self.worker = self._make()
        warmed = self.exchange(self._warm)
        self.is_warm = True
        return warmed

    def exchange(self, task: Any) -> Any:
        """Have a task done.

        Raises:
            EOFError, ConnectionError: the worker died over it.
        """
        assert self.worker is not None
        self.worker.pipe.send(task)
        return self.worker.pipe.recv()

    def end(self, reason: Reason) -> None:
        """End the worker in the midst of whatever it does."""
        if self.worker is not None:
            self.reason = reason
            self.worker.process.kill()

    def bury(self) -> None:
        """Take a dead worker away."""
        if self.worker is not None:
            self.worker.stop()
            self.worker, self.is_warm = None, False
