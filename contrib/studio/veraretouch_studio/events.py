"""Answers that come bit by bit, as server-sent events, and how work ends whose listener has gone."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Event
from typing import Any, Final

import anyio
import anyio.from_thread
import anyio.to_thread
from anyio.streams.memory import MemoryObjectSendStream
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from veraretouch.core.errors import VeraRetouchError

from .planning import Stopped, Tell

FRESH: Final = {"Cache-Control": "no-store"}


def event_of(name: str, document: Mapping[str, Any]) -> bytes:
    """One event of a stream."""
    return f"event: {name}\ndata: {json.dumps(document, separators=(',', ':'))}\n\n".encode()


class Events(Response):
    """What is told while some work is done in a thread. The work is stopped when nobody listens any more; what it
    refuses is the last event.

    Args:
        work: called with a function to tell by, and one that says whether to stop.
        limiter: of the threads that such work may have at once.
    """

    media_type = "text/event-stream"

    def __init__(self, work: Callable[[Tell, Callable[[], bool]], None], limiter: anyio.CapacityLimiter) -> None:
        super().__init__(headers=FRESH)
        del self.headers["content-length"]
        self._work, self._limiter, self._stopped = work, limiter, Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        told, telling = anyio.create_memory_object_stream[bytes](math.inf)
        async with anyio.create_task_group() as group:
            group.start_soon(self._wait_for_end, receive, group.cancel_scope)
            group.start_soon(self._do, told)
            try:
                async with telling:
                    async for event in telling:
                        await send({"type": "http.response.body", "body": event, "more_body": True})
            finally:
                self._stopped.set()
            group.cancel_scope.cancel()
        await send({"type": "http.response.body", "body": b""})

    async def _wait_for_end(self, receive: Receive, scope: anyio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._stopped.set()
        scope.cancel()

    async def _do(self, told: MemoryObjectSendStream[bytes]) -> None:
        def tell(name: str, document: dict[str, Any]) -> None:
            with suppress(anyio.BrokenResourceError):  # nobody listens any more
                anyio.from_thread.run_sync(told.send_nowait, event_of(name, document))

        def work() -> None:
            try:
                self._work(tell, self._stopped.is_set)
            except Stopped:
                return
            except VeraRetouchError as error:
                tell("error", {"error": str(error), "kind": type(error).__name__})
            except Exception as error:  # a plug-in may fail with anything
                said = f"it failed with {type(error).__name__}: {error}. Report it to the author of the planner."
                tell("error", {"error": said, "kind": type(error).__name__})

        async with told:
            await anyio.to_thread.run_sync(work, limiter=self._limiter)
