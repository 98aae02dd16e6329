"""What an HTTP interface is made of: a table of operations, by which requests are judged and of which the OpenAPI
document is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from jsonschema.validators import extend

from veraretouch.core.errors import InvalidRequest
from veraretouch.core.strict_json import parse

BINARY: Final = "application/octet-stream"
JSON: Final = "application/json"
FORM: Final = "multipart/form-data"

# A whole number is one that is written so: 1.0 is none.
_WHOLE: Final = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
_Validator: Final = extend(Draft202012Validator, type_checker=_WHOLE)


def whole(least: int, most: int) -> dict[str, Any]:
    """The schema of a whole number."""
    return {"type": "integer", "minimum": least, "maximum": most}


def closed(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    """The schema of an object that holds these and nothing else."""
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
        files: parts of a form that are sent as files; the body is its part `request` then, and may be left out.
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
    gives: str = JSON
    files: tuple[str, ...] = ()
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


def openapi(
    operations: Iterable[Operation],
    *,
    title: str,
    version: str,
    refusals: Mapping[int, str],
    places: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """An interface as an OpenAPI 3.1 document.

    Args:
        refusals: statuses of every operation -> what they mean.
        places: the names of parts of paths -> their schemas.
    """
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        described = _described(operation, refusals, places or {})
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {"schemas": {"Error": _ERROR}},
    }


_ERROR: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["error", "kind"],
    "properties": {
        "error": {"type": "string", "description": "What was wrong, the rule, and the cure."},
        "kind": {"type": "string"},
    },
}


def _described(
    operation: Operation, refusals: Mapping[int, str], places: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """One operation as OpenAPI has it."""
    parameters = [
        _parameter(name, "path", schema) for name, schema in places.items() if f"{{{name}}}" in operation.path
    ]
    parameters += [
        _parameter(name, "query", schema, required=name in operation.required)
        for name, schema in operation.query.items()
    ]
    if operation.revision:
        parameters.append(_parameter("If-Match", "header", {"type": "string"}, required=False))
    answer = {"description": "Done."} | ({"content": {operation.gives: {}}} if operation.gives else {})
    refused = {
        str(status): {"description": why, "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}}
        for status, why in sorted({**refusals, **operation.also}.items())
        if status >= 400
    }
    others = {str(status): {"description": why} for status, why in operation.also.items() if status < 400}
    described: dict[str, Any] = {
        "operationId": operation.handler,
        "summary": operation.summary,
        "parameters": parameters,
        "responses": {"200": answer} | others | refused,
    }
    if operation.files:
        described["requestBody"] = {"required": True, "content": {FORM: _form(operation)}}
    elif operation.body == "raw":
        described["requestBody"] = {"required": True, "content": {BINARY: {}}}
    elif operation.body is not None:
        described["requestBody"] = {"required": True, "content": {JSON: {"schema": operation.body}}}
    return described


def _form(operation: Operation) -> dict[str, Any]:
    """A form of a request in JSON and of files."""
    files = {name: {"type": "string", "contentMediaType": BINARY} for name in operation.files}
    schema = closed(operation.files, request=operation.body, **files)
    return {"schema": schema, "encoding": {"request": {"contentType": JSON}}}


def _parameter(name: str, place: str, schema: Mapping[str, Any], *, required: bool = True) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required, "schema": schema}
