"""The HTTP interface in one table: what can be asked, with what, and what comes back.

The requests' bodies are judged by it, and the OpenAPI document is made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from jsonschema.validators import extend

from veraretouch.core.contract.request import TASTES
from veraretouch.core.errors import InvalidRequest
from veraretouch.core.strict_json import parse

ID: Final = "[0-9a-f]{24}"
# A whole number is one that is written so: 1.0 is none.
_WHOLE: Final = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
_Validator: Final = extend(Draft202012Validator, type_checker=_WHOLE)
_BINARY: Final = "application/octet-stream"
_JSON: Final = "application/json"
_EVENTS: Final = "text/event-stream"

_ID: Mapping[str, Any] = {"type": "string", "pattern": f"^{ID}$"}
_PLAN: Mapping[str, Any] = {"type": ["object", "null"], "description": "A plan's document; null: not edited."}
_SPACE: Mapping[str, Any] = {"enum": ["srgb", "p3"], "description": "The display's colour space."}
_FRAME: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 1000,
    "description": "What of the photo is seen, in words or JSON as a plan has it.",
}
_NAME: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": 200}


def _whole(least: int, most: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most}


_IDS: Mapping[str, Any] = {
    "type": "array",
    "items": _ID,
    "minItems": 1,
    "maxItems": 10000,
    "uniqueItems": True,
}
_ASKED: Mapping[str, Any] = {
    "mode": {"enum": ["auto", "style", "reference"]},
    "planner": _NAME,
    "style": {"type": "string", "maxLength": 20000},
    "taste": {"enum": [*TASTES, None]},
    "groups": {"type": ["array", "null"], "items": {"type": "string", "maxLength": 100}, "maxItems": 100},
    "target": _ID,
    "before": _ID,
}


def _object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": properties,
        "additionalProperties": False,
    }


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked.

    Attributes:
        body: the JSON Schema of its body; `raw` where a file is sent as it is; None for no body.
        gives: the media type of the answer; empty for none.
        query: the names of its query parameters -> their schemas; those in `required` have to be there.
        revision: whether `If-Match` has to name the revision that an edit was made from.
        also: further statuses -> what they mean.
    """

    method: str
    path: str
    handler: str
    summary: str
    body: Mapping[str, Any] | str | None = None
    gives: str = _JSON
    query: Mapping[str, Any] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    revision: bool = False
    also: Mapping[int, str] = field(default_factory=dict)

    @cached_property
    def _judge(self) -> Any:
        return _Validator(self.body)

    def read(self, body: bytes) -> dict[str, Any]:
        """The JSON object of a body.

        Raises:
            InvalidDocument, InvalidRequest: what is no JSON, or not what is asked for.
        """
        document = parse(body, name="the request")
        error = best_match(self._judge.iter_errors(document))
        if error is not None:
            place = "".join(f".{part}" if isinstance(part, str) else f"[{part}]" for part in error.absolute_path)
            raise InvalidRequest(f"the request{place}: {error.message[:300]}", cure="See /api/openapi.json.")
        assert isinstance(document, dict)
        return document


_PHOTO: Final = "/api/photos/{id}"
_STEPPED: Mapping[int, str] = {409: "edited elsewhere meanwhile", 428: "no revision is named", 429: "too many edits"}

