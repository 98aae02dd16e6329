"""Write docs/reference/ from the code: a section an op, and the schema documents. Run by `make docs`; a test compares."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import veraretouch as vr
from veraretouch.ops.crs import FIELDS

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
NOTE = "<!-- Written by docs/build.py (make docs); do not edit. -->"


def pages() -> dict[str, str]:
    """File name -> text of every generated page."""
    return {"ops.md": ops_page(), "schemas.md": schemas_page()}


def ops_page() -> str:
    """Every built-in op in chain order, from its class and its module's header."""
    entries = vr.registry.ops.entries().values()
    ops = [vr.registry.ops.load(entry.id) for entry in entries if entry.distribution == "veraretouch"]
    ops.sort(key=lambda op: (op.stage, op.id))
    lines = [
        "# Built-in ops",
        NOTE,
        "In the order of the chain. Every op works on sRGB-encoded pixels, does nothing at its identity values and passes",
        "`check_op`. The crs fields are Camera Raw's, which XMP presets and the published model's parameter files use; beside a field",
        "stands its range in XMP. In a parameter file every field is -100..100 of that range: for exposure 100 is taken as 5 EV.",
        "",
        "| op | stage | what it does |",
        "|---|---|---|",
        *(f"| [{op.id}](#{op.id}) | {int(op.stage)} | {summary(op)} |" for op in ops),
    ]
    for op in ops:
        lines += ["", *section(op)]
    return "\n".join(lines) + "\n"


def section(op: type[vr.Op]) -> Iterator[str]:
    """Summary, source and slots of one op."""
    yield f"## {op.id}"
    yield f"{summary(op)} Version {op.version}, {'pointwise' if op.pointwise else 'spatial'}."
    yield ""
    yield from quoted(inspect.getdoc(sys.modules[op.__module__]) or "")
    yield ""
    yield "| slot | unit | bounds | identity | group | crs fields | |"
    yield "|---|---|---|---|---|---|---|"
    for name, slot in op.slots.items():
        kind = (
            "" if slot.kind == "scalar" else f"{slot.kind} of {' x '.join(map(str, slot.shape)) or 'n x n x n x 3'}; "
        )
        cells = (name, slot.unit, bounds(slot), shown(slot.identity), slot.group, fields(op.id, name), kind + slot.doc)
        yield "| " + " | ".join(cells) + " |"


def summary(op: type[vr.Op]) -> str:
    """The first paragraph of the class's docstring, on one line."""
    return " ".join((inspect.getdoc(op) or "").split("\n\n")[0].split())


def quoted(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield f"> {line}".rstrip()


def bounds(slot: vr.Slot) -> str:
    """The bounds in a few characters; of an array the outermost."""
    if slot.low is None or slot.high is None:
        return "none"
    around = f", period {slot.period:g}" if slot.period else ""
    return f"{float(np.min(slot.low)):g} .. {float(np.max(slot.high)):g}{around}"


def shown(value: object) -> str:
    """A value in a few characters."""
    if value is None:
        return "none"
    array = np.asarray(value, dtype=float)
    if array.ndim == 2 and array.shape[0] == array.shape[1] and np.array_equal(array, np.eye(len(array))):
        return "the unit matrix"
    low, high = float(array.min()), float(array.max())
    return f"{low:g}" if low == high else f"{low:g} .. {high:g}"


def fields(op: str, slot: str) -> str:
    """The Camera Raw fields of a slot, with XMP's range."""
    found = [field for field in FIELDS.values() if (field.op, field.slot) == (op, slot)]
    if not found:
        return "-"
    first = found[0]
    names = f"{first.name} ... {found[-1].name}" if len(found) > 1 else first.name
    return f"{names} ({first.low:g} .. {first.high:g} {first.unit})"


def schemas_page() -> str:
    """The JSON Schema documents that everything read from disk is judged by."""
    lines = ["# Schema documents", NOTE, "Draft 2020-12; the files are in `schemas/`."]
    for path in sorted((ROOT / "schemas").glob("*.schema.json")):
        text = path.read_text(encoding="utf-8").strip()
        document = json.loads(text)
        lines += ["", f"## {document.get('$id', path.name)}", f"{document.get('title', '')} (`schemas/{path.name}`)"]
        lines += ["", "```json", text, "```"]
    return "\n".join(lines) + "\n"


def main() -> None:
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")
        print(f"docs/reference/{name}")


if __name__ == "__main__":
    main()
