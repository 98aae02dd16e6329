"""Strict JSON: everything read from disk is parsed here and judged by a JSON Schema document of schemas/."""

from __future__ import annotations

import json
import math
import os
import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from .errors import InvalidDocument, nearest

LARGEST = 64 * 2**20
DEEPEST = 40
MOST_ITEMS = 2_000_000  # Python spends some sixty bytes on each; large tables are written as base64
_LARGE = 10**300  # beyond it, integers are no floats
_PLAIN_KEY = re.compile(r"[\w.\- ]{1,100}")


def parse(text: str | bytes, *, name: str = "document") -> Any:
    """Parse JSON strictly.

    Raises:
        InvalidDocument: too large, too many items, not UTF-8, not JSON, nested too deep, a key twice in one object, or
            a number that is not finite (NaN, Infinity, 1e999).
    """
    if len(text) > LARGEST:
        raise InvalidDocument(
            f"{len(text)} bytes are more than {LARGEST}", path=name, cure="Plans are small; check the file."
        )
    marks: tuple[Any, ...] = (b",", b"[", b"{") if isinstance(text, bytes) else (",", "[", "{")
    if sum(map(text.count, marks)) > MOST_ITEMS:
        raise InvalidDocument(
            f"more than {MOST_ITEMS:,} items", path=name, cure="Write large tables as base64, as plan.save does."
        )
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        document = json.loads(
            text.removeprefix("\ufeff"), object_pairs_hook=_unique_keys, parse_constant=_refuse_constant
        )
    except UnicodeDecodeError as error:
        raise InvalidDocument(
            f"not UTF-8 text ({error.reason} at byte {error.start})", path=name, cure="Save it as UTF-8."
        ) from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InvalidDocument(f"not JSON: {error.msg} at {place}", path=name, cure="Mend it there.") from None
    except RecursionError:
        raise InvalidDocument(f"nested deeper than {DEEPEST} levels", path=name, cure="No plan is so deep.") from None
    except _Refused as refusal:
        raise InvalidDocument(refusal.problem, path=name, cure=refusal.cure) from None
    except ValueError as error:
        # Python reads no integer of more than 4300 digits.
        raise InvalidDocument(
            f"a number that cannot be read: {error}", path=name, cure="Give a finite number."
        ) from None
    _check_values(document, name, 0)
    return document


@cache
def packaged(module: str, name: str) -> dict[str, Any]:
    """The JSON object in the file of that name beside a module (its `__name__`) of an installed package.

    It is read once and shared by all callers, who leave it as it is.

    Raises:
        InvalidDocument: it is not strict JSON.
    """
    found: dict[str, Any] = parse(files(module.rpartition(".")[0]).joinpath(name).read_bytes(), name=name)
    return found


def load(source: str | bytes | os.PathLike[str] | dict[str, Any], schema: str | tuple[str, ...], *, name: str) -> Any:
    """Read a document from a path, JSON text or an object and judge it by ``schemas/<schema>.schema.json``.

    Of several schemas it is the one whose format the document states.

    A string that begins with ``{`` is JSON text; any other is a path. Bytes are JSON text.

    Raises:
        InvalidDocument: a file that cannot be read, or a document that breaks a rule;
            the path within it begins the message.
    """
    if isinstance(source, dict):
        _check_values(source, name, 0)
        document: Any = source
    elif isinstance(source, bytes) or (isinstance(source, str) and source.lstrip("\ufeff \t\r\n").startswith("{")):
        document = parse(source, name=name)
    elif isinstance(source, str | os.PathLike):
        document = parse(_read(Path(source)), name=name)
    else:
        raise InvalidDocument(
            f"{shorten(source)} is neither a path, nor JSON text, nor an object", path=name, cure="Give one of them."
        )
    judge(document, schema, name=name)
    return document


def judge(document: Any, schema: str | tuple[str, ...], *, name: str) -> None:
    """Raise `InvalidDocument` for the first rule of a schema that the document breaks, with path, rule and cure.

    Of several schemas it is the one whose format the document states, the first where it states none.
    """
    validators = [_validator(each) for each in ((schema,) if isinstance(schema, str) else schema)]
    formats = [each.schema.get("properties", {}).get("schema", {}).get("const") for each in validators]
    stated = document.get("schema", formats[0]) if isinstance(document, dict) else formats[0]
    if formats[0] and stated not in formats:
        # Of a document of another version nothing else can be said.
        known = " or ".join(map(repr, formats))
        raise InvalidDocument(
            f"{shorten(stated)} is not {known}",
            path=f"{name}.schema",
            cure=f"This version of veraretouch reads {known}.",
        )
    judge_by(document, validators[formats.index(stated)] if formats[0] else validators[0], name=name)