OPERATIONS: Final = (
    Operation("GET", "/api/schema", "schema", "The ops, areas and planners that are installed, with their slots."),
    Operation("GET", "/api/photos", "photos", "The photos of the session."),
    Operation("POST", "/api/photos", "add", "Take in a photo.", "raw", query={"name": _NAME}, required=("name",)),
    Operation("GET", _PHOTO, "photo", "A photo's facts, its plan and its steps."),
    Operation(
        "GET",
        f"{_PHOTO}/thumbnail",
        "thumbnail",
        "A small JPEG of a photo.",
        gives="image/jpeg",
        query={"edited": {"enum": ["0", "1"]}, "revision": _whole(0, 10**8)},
    ),
    Operation(
        "GET",
        f"{_PHOTO}/preview",
        "preview",
        "A photo's pixels in its own encoding, rows from the top: X-Width, X-Height, X-Format rgb8 or rgb16f.",
        gives=_BINARY,
        query={"side": _whole(64, 8192), "frame": _FRAME},
        required=("side",),
    ),
    Operation(
        "GET",
        f"{_PHOTO}/tile/{{column}}/{{row}}",
        "tile",
        "1024 x 1024 pixels of a photo at full size, as `preview`.",
        gives=_BINARY,
        query={"frame": _FRAME},
    ),
    Operation(
        "POST",
        f"{_PHOTO}/table",
        "table",
        "The table from a photo's encoding to the display's by a plan: X-Points an axis, blue slowest, RGB in float32, "
        "or float16 for a draft.",
        _object(("plan", "space"), plan=_PLAN, space=_SPACE, draft={"type": "boolean"}),
        gives=_BINARY,
        also={204: "no table can show it (X-Reason): ask for it rendered"},
    ),
    Operation(
        "POST",
        f"{_PHOTO}/render",
        "render",
        "The finished picture in the display's encoding: the whole photo at a size, or a part at full size.",
        {
            "oneOf": [
                _object(("plan", "space", "side"), plan=_PLAN, space=_SPACE, side=_whole(64, 8192)),
                _object(
                    ("plan", "space", "left", "top", "width", "height"),
                    plan=_PLAN,
                    space=_SPACE,
                    left=_whole(0, 10**6),
                    top=_whole(0, 10**6),
                    width=_whole(1, 16384),
                    height=_whole(1, 16384),
                ),
            ]
        },
        gives=_BINARY,
    ),
    Operation(
        "POST",
        f"{_PHOTO}/plan",
        "plan",
        "What a planner says of a photo, as events while it is at work: words, reasoning (a group anew as it grows), "
        "text (an answer of another form), plan, error. The planner stops when nobody listens any more.",
        _object(("mode",), **_ASKED, frame=_FRAME),
        gives=_EVENTS,
    ),
    Operation(
        "PUT",
        f"{_PHOTO}/edits",
        "put",
        "Write an edit down; answered once it is in the journal.",
        _object(("plan",), plan=_PLAN, name=_NAME),
        revision=True,
        also=_STEPPED,
    ),
    Operation("POST", f"{_PHOTO}/undo", "undo", "Go a step back.", revision=True, also=_STEPPED),
    Operation("POST", f"{_PHOTO}/redo", "redo", "Go a step forth.", revision=True, also=_STEPPED),
    Operation("GET", f"{_PHOTO}/history", "history", "The steps of a photo."),
    Operation(
        "POST",
        f"{_PHOTO}/level",
        "level",
        "The angle of a frame that makes the horizon level, 0 where none is clear; what was seen, and what follows.",
        _object(frame=_FRAME),
    ),
    Operation(
        "POST", f"{_PHOTO}/explain", "explain", "An edit as sliders that come near it.", _object(("plan",), plan=_PLAN)
    ),
    Operation(
        "POST",
        f"{_PHOTO}/document",
        "document",
        "A plan as a file for other programs.",
        _object(("plan", "kind"), plan={"type": "object"}, kind={"enum": ["plan", "xmp", "cube"]}),
        gives=_BINARY,
    ),
    Operation(
        "POST",
        "/api/values",
        "values",
        "The plan that a preset, a look-up table or a plan's file holds.",
        "raw",
        query={"name": _NAME},
        required=("name",),
    ),
    Operation(
        "POST",
        "/api/paste",
        "paste",
        "Put the values of a plan, or of the plan of the photo `from`, over those of others; `whole`: in their place.",
        _object(
            ("to",),
            **{"from": _ID},
            plan={"type": "object"},
            whole={"type": "boolean"},
            to={"type": "array", "items": _ID, "maxItems": 10000},
            slots={"type": ["array", "null"], "items": {"type": "string", "maxLength": 300}, "maxItems": 10000},
            name=_NAME,
        ),
        also={429: "too many edits"},
    ),
    Operation(
        "POST",
        "/api/plans",
        "plans",
        "Plan several photos, in a job: each, by the plan of one for all, or with all matched to one in exposure and "
        "white balance.",
        _object(
            ("ids", "mode"),
            **_ASKED,
            ids=_IDS,
            way={"enum": ["each", "one", "match"]},
            reference={**_ID, "description": "Whose plan and light all get; by default of the median photo."},
            name=_NAME,
        ),
        also={429: "too many edits"},
    ),
    Operation(
        "POST",
        "/api/export",
        "export",
        "Write photos by their plans, as the command line does, in a job; the format `sheet` is a contact sheet.",
        _object(
            ("ids",),
            ids=_IDS,
            format={"type": "string", "pattern": "^[a-z0-9]{1,5}$"},
            folder=_NAME,
            quality=_whole(1, 100),
            max_size=_whole(1, 100_000),
            color_space={"enum": ["keep", "srgb", "p3"]},
            compare={"type": "boolean"},
            save_plan={"type": "boolean"},
            overwrite={"type": "boolean"},
        ),
    ),
    Operation("GET", "/api/jobs/{job}", "job", "How far a job is."),
    Operation("GET", "/api/jobs/{job}/events", "watch", "The same, as events until it ends.", gives=_EVENTS),
    Operation(
        "DELETE",
        "/api/jobs/{job}",
        "cancel",
        "End a job: an export after the photo that it is at, a planner at its next step.",
    ),
    Operation("GET", "/api/openapi.json", "openapi", "This interface as an OpenAPI document."),
)


