"""Strict JSON: everything read from disk is parsed here and judged by a JSON Schema document of schemas/."""

from __future__ import annotations

import json
import math
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from .errors import InvalidDocument, nearest

LARGEST = 64 * 2**20
DEEPEST = 40


def parse(text: str | bytes, *, name: str = "document") -> Any:
    """Parse JSON strictly.

    Raises:
        InvalidDocument: too large, not UTF-8, not JSON, nested too deep, a key twice in one object, or a number that is not
            finite (NaN, Infinity, 1e999).
    """
    if len(text) > LARGEST:
        raise InvalidDocument(
            f"{len(text)} bytes are more than {LARGEST}", path=name, cure="Plans are small; check the file."
        )
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        document = json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise InvalidDocument(f"not UTF-8 text ({error.reason} at byte {error.start})", path=name) from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InvalidDocument(f"not JSON: {error.msg} at {place}", path=name, cure="Mend it there.") from None
    except RecursionError:
        raise InvalidDocument(f"nested deeper than {DEEPEST} levels", path=name, cure="No plan is so deep.") from None
    except _Refused as refusal:
        raise InvalidDocument(refusal.problem, path=name, cure=refusal.cure) from None
    except ValueError as error:
        raise InvalidDocument(f"a number that cannot be read: {error}", path=name) from None
    _check_values(document, name, 0)
    return document


def load(source: str | bytes | Path | dict[str, Any], schema: str, *, name: str) -> Any:
    """Read a document from a path, JSON text or an object and judge it by ``schemas/<schema>.schema.json``.

    A string that begins with ``{`` is JSON text; any other is a path.

    Raises:
        InvalidDocument: a file that cannot be read, or a document that breaks a rule; the path within it begins the message.
    """
    if isinstance(source, dict):
        _check_values(source, name, 0)
        document: Any = source
    elif isinstance(source, bytes) or (isinstance(source, str) and source.lstrip("\ufeff \t\r\n").startswith("{")):
        document = parse(source, name=name)
    else:
        document = parse(_read(Path(source)), name=name)
    judge(document, schema, name=name)
    return document


def judge(document: Any, schema: str, *, name: str) -> None:
    """Raise `InvalidDocument` for the first rule of a schema that the document breaks, with path, rule and cure."""
    errors = sorted(
        _validator(schema).iter_errors(document), key=lambda e: (len(e.absolute_path), str(e.absolute_path))
    )
    if errors:
        from jsonschema.exceptions import best_match

        worst = best_match(errors)
        problem, cure = _explain(worst)
        raise InvalidDocument(problem, path=_path(name, worst.absolute_path), cure=cure)


@cache
def _validator(schema: str) -> Any:
    from jsonschema import Draft202012Validator

    document = json.loads(
        files(f"{__package__.rpartition('.')[0]}.schemas").joinpath(f"{schema}.schema.json").read_text("utf-8")
    )
    return Draft202012Validator(document)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise InvalidDocument(f"{path.stat().st_size} bytes are more than {LARGEST}", path=str(path))
        return path.read_bytes()
    except OSError as error:
        raise InvalidDocument(f"cannot be read: {error.strerror}", path=str(path), cure="Check the path.") from None


class _Refused(Exception):
    """Raised inside the JSON parser, where no path is known."""

    def __init__(self, problem: str, cure: str) -> None:
        self.problem, self.cure = problem, cure


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _Refused(f"key {shorten(twice)} stands twice in one object", "Keep one of them.")
    return found


def _refuse_constant(name: str) -> Any:
    raise _Refused(f"{name} is not a JSON number", "Give a finite number.")


def _check_values(value: Any, path: str, depth: int) -> None:
    """Refuse depth and numbers that JSON text can smuggle in."""
    if depth > DEEPEST:
        raise InvalidDocument(f"nested deeper than {DEEPEST} levels", path=path[:200], cure="No document is so deep.")
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidDocument(f"{value} is not finite", path=path, cure="Give a finite number.")
    if isinstance(value, dict):
        for key, item in value.items():
            _check_values(item, f"{path}.{key}", depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, float | list | dict):
                _check_values(item, f"{path}[{index}]", depth + 1)


def _path(name: str, parts: Any) -> str:
    return name + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)


def shorten(value: Any) -> str:
    """The repr of a value from a file, cut to a line's length."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _explain(error: Any) -> tuple[str, str]:
    """A JSON Schema error in words: the problem with its value, and the cure."""
    value, rule = shorten(error.instance), error.validator_value
    match error.validator:
        case "required":
            missing = [key for key in rule if key not in error.instance]
            return f"lacks {', '.join(map(repr, missing))}", "Add what is missing."
        case "additionalProperties":
            known = list(error.schema.get("properties", {}))
            extra = next(key for key in error.instance if key not in known)
            return f"has an unknown key {shorten(extra)}.{nearest(extra, known)}", f"Known: {', '.join(known)}."
        case "type":
            wanted = " or ".join(rule) if isinstance(rule, list) else rule
            return f"{value} is not of type {wanted}", ""
        case "enum":
            return (
                f"{value} is not one of {', '.join(map(repr, rule))}.{nearest(str(error.instance), map(str, rule))}",
                "",
            )
        case "const":
            return f"{value} is not {rule!r}", f"This version of veraretouch reads {rule!r}."
        case "minimum":
            return f"{value} is below the minimum {rule}", ""
        case "maximum":
            return f"{value} is above the maximum {rule}", ""
        case _:
            return f"{value} breaks the rule {error.validator}: {shorten(rule)}", ""
