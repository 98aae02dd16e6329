"""What the resident process can be asked, in one table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any, Final

from veraretouch import schemas
from veraretouch.core.strict_json import packaged

from .. import interface
from ..interface import Operation, closed

PICTURE: Final = "image/*"
TEXT: Final = "text/plain"

_DOCUMENT: Final = packaged(f"{schemas.__name__}.__init__", "retouch.schema.json")
_RETOUCH: Final = {name: rule for name, rule in _DOCUMENT.items() if not name.startswith("$")}
_NAMES: Final[Mapping[str, Any]] = {
    "type": ["array", "null"],
    "items": {"type": "string", "minLength": 1, "maxLength": 100},
    "maxItems": 100,
}
_BUSY: Final[Mapping[int, str]] = {
    408: "the request did not arrive in time",
    500: "the work failed: a plug-in broke, or the process that did it died twice",
    503: "as much is waiting as may, or the server stops; Retry-After says when to come again",
    504: "the work took too long and was ended",
}


def _post(path: str, summary: str, body: Mapping[str, Any], gives: str, files: tuple[str, ...]) -> Operation:
    return Operation("POST", f"/api/{path}", path, summary, body, gives=gives, files=files, also=_BUSY)


OPERATIONS: Final = (
    Operation("GET", "/health", "health", "Whether the server takes work: `ok`, or `stopping`. Needs no token."),
    Operation("GET", "/metrics", "metrics", "What was done and how long it took, for Prometheus.", gives=TEXT),
    Operation("GET", "/api/info", "info", "Versions, workers, the line, limits, planners."),
    Operation("GET", "/api/openapi.json", "openapi", "This interface as an OpenAPI document."),
    _post(
        "retouch",
        "Plan and render a photo; the picture comes back. Who accepts application/zip gets, in an archive, the outcome "
        "with its plan and every file that was made.",
        _RETOUCH,
        PICTURE,
        ("photo",),
    ),
    _post("plan", "The plan of a photo.", _RETOUCH, interface.JSON, ("photo",)),
    _post(
        "render",
        "Render a photo by a plan; as `retouch`, and the plan has to be there.",
        {**_RETOUCH, "required": ["plan"]},
        PICTURE,
        ("photo",),
    ),
    _post(
        "explain",
        "A plan as sliders that come near it on a photo: the plan, its error (CIEDE2000), and whether that is small.",
        closed(("plan",), plan={"type": "object", "description": "A plan's document."}, ops=_NAMES, groups=_NAMES),
        interface.JSON,
        ("photo",),
    ),
    _post(
        "fit",
        "The sliders of an edit, from a photo before and after it: a plan, and how well it explains the edit.",
        closed(ops=_NAMES, groups=_NAMES, areas={"anyOf": [_NAMES, {"const": "auto"}]}),
        interface.JSON,
        ("before", "after"),
    ),
)
"""Every operation; those with files are done by workers."""

BY_NAME: Final[Mapping[str, Operation]] = {operation.handler: operation for operation in OPERATIONS}

_REFUSALS: Final[Mapping[int, str]] = {
    400: "what was sent is not what is asked for",
    401: "the token is missing or another",
    403: "another host or site is named",
    404: "there is no such thing",
    413: "the body or the photo is too large",
    422: "refused by a reader, a planner, an op or the renderer",
}


@cache
def openapi() -> dict[str, Any]:
    """The interface as an OpenAPI 3.1 document."""
    made = interface.openapi(
        OPERATIONS, title="veraretouch serve", version=version("veraretouch-serve"), refusals=_REFUSALS
    )
    made["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    return made | {"security": [{"token": []}]}
