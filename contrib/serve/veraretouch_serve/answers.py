"""How a request is taken and refused: in one form, whatever was wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from veraretouch.core.errors import InvalidDocument, InvalidRequest, PhotoTooLarge, VeraRetouchError

from .guard import TooLarge
from .interface import Operation
from .pace import TooOften


class Refused(Exception):
    """A request that is not done, with its HTTP status."""

    def __init__(self, status: int, why: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(why)
        self.status, self.why, self.headers = status, why, headers


async def answer(
    request: Request,
    do: Callable[[], Awaitable[Response]],
    status: Callable[[VeraRetouchError], int] | None = None,
) -> Response:
    """What was done, or in words and by its status what was wrong where it could not be done.

    Args:
        status: of a refusal of veraretouch's own; `status_of` by default.
    """
    try:
        return await do()
    except TooLarge:
        return failed(413, "the body is larger than is taken", "TooLarge")
    except VeraRetouchError as error:
        return failed((status or status_of)(error), str(error), type(error).__name__)
    except TooOften:
        return failed(429, "asked for too often; wait a moment", "Refused", {"Retry-After": "1"})
    except Refused as refusal:
        return failed(refusal.status, refusal.why, "Refused", refusal.headers)


async def read(operation: Operation, request: Request) -> Any:
    """The body of a request as its operation takes it, after a look at its query.

    Raises:
        Refused, VeraRetouchError
    """
    for name, schema in operation.query.items():
        _check_query(name, schema, request, required=name in operation.required)
    if operation.body is None:
        return None
    body = await request.body()
    if operation.body == "raw":
        return body
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refused(415, "the body has to be application/json")
    return operation.read(body)


def failed(status: int, why: str, kind: str, headers: Mapping[str, str] | None = None) -> Response:
    """A refusal: one sentence with its cure, and the class of what was wrong."""
    return JSONResponse({"error": why, "kind": kind}, status, headers=headers)


def status_of(error: VeraRetouchError | type[VeraRetouchError]) -> int:
    """The status of a refusal, or of its class: who is to mend it."""
    kind = error if isinstance(error, type) else type(error)
    if issubclass(kind, PhotoTooLarge):
        return 413
    return 400 if issubclass(kind, InvalidRequest | InvalidDocument) else 422


async def plainly(_: Request, error: Exception) -> Response:
    """Starlette's own refusals, such as an unknown path, in the form of all others."""
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail, "kind": "HTTP"}, error.status_code, headers=error.headers)


async def broken(_: Request, error: Exception) -> Response:
    """A fault of the server, in the form of all refusals; its traceback goes to the log."""
    return failed(500, f"the server has a fault: {type(error).__name__}; its log says more", type(error).__name__)


def _check_query(name: str, schema: Mapping[str, Any], request: Request, *, required: bool) -> None:
    given = request.query_params.get(name)
    if given is None:
        if required:
            raise Refused(400, f"the query has to name {name!r}")
        return
    if schema.get("type") == "integer":
        least, most = schema["minimum"], schema["maximum"]
        if not (given.isascii() and given.isdigit() and len(given) < 10 and least <= int(given) <= most):
            raise Refused(400, f"{name} has to be a whole number from {least} to {most}")
    elif "enum" in schema and given not in schema["enum"]:
        raise Refused(400, f"{name} has to be one of {', '.join(schema['enum'])}")
    elif not 1 <= len(given) <= schema.get("maxLength", 200):
        raise Refused(400, f"{name} has to have 1 to {schema.get('maxLength', 200)} characters")