def judge_by(document: Any, validator: Any, *, name: str) -> None:
    """The same by a validator of `jsonschema`."""
    # The first error alone: a spoilt list of a million items would have a million.
    error = next(validator.iter_errors(document), None)
    if error is not None:
        while branches := [e for e in error.context if e.validator != "type" or e.relative_path]:
            # The branch whose type was right says more than that none fits.
            error = branches[0]
        problem, cure = _explain(error)
        raise InvalidDocument(problem, path=name + "".join(map(step, error.absolute_path)), cure=cure)


@cache
def _validator(schema: str) -> Any:
    from jsonschema import Draft202012Validator

    document = json.loads(
        files(f"{__package__.rpartition('.')[0]}.schemas").joinpath(f"{schema}.schema.json").read_text("utf-8")
    )
    return Draft202012Validator(document)


def read_bytes(path: Path, most: int, *, called: str = "", cure: str = "Check the path.") -> bytes:
    """A file's bytes, and never more than one beyond `most`: devices and pipes state no size.

    Raises:
        InvalidDocument: it cannot be read; the error names it as it is `called`, by default by its path.
    """
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InvalidDocument(f"cannot be read: {reason}", path=called or str(path), cure=cure) from None


def _read(path: Path) -> bytes:
    return read_bytes(path, LARGEST, called=repr(_tail(path)), cure="Check the path; JSON text begins with {.")


def _tail(path: Path) -> str:
    """The end of a path, which names the file; what was meant to be JSON text may come here as a path of any length."""
    text = str(path)
    return text if len(text) <= 160 else "..." + text[-157:]


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
    """Refuse what JSON text or Python objects can smuggle in: depth, numbers that are not finite,
    text that is not Unicode.
    """
    if depth > DEEPEST:
        raise InvalidDocument(f"nested deeper than {DEEPEST} levels", path=path[:200], cure="No document is so deep.")
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidDocument(f"{value} is not finite", path=path, cure="Give a finite number.")
    if isinstance(value, int) and abs(value) >= _LARGE:
        raise InvalidDocument(f"{shorten(value)} is too large", path=path, cure="Give a number of at most 300 digits.")
    if isinstance(value, str) and not is_unicode(value):
        raise InvalidDocument(f"{shorten(value)} holds half a character", path=path, cure="Give Unicode text.")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not is_unicode(key):
                raise InvalidDocument(f"key {shorten(key)} is not Unicode text", path=path, cure="Keys are texts.")
            _check_values(item, path + step(key), depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            # Lists of a million numbers pass at once.
            if (type(item) is float and math.isfinite(item)) or (type(item) is int and -_LARGE < item < _LARGE):
                continue
            _check_values(item, f"{path}[{index}]", depth + 1)


def is_unicode(text: str) -> bool:
    """Whether the text has no lone surrogates, which no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def step(part: str | int) -> str:
    """One step of a JSON path: ``.key`` or ``[0]``; a key that is no plain word is quoted, as data."""
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part}" if _PLAIN_KEY.fullmatch(part) else f"[{shorten(part)}]"


def shorten(value: Any) -> str:
    """The repr of a value from a file, cut to a line's length."""
    if isinstance(value, list | str) and len(value) > 60:
        # The repr of a million items takes a second.
        value = value[:60]
    try:
        text = repr(value)
    except ValueError:
        # Python prints no integer of more than 4300 digits.
        text = f"{_an(type(value).__name__)} of too many digits to print"
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
            cure = f"{nearest(extra[:100], known)} Known: {', '.join(known)}.".lstrip()
            return f"has an unknown key {shorten(extra)}", cure
        case "type":
            wanted = " or ".join(rule) if isinstance(rule, list) else rule
            return f"{value} is not of type {wanted}", f"Give {_an(wanted)}."
        case "oneOf" | "anyOf":
            # A branch without a type refers to an object's definition.
            kinds = " or ".join(branch.get("type", "object") for branch in rule)
            return f"{value} is not of type {kinds}", f"Give {_an(kinds)}."
        case "enum":
            cure = nearest(shorten(error.instance).strip("'"), map(str, rule)).lstrip()
            return f"{value} is not one of {', '.join(map(repr, rule))}", cure or "Choose one of them."
        case "const":
            return f"{value} is not {rule!r}", f"Give {rule!r}."
        case "minimum":
            return f"{value} is below the minimum {rule}", f"Give {rule} or more."
        case "maximum":
            return f"{value} is above the maximum {rule}", f"Give {rule} or less."
        case "uniqueItems":
            return f"{value} holds an item twice", "Keep one of them."
        case "minLength" | "minItems" | "minProperties":
            return f"{value} has fewer than {rule} parts", "Give more."
        case "maxLength" | "maxItems" | "maxProperties":
            return f"{value} has more than {rule} parts", "Give fewer."
        case _:
            return f"{value} breaks the rule {error.validator}: {shorten(rule)}", "Give a value that keeps the rule."


def _an(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeio" else f"a {kind}"
