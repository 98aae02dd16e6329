"""The ASGI application of the resident process, and the server that stops in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from importlib.metadata import version
from time import monotonic
from types import FrameType
from typing import Any

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from veraretouch.core.cli.batch.journal import versions

from ..answers import broken, plainly
from ..guard import Bearer, Guard
from .exchange import Exchange
from .house import House
from .operations import OPERATIONS, openapi

HEALTH = "/health"


def create_app(house: House, *, hosts: Collection[str], token: str, body_limit: int) -> ASGIApp:
    """The guarded application.

    Args:
        hosts: what requests may name as their host.
        token: what they have to bear.
        body_limit: the most bytes of a body.
    """

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        house.workers.start()
        yield
        await house.workers.stop()

    plain = _Plain(house, body_limit)
    routes = [
        Route(
            operation.path,
            Exchange(operation, house) if operation.files else getattr(plain, operation.handler),
            methods=[operation.method],
        )
        for operation in OPERATIONS
    ]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={HTTPException: plainly, Exception: broken})
    return Guard(app, hosts=hosts, credential=Bearer(token, free=(HEALTH,)), limit=lambda path: body_limit)


class _Plain:
    """What is answered at once."""

    def __init__(self, house: House, body_limit: int) -> None:
        self._house, self._body_limit = house, body_limit
        self._versions = versions()

    async def health(self, _: Request) -> Response:
        """Whether work is taken."""
        stopping = self._house.places.stopping
        return JSONResponse({"status": "stopping" if stopping else "ok"}, 503 if stopping else 200)

    async def metrics(self, _: Request) -> Response:
        """What was counted."""
        return Response(self._house.metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def info(self, _: Request) -> Response:
        """What this server is, and what it takes."""
        house = self._house
        told: dict[str, Any] = {
            "version": version("veraretouch"),
            "versions": self._versions,
            "workers": house.places.workers,
            "queue": {"length": house.places.line, "waiting": house.places.waiting},
            "limits": {
                "body_bytes": self._body_limit,
                "pixels": house.rules.pixels,
                "work_seconds": house.timeout,
                "transfer_seconds": house.transfer,
            },
            "planners": list(house.rules.planners),
            "weights": sorted(house.rules.weights),
        }
        return JSONResponse(told)

    async def openapi(self, _: Request) -> Response:
        """The interface."""
        return JSONResponse(openapi())


class StoppingServer(uvicorn.Server):
    """A server that, when it is told to stop, ends the work that it has accepted and takes no more; told twice, it ends
    at once.

    Args:
        patience: seconds that accepted work has to end.
    """

    def __init__(self, config: uvicorn.Config, house: House, *, patience: float) -> None:
        super().__init__(config)
        self._house, self._patience = house, patience
        self._deadline = 0.0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        if self._house.places.stopping:
            self.should_exit = self.force_exit = True
        else:
            self._house.places.stopping = True
            self._deadline = monotonic() + self._patience

    async def on_tick(self, counter: int) -> bool:
        """Whether it is over."""
        places = self._house.places
        if places.stopping and (not places.taken or monotonic() > self._deadline):
            self.should_exit = True
        return bool(await super().on_tick(counter))

    async def shutdown(self, sockets: Any = None) -> None:
        """End what is left, which is told so."""
        await self._house.workers.stop()
        await asyncio.sleep(0)
        await super().shutdown(sockets)
