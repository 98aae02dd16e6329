"""A page a schema document: its fields as tables, an example that it accepts, the document itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from veraretouch.core.strict_json import judge, parse

from .markdown import ROOT, fence, page, table

EXAMPLES = ROOT / "docs" / "examples"


def documents() -> dict[str, Path]:
    """Name -> file of each schema document."""
    return {path.name.removesuffix(".schema.json"): path for path in sorted((ROOT / "schemas").glob("*.schema.json"))}


def pages() -> dict[str, str]:
    """The page of each schema document, and their index."""
    found = {name: json.loads(path.read_text(encoding="utf-8")) for name, path in documents().items()}
    rows = [(f"[{name}](schemas/{name}.schema.md)", f"`{read['$id']}`", read["title"]) for name, read in found.items()]
    index = page(
        "# Schema documents",
        "What everything read from disk is judged by: JSON Schema, draft 2020-12. The files are in `schemas/`.",
        "",
        *table(("document", "format", "what it describes"), rows),
    )
    return {"schemas.md": index, **{f"schemas/{name}.schema.md": text(name, read) for name, read in found.items()}}


def text(name: str, schema: dict[str, Any]) -> str:
    """The page of one document.

    Raises:
        InvalidDocument: its example breaks it.
    """
    shown = (EXAMPLES / f"{name}.json").read_text(encoding="utf-8")
    judge(parse(shown), name, name=name)
    return page(
        f"# {name}",
        f"{schema['title']}. Format `{schema['$id']}`, file `schemas/{name}.schema.json`.",
        *([] if "description" not in schema else ["", schema["description"]]),
        "",
        "## Fields",
        *objects(schema, "the document"),
        "",
        "## An example",
        "",
        *fence("json", shown),
        "",
        "## The document",
        "",
        *fence("json", documents()[name].read_text(encoding="utf-8")),
    )


def objects(schema: dict[str, Any], path: str) -> Iterator[str]:
    """A table for each object in the document, then for each of its definitions."""
    yield from fields(schema, path)
    for name, part in schema.get("$defs", {}).items():
        if "properties" in part:
            yield from fields(part, f"`{name}`")
        else:
            yield from ("", f"### `{name}`", "", f"{kind(part)}. {part.get('description', '')}".strip())


def fields(schema: dict[str, Any], path: str) -> Iterator[str]:
    """The table of one object, and those of the objects in it."""
    required = schema.get("required", ())
    rows = [
        (f"`{name}`{' (required)' if name in required else ''}", kinds(part), part.get("description", ""))
        for name, part in schema.get("properties", {}).items()
    ]
    others = schema.get("additionalProperties", schema.get("else", {}).get("additionalProperties"))
    if isinstance(others, dict):
        rows.append(("*any other name*", kinds(others), others.get("description", "")))
    yield from ("", f"### {path}", "", *table(("field", "kind and limits", "what it says"), rows))
    for name, part in schema.get("properties", {}).items():
        below = f"{path}.{name}" if path != "the document" else name
        yield from inner(part, f"`{below}`" if "`" not in below else f"`{below.replace('`', '')}`")


def inner(part: dict[str, Any], path: str) -> Iterator[str]:
    """The objects within a field: itself, what it maps names to, or its items."""
    if "properties" in part:
        yield from fields(part, path)
    for key, mark in (("additionalProperties", ".*"), ("items", "[]")):
        below = part.get(key)
        if isinstance(below, dict) and "$ref" not in below:
            yield from inner(below, f"`{path.strip('`')}{mark}`")


def kinds(part: dict[str, Any]) -> str:
    """What a value is and how far it may go, in words."""
    return ", ".join(said for said in (kind(part), limits(part)) if said)


def kind(part: dict[str, Any]) -> str:
    """What a value is, in words."""
    if "$ref" in part:
        return f"`{part['$ref'].rpartition('/')[2]}`"
    if "const" in part:
        return f"`{json.dumps(part['const'])}`"
    if "enum" in part:
        return "one of " + ", ".join(f"`{value}`" for value in part["enum"])
    for key in ("anyOf", "oneOf"):
        if key in part:
            return " or ".join(kind(choice) for choice in part[key])
    found = part.get("type", "anything")
    if isinstance(found, list):
        return " or ".join(found)
    if found == "array" and "items" in part:
        return f"array of {kind(part['items'])}"
    if found == "array" and "prefixItems" in part:
        return f"array of {', '.join(kind(item) for item in part['prefixItems'])}"
    if found == "object" and isinstance(part.get("additionalProperties"), dict):
        return f"object of {kind(part['additionalProperties'])}"
    return str(found)


def limits(part: dict[str, Any]) -> str:
    """Bounds of numbers, lengths and counts, and the pattern."""
    said = []
    for low, high, unit in (
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " items"),
        ("minProperties", "maxProperties", " names"),
    ):
        bounds = (part.get(low), part.get(high))
        match bounds:
            case (None, None):
                continue
            case (least, None):
                said.append(f"from {least}{unit}")
            case (None, most):
                said.append(f"at most {most}{unit}")
            case (least, most):
                said.append(f"{least}{unit}" if least == most else f"{least} .. {most}{unit}")
    if "exclusiveMinimum" in part:
        said.append(f"above {part['exclusiveMinimum']}")
    if "pattern" in part:
        said.append(f"`{part['pattern']}`")
    if part.get("uniqueItems"):
        said.append("each once")
    return ", ".join(said)