def openapi() -> dict[str, Any]:
    """The interface as an OpenAPI 3.1 document."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "veraretouch studio", "version": version("veraretouch-studio")},
        "paths": paths,
        "components": {"schemas": {"Error": _ERROR}},
    }


_ERROR: Mapping[str, Any] = {
    "type": "object",
    "required": ["error", "kind"],
    "properties": {
        "error": {"type": "string", "description": "What was wrong, the rule, and the cure."},
        "kind": {"type": "string"},
    },
}
_REFUSED: Mapping[int, str] = {
    400: "what was sent is not what is asked for",
    401: "no session",
    403: "not from this page",
    404: "no such photo",
    413: "the body is too large",
    422: "refused by a reader, a planner, an op or the renderer",
}


def _described(operation: Operation) -> dict[str, Any]:
    """One operation as OpenAPI has it."""
    parameters = [
        _parameter(name, "path", _places(name))
        for name in ("id", "column", "row", "job")
        if f"{{{name}}}" in operation.path
    ]
    parameters += [
        _parameter(name, "query", schema, required=name in operation.required)
        for name, schema in operation.query.items()
    ]
    if operation.revision:
        parameters.append(_parameter("If-Match", "header", {"type": "string"}, required=False))
    answer = {"description": "Done."} | ({"content": {operation.gives: {}}} if operation.gives else {})
    refused = {
        str(status): {"description": why, "content": {_JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}}
        for status, why in sorted({**_REFUSED, **operation.also}.items())
        if status >= 400
    }
    others = {str(status): {"description": why} for status, why in operation.also.items() if status < 400}
    described: dict[str, Any] = {
        "operationId": operation.handler,
        "summary": operation.summary,
        "parameters": parameters,
        "responses": {"200": answer} | others | refused,
    }
    if operation.body == "raw":
        described["requestBody"] = {"required": True, "content": {_BINARY: {}}}
    elif operation.body is not None:
        described["requestBody"] = {"required": True, "content": {_JSON: {"schema": operation.body}}}
    return described


def _places(name: str) -> dict[str, Any]:
    if name in ("column", "row"):
        return _whole(0, 10_000)
    return dict(_ID) if name == "id" else {"type": "string", "minLength": 1, "maxLength": 40}


def _parameter(name: str, place: str, schema: Mapping[str, Any], *, required: bool = True) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required, "schema": schema}
