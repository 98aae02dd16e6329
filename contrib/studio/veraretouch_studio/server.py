"""The ASGI application: the page's files, and the handlers of the interface."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send
from veraretouch_serve import answers
from veraretouch_serve.answers import Refused, plainly, status_of
from veraretouch_serve.guard import JSON_LIMIT, Guard, Link, loopback_hosts
from veraretouch_serve.interface import Operation
from veraretouch_serve.pace import Pace

from veraretouch.core.errors import VeraRetouchError
from veraretouch.core.plan.plan import Plan

from .controls import controls
from .documents import read_values, write_document
from .edits import OtherRevision
from .elements import element_file
from .events import FRESH, Events, event_of
from .interface import OPERATIONS, openapi
from .library import UnknownPhoto
from .planning import explained
from .session import Session
from .views import NoTable, Pixels, pixels_of

PAGE = Path(__file__).with_name("page")
EDITS_A_SECOND = 30.0
BURST = 300
"""How many edits may come at once; a person who drags sends one a second."""

FILE_LIMIT = 512 * 2**20
"""Bytes of a file that is sent as it is."""

_FILES = ("/api/photos", "/api/values")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types lit-html"
)

T = TypeVar("T")


def create_app(session: Session, *, port: int, token: str | None = None) -> tuple[ASGIApp, str]:
    """The guarded application for a session, and the token that opens it.

    Args:
        port: the port that it is served on, which requests have to name.
    """
    token = token or secrets.token_urlsafe(32)
    handlers = Handlers(session)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        session.close()

    routes: list[Any] = [
        Route(
            operation.path.replace("{column}", "{column:int}").replace("{row}", "{row:int}"),
            partial(handlers.answer, operation),
            methods=[operation.method],
        )
        for operation in OPERATIONS
    ]
    routes += [Route("/", _index), Mount("/page", StaticFiles(directory=PAGE))]
    routes.append(Route("/plugins/{distribution}/{file:path}", _element))
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={HTTPException: plainly})
    guard = Guard(
        _Texts(app),
        hosts=loopback_hosts(port),
        credential=Link(token, cookie=f"studio-{port}", command="veraretouch studio"),
        limit=lambda path: FILE_LIMIT if path in _FILES else JSON_LIMIT,
        policy=_POLICY,
    )
    return guard, token


class _Texts:
    """Compresses what is text; pixels and tables would only be slowed down."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._small = app, GZipMiddleware(app, minimum_size=1000)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        text = path in ("/", "/api/schema", "/api/photos", "/api/openapi.json")
        text = text or path.startswith(("/page/", "/plugins/"))
        await (self._small if text else self._app)(scope, receive, send)


async def _index(_: Request) -> Response:
    return FileResponse(PAGE / "index.html")


async def _element(request: Request) -> Response:
    """A file of a plug-in's own controls."""
    found = await anyio.to_thread.run_sync(
        element_file, request.path_params["distribution"], request.path_params["file"]
    )
    if found is None:
        raise HTTPException(404)
    return Response(found.data, media_type=found.media_type)


