"""One request that workers do: a place is taken, the form taken in, the work done, the answer sent, the rest removed.

A client that goes away gives up its place: what waits leaves the line, and what is worked on is ended soon.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable
from contextlib import ExitStack, suppress
from pathlib import Path
from time import perf_counter
from typing import Final, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from veraretouch.core.cli.batch.remote.wire import ARCHIVE

from .. import answers
from ..answers import Refused
from ..interface import Operation
from .house import House
from .tasks import Made, Task
from .uploads import take_form
from .workers import Done, WorkLost

GONE: Final = 499
"""What is counted as the status where the client went away; nobody is sent it."""

_LOST: Final = {
    "died": (500, "the process that worked on it died, and so did a second one; a lack of memory may be why"),
    "timeout": (504, "it took more than {seconds:g} seconds and was ended"),
    "stopped": (503, "the server stopped before it was done; ask another"),
}
T = TypeVar("T")


class Exchange:
    """The ASGI application for one operation."""

    def __init__(self, operation: Operation, house: House) -> None:
        self._operation, self._house = operation, house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        house, request, begun, status = self._house, Request(scope, receive), perf_counter(), GONE

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            with ExitStack() as held, suppress(ClientDisconnect, _Gone):

                async def do() -> Response:
                    held.enter_context(house.places.taking())
                    try:
                        folder = Path(tempfile.mkdtemp(dir=house.folder))
                        held.callback(_remove, folder)
                        return await self._done(request, folder)
                    except OSError as error:
                        raise Refused(500, f"what was sent cannot be kept: {error.strerror or error}") from None

                response = await answers.answer(request, do)
                with suppress(TimeoutError):  # whoever takes no answer is hung up on
                    async with asyncio.timeout(house.transfer):
                        await response(scope, receive, note)
        except Exception:
            status = 500
            raise
        finally:
            house.metrics.requests.labels(self._operation.handler, status).inc()
            house.metrics.seconds.labels(self._operation.handler).observe(perf_counter() - begun)

    async def _done(self, request: Request, folder: Path) -> Response:
        house = self._house
        try:
            async with asyncio.timeout(house.transfer):
                files = await take_form(request, self._operation, folder)
        except TimeoutError:
            raise Refused(408, f"the request did not arrive within {house.transfer:g} seconds") from None
        archive = ARCHIVE in request.headers.get("accept", "")
        task = Task(self._operation.handler, folder, files, house.rules, archive)
        try:
            done = await _while_wanted(request, house.workers.do(task, abandoned=lambda: _remove(folder)))
        except WorkLost as lost:
            code, why = _LOST[lost.reason]
            headers = {"Retry-After": "1"} if code == 503 else None
            raise Refused(code, why.format(seconds=house.timeout), headers) from None
        house.places.note(done.work)
        house.metrics.stages.labels("queue").observe(done.queue)
        house.metrics.stages.labels("work").observe(done.work)
        made: Made = done.result
        if made.status == 200:
            house.metrics.pixels.observe(made.pixels)
        return _answer(made, done)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _answer(made: Made, done: Done) -> Response:
    timing = {"Server-Timing": f"queue;dur={1000 * done.queue:.1f}, work;dur={1000 * done.work:.1f}"}
    if made.file is not None:
        return FileResponse(made.file, media_type=made.media_type, headers=timing)
    return JSONResponse(made.document, made.status, headers=timing)


class _Gone(Exception):
    """The client went away."""


async def _while_wanted(request: Request, work: Awaitable[T]) -> T:
    """Wait for work for as long as the client waits for it.

    Raises:
        _Gone: it does not any more; the work is cancelled.
    """
    working: asyncio.Future[T] = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise _Gone
        return await working
    finally:
        working.cancel()
        leaving.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