class Handlers:
    """What is done for each operation; heavy work runs in threads, a few at a time."""

    def __init__(self, session: Session) -> None:
        self._session, self._pace = session, Pace(EDITS_A_SECOND, BURST)
        self._renders, self._reads = anyio.CapacityLimiter(2), anyio.CapacityLimiter(4)
        self._planners = anyio.CapacityLimiter(2)

    async def answer(self, operation: Operation, request: Request) -> Response:
        """Judge what was sent, do it, and say what was wrong where it could not be done."""

        async def do() -> Response:
            handler: Callable[..., Any] = getattr(self, f"_{operation.handler}")
            try:
                made: Response = await handler(request, await answers.read(operation, request))
            except OtherRevision as error:
                said = {"error": str(error), "kind": "OtherRevision"}
                return JSONResponse(said | error.history.facts(), 409)
            return made

        return await answers.answer(request, do, _status)

    async def _render_thread(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, limiter=self._renders)

    async def _read_thread(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, limiter=self._reads)

    async def _schema(self, request: Request, given: None) -> Response:
        return JSONResponse(await self._read_thread(controls))

    async def _openapi(self, request: Request, given: None) -> Response:
        return JSONResponse(openapi())

    async def _photos(self, request: Request, given: None) -> Response:
        return JSONResponse({"photos": await self._read_thread(self._session.photos)})

    async def _add(self, request: Request, given: bytes) -> Response:
        name = request.query_params["name"]
        return JSONResponse(await self._read_thread(lambda: self._session.add(name, given)))

    async def _photo(self, request: Request, given: None) -> Response:
        return JSONResponse(await self._read_thread(lambda: self._session.photo(_id(request))))

    async def _thumbnail(self, request: Request, given: None) -> Response:
        edited = request.query_params.get("edited") == "1"
        made = await self._read_thread(lambda: self._session.thumbnail(_id(request), edited=edited))
        return Response(made, media_type="image/jpeg", headers=FRESH)

    async def _preview(self, request: Request, given: None) -> Response:
        side = int(request.query_params["side"])
        frame, library = request.query_params.get("frame", ""), self._session.library
        return _sent(await self._read_thread(lambda: pixels_of(library.small(_id(request), side, frame))))

    async def _tile(self, request: Request, given: None) -> Response:
        column, row = (int(request.path_params[name]) for name in ("column", "row"))
        frame, library = request.query_params.get("frame", ""), self._session.library
        return _sent(await self._read_thread(lambda: pixels_of(library.tile(_id(request), column, row, frame))))

    async def _table(self, request: Request, given: dict[str, Any]) -> Response:
        try:
            made = await self._render_thread(lambda: self._session.table(_id(request), given))
        except NoTable as why:
            return Response(status_code=204, headers={"X-Reason": str(why).encode("ascii", "replace").decode()[:500]})
        error = "" if made.error is None else f"{made.error:.4f}"
        headers = {"X-Points": str(made.points), "X-Error": error} | FRESH
        return Response(made.data, media_type="application/octet-stream", headers=headers)

    async def _render(self, request: Request, given: dict[str, Any]) -> Response:
        return _sent(await self._render_thread(lambda: self._session.render(_id(request), given)))

    async def _plan(self, request: Request, given: dict[str, Any]) -> Response:
        # Opened here, so that a photo that cannot be read is refused with a status, not as an event.
        await self._read_thread(lambda: self._session.library.photo(_id(request)))
        return Events(lambda tell, stopped: self._session.plan(_id(request), given, tell, stopped), self._planners)

    async def _plans(self, request: Request, given: dict[str, Any]) -> Response:
        self._pace.take()
        return JSONResponse(await self._read_thread(lambda: self._session.plan_all(given)))

    async def _put(self, request: Request, given: dict[str, Any]) -> Response:
        self._pace.take()
        revision = _revision(request)
        made = await self._read_thread(lambda: self._session.put(_id(request), revision, given))
        return JSONResponse(made.facts())

    async def _undo(self, request: Request, given: None, steps: int = 1) -> Response:
        self._pace.take()
        revision, path = _revision(request), self._session.library.entry(_id(request)).path
        made = await self._read_thread(lambda: self._session.edits.undo(path, revision, steps))
        return JSONResponse(made.facts())

    async def _redo(self, request: Request, given: None) -> Response:
        return await self._undo(request, given, -1)

    async def _history(self, request: Request, given: None) -> Response:
        history = self._session.edits.of(self._session.library.entry(_id(request)).path)
        steps = [
            {"name": step.name, "time": step.time, "current": place == history.at}
            for place, step in enumerate(history.steps)
        ]
        return JSONResponse({"steps": steps, "revision": history.revision})

    async def _level(self, request: Request, given: dict[str, Any]) -> Response:
        return JSONResponse(await self._render_thread(lambda: self._session.level(_id(request), given)))

    async def _explain(self, request: Request, given: dict[str, Any]) -> Response:
        plan = Plan.load(given["plan"] or {})
        photo = await self._read_thread(lambda: self._session.library.photo(_id(request)))
        return JSONResponse(await self._render_thread(lambda: explained(plan, photo)))

    async def _document(self, request: Request, given: dict[str, Any]) -> Response:
        stem = Path(self._session.library.entry(_id(request)).name).stem
        plan = Plan.load(given["plan"])
        made = await self._render_thread(lambda: write_document(plan, given["kind"], stem))
        return Response(made, media_type="application/octet-stream", headers=FRESH)

    async def _values(self, request: Request, given: bytes) -> Response:
        name = request.query_params["name"]
        return JSONResponse(await self._read_thread(lambda: read_values(name, given)))

    async def _paste(self, request: Request, given: dict[str, Any]) -> Response:
        self._pace.take()
        return JSONResponse({"revisions": await self._read_thread(lambda: self._session.paste(given))})

    async def _export(self, request: Request, given: dict[str, Any]) -> Response:
        return JSONResponse(await self._read_thread(lambda: self._session.export(given)))

    async def _job(self, request: Request, given: None) -> Response:
        return JSONResponse(self._session.jobs.job(request.path_params["job"]).facts())

    async def _cancel(self, request: Request, given: None) -> Response:
        job = self._session.jobs.job(request.path_params["job"])
        job.cancel.set()
        return JSONResponse(job.facts())

    async def _watch(self, request: Request, given: None) -> Response:
        job = self._session.jobs.job(request.path_params["job"])

        async def progress() -> AsyncIterator[bytes]:
            said = None
            while said is None or said["state"] == "running":
                now = job.facts()
                if now != said:
                    said = now
                    yield event_of("progress", said)
                await anyio.sleep(0.1)

        return StreamingResponse(progress(), media_type="text/event-stream", headers=FRESH)


def _id(request: Request) -> str:
    return str(request.path_params["id"])


def _sent(pixels: Pixels) -> Response:
    return Response(pixels.data, media_type="application/octet-stream", headers=pixels.headers | FRESH)


def _status(error: VeraRetouchError) -> int:
    """The status of a refusal: who is to mend it."""
    return 404 if isinstance(error, UnknownPhoto) else status_of(error)


def _revision(request: Request) -> int:
    """The revision that an edit was made from."""
    given = request.headers.get("if-match", "").strip().removeprefix("W/").strip('"')
    if not given:
        raise Refused(428, "say in If-Match which revision the edit was made from")
    if not given.isascii() or not given.isdigit() or len(given) > 15:
        raise Refused(400, "If-Match has to hold a revision, a whole number")
    return int(given)
